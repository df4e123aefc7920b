"""What all verbs have in common: help with examples, one line for an error, exit codes."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer.main
from cli_run import run
from patience import PATIENCE

from autotune.cli.main import app

VERBS = sorted(typer.main.get_group(app).commands)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_an_example(verb):
    done = run(verb, "--help")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert f"autotune {verb}" in done.stdout.split("xamples", 1)[-1], "no examples: in the help"


def test_no_arguments_print_the_help():
    done = run()
    assert "plan" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "nonsense"),
        (["predict", "--law", "abnar", "--n-active", "1e9", "--tokens", "2e10"], "abnar2025"),
        (["plan", "--flops", "-1"], "-1"),
        (["tune", "no_such_problem"], "no_such_problem"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_2(arguments, says):
    done = run(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupt_ends_a_verb_with_status_130_and_no_traceback():
    reading = ["predict", "--law", "hoffmann2022", "--runs", "-"]
    process = subprocess.Popen(
        [sys.executable, "-m", "autotune", *reading],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell that runs the tests in the background has them ignore interrupts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    state = Path(f"/proc/{process.pid}/wchan")
    for _ in range(400):
        if "pipe_read" in state.read_text():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "words", [["laws"], ["predict", "--law", "hoffmann2022", "--n-active=1e9", "--tokens=2e10"]]
)
def test_a_look_at_laws_does_not_wait_for_what_only_fits_and_searches_need(words):
    heavy = ("scipy.stats", "sklearn", "ConfigSpace")
    code = (
        f"import sys; sys.argv += {words!r}\n"
        "from autotune.cli.main import main\n"
        "try: main()\n"
        f"finally: print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
