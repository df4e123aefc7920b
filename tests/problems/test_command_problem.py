"""The command problem: real shells, real process groups."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from ConfigSpace import ConfigurationSpace, Float

from autotune import problem_file
from autotune.errors import InputError

PARAMS = "lr:float:1e-4:1e-1:log,width:int:64:1K,act:cat:relu|gelu,heads:ord:1|2|4"
CONFIG = {"lr": 0.01, "width": 128, "act": "gelu", "heads": 2}


def command(text, **options):
    return problem_file.load("command", {"command": text, "params": PARAMS} | options)


def test_the_short_space_is_read_with_kinds_bounds_and_scales():
    space = command("true").space
    assert (space["lr"].lower, space["lr"].upper) == pytest.approx((1e-4, 1e-1))
    assert space["lr"].log
    assert (space["width"].lower, space["width"].upper) == (64, 1000)
    assert tuple(space["act"].choices) == ("relu", "gelu")
    assert tuple(space["heads"].sequence) == (1, 2, 4)


def test_a_space_can_come_from_a_file(tmp_path):
    space = ConfigurationSpace()
    space.add(Float("x", (0, 1)))
    space.to_json(tmp_path / "space.json")
    given = {"command": "echo 1", "space": str(tmp_path / "space.json")}
    assert list(problem_file.load("command", given).space) == ["x"]


def test_the_configuration_comes_in_on_stdin_and_in_the_environment():
    assert command("cat >&2; cat").objective  # both readable
    shown = command(
        'stdin=$(cat); test "$stdin" = "$AUTOTUNE_CONFIG" || exit 9; '
        'echo "{\\"objective\\": $AUTOTUNE_P_LR, \\"width\\": $AUTOTUNE_P_WIDTH}"'
    ).objective(CONFIG)
    assert shown == {"objective": 0.01, "width": 128}


def test_text_comes_bare_and_the_whole_configuration_as_json(tmp_path):
    target = tmp_path / "seen"
    command(f'echo "$AUTOTUNE_P_ACT $AUTOTUNE_CONFIG" > {target}; echo 1').objective(CONFIG)
    word, _, document = target.read_text().partition(" ")
    assert word == "gelu"
    assert json.loads(document) == CONFIG


@pytest.mark.parametrize(
    ("printed", "result"),
    [
        ("echo 3.5", 3.5),
        ("echo epoch 1; echo 0.25; echo bye", 0.25),
        ('echo 1; echo \'{"objective": 2, "x": 3}\'', {"objective": 2, "x": 3}),
    ],
)
def test_the_result_is_the_last_json_number_or_object(printed, result):
    assert command(printed).objective(CONFIG) == result


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("echo out of luck >&2; exit 3", "with status 3: out of luck"),
        ("kill -9 $$", "by signal 9"),
        ("echo done", "no JSON number or object; its last line: 'done'"),
        ("true", "'nothing'"),
    ],
)
def test_a_command_without_a_result_fails_with_its_reason(text, says):
    with pytest.raises((RuntimeError, ValueError), match=says):
        command(text).objective(CONFIG)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid):
    """Whether a process ends within a few seconds: its new parent must collect it first."""
    for _ in range(100):
        if not alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_a_timeout_ends_the_process_group_and_nothing_else(tmp_path):
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        text = f"sleep 60 & echo $! > {tmp_path / 'pid'}; trap '' TERM; sleep 60"
        with pytest.raises(TimeoutError, match=r"longer than 0\.5 s"):
            command(text, timeout="0.5s").objective(CONFIG)
        assert gone(int((tmp_path / "pid").read_text()))
        assert bystander.poll() is None
        assert alive(os.getpid())
    finally:
        bystander.kill()
        bystander.wait()


def test_what_a_command_leaves_running_ends_with_it(tmp_path):
    text = f"sleep 60 & echo $! > {tmp_path / 'pid'}; echo 1"
    assert command(text).objective(CONFIG) == 1
    assert gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"command": "true"}, "either params"),
        ({"command": "true", "params": "x:float:0:1", "space": "a.json"}, "either params"),
        ({"params": "x:float:0:1"}, "needs the option command"),
        ({"command": "true", "space": "/no/such.json"}, "cannot read a space"),
        ({"command": "true", "params": "x:float:0"}, "'x:float:0'"),
        ({"command": "true", "params": "x:real:0:1"}, "none of float, int, cat, ord"),
        ({"command": "true", "params": "x:float:0:1:lag"}, "not 'log'"),
        ({"command": "true", "params": "x:float:5:1"}, "x:float:5:1"),
        ({"command": "true", "params": "a-b:int:0:1,a.b:int:0:1"}, "environment"),
        ({"command": "true", "params": "x:float:0:1", "timeout": "soon"}, "duration"),
    ],
)
def test_a_wrong_option_is_one_clear_error(options, says):
    with pytest.raises(InputError, match=says):
        problem_file.load("command", options)
