"""Any trainer as a problem: settings in its command line, the loss from what it prints."""

import sys
from pathlib import Path

import pytest
from cli_run import run

from autotune import problem_file
from autotune.errors import InputError
from autotune.store import study

SCRIPT = Path(__file__).with_name("nanogpt_like.py")
COMMAND = f"{sys.executable} {SCRIPT} --learning_rate={{lr}} --max_iters={{iters}}"
PARAMS = "lr:float:0.01:100:log,iters:int:25:100"


def trainer(command=COMMAND, params=PARAMS, **options):
    given = {"command": command, "params": params} | options
    return problem_file.load("train_command", given)


def test_the_last_loss_that_the_script_prints_is_the_value():
    short, long = (trainer().objective({"lr": 3.0, "iters": n}) for n in (25, 100))
    assert 1.0 < long < short < 2.7


def test_values_reach_the_script_as_one_word_each():
    text = 'set -- {a} --n={b}; test "$1" = "one \'two" && echo "$# words, $2"'
    made = trainer(text, "a:cat:one 'two|three,b:int:1:9", result="words, --n=([0-9]+)")
    assert made.objective({"a": "one 'two", "b": 7}) == 7


def test_a_brace_of_its_own_and_the_launcher_stay():
    made = trainer("echo {{{a}}} {launcher}", "a:int:1:9", result=r"\{([0-9])\}")
    assert made.objective({"a": 3}) == 3


def test_json_is_the_result_if_no_pattern_is_given():
    text = """printf '{{"objective": 2.5, "seconds": %s}}' {a}"""
    made = trainer(text, "a:int:1:9", result="")
    assert made.objective({"a": 3}) == {"objective": 2.5, "seconds": 3}


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("echo val loss nan {a}", FloatingPointError, "the loss is nan"),
        ("echo torch.OutOfMemoryError: CUDA out of memory {a} >&2; exit 1", MemoryError, "memory"),
        ("echo Unknown config key {a} >&2; exit 1", RuntimeError, "Unknown config key"),
        ("echo step {a}", ValueError, "no output matches"),
    ],
)
def test_a_run_without_a_loss_says_why(text, error, says):
    with pytest.raises(error, match=says):
        trainer(text, "a:int:1:9").objective({"a": 1})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"command": "train --lr={rate}"}, "unknown parameter in the command 'rate'"),
        ({"command": "train --lr={lr}"}, "parameter iters is not in the command: write {iters}"),
        ({"command": "train {lr"}, "Write {{ for a brace of its own"),
        ({"result": "val loss"}, "has 0 groups, not one"),
        ({"result": "("}, "cannot read the result"),
        ({"fidelity": "steps"}, "unknown fidelity 'steps'"),
    ],
)
def test_a_wrong_option_is_one_clear_error(changes, says):
    with pytest.raises(InputError, match=says):
        trainer(**changes)


def test_a_search_drives_the_script_with_its_iterations_as_fidelity(tmp_path):
    done = run(
        "tune", "train_command", "--set", f"command={COMMAND}", "--set", f"params={PARAMS}",
        "--set", "fidelity=iters", "--cost", "iters", "--learner", "random", "--max-evals", 4,
        "--storage", tmp_path, "--study", "s", "--workers", 0,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = study.read(tmp_path / "s")
    assert found.header.fidelity == "iters"
    assert len(found.completed) == 4
