"""Processes that hang, die and leave others behind: contained, named, and cleaned up."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from patience import PATIENCE

from autotune.errors import InputError, ProblemError
from autotune.evaluators.family import family
from autotune.evaluators.processes import ProcessEvaluator
from autotune.trials import Completed, Failed, FailureKind, Trial

PROBLEM = str(Path(__file__).with_name("misbehaves.py"))


def pool(folder, *, workers=1, trial_timeout=PATIENCE, problem=PROBLEM):
    return ProcessEvaluator(
        problem, {}, workers=workers, trial_timeout=trial_timeout, folder=folder
    )


def run(evaluator, *actions):
    """Submit each action as soon as there is room; the outcomes by action."""
    outcomes, waiting = {}, list(actions)
    while len(outcomes) < len(actions):
        while waiting and evaluator.n_free:
            do = waiting.pop(0)
            evaluator.submit(Trial(do.replace(" ", "-"), {"do": do}))
        outcome = evaluator.wait(30)
        assert outcome is not None, f"nothing came of {set(actions) - set(outcomes)}"
        outcomes[outcome.trial.config["do"]] = outcome
    return outcomes


def lives(pid):
    """Whether a process runs, zombies not counted."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone(pid, *, within=5.0):
    end = time.monotonic() + within
    while lives(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not lives(pid)


def children():
    """This process's children, zombies included."""
    return {pid for pid in family(os.getpid()) if pid != os.getpid()}


def test_a_worker_stays_warm_over_trials(tmp_path):
    with pool(tmp_path) as evaluator:
        first = run(evaluator, "pid")["pid"].value
        assert run(evaluator, "raise", "pid")["pid"].value == first != os.getpid()


def test_what_an_objective_starts_inherits_no_pipe_of_ours(tmp_path):
    """Four: stdin, stdout, stderr, and the directory that `ls` is reading."""
    with pool(tmp_path) as evaluator:
        assert run(evaluator, "descriptors")["descriptors"].value == 4


def test_a_trial_that_takes_its_process_with_it_fails_alone_and_is_named(tmp_path):
    with pool(tmp_path, workers=2) as evaluator:
        outcomes = run(evaluator, "SIGKILL", "SIGUSR2", "SIGSEGV", "_exit", "close", "one")
    said = {do: (o.kind, o.detail) for do, o in outcomes.items() if isinstance(o, Failed)}
    killed, crashed = FailureKind.KILLED, FailureKind.CRASHED
    memory = "its process was ended by SIGKILL, as happens when memory runs out"
    assert said["SIGKILL"] == (killed, memory)
    assert said["SIGUSR2"] == (killed, "its process was ended by SIGUSR2")
    assert said["SIGSEGV"] == (crashed, "its process was ended by SIGSEGV")
    assert said["_exit"] == (crashed, "its process ended with status 3")
    assert said["close"] == (FailureKind.WORKER_LOST, "its process closed the pipe to its parent")
    assert isinstance(outcomes["one"], Completed)
    assert "misbehaves.py" in outcomes["SIGSEGV"].log


def test_a_scheduler_that_warns_every_process_of_a_job_ends_no_trial(tmp_path):
    with pool(tmp_path) as evaluator:
        assert isinstance(run(evaluator, "SIGTERM")["SIGTERM"], Completed)


def test_a_hanging_trial_is_ended_with_everything_it_started_and_nothing_else(tmp_path):
    bystander = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    with bystander, pool(tmp_path, trial_timeout=0.6) as evaluator:
        outcomes = run(evaluator, "hang", "one")
        for new_session in (0, 1):
            pid = int((tmp_path / "trials" / f"pid-hang-{new_session}").read_text())
            assert gone(pid)
        assert bystander.poll() is None
        bystander.kill()
    hung = outcomes["hang"]
    assert (hung.kind, hung.detail) == (FailureKind.TIMEOUT, "no value within 0.6 s")
    assert hung.log == "hanging\n"
    assert hung.timing.seconds >= 0.6
    assert isinstance(outcomes["one"], Completed)


@pytest.mark.parametrize("do", ["ignore TERM", "hang in C"])
def test_a_hang_that_no_signal_handler_can_end_is_ended_too(tmp_path, do):
    with pool(tmp_path, trial_timeout=0.3) as evaluator:
        assert run(evaluator, do)[do].kind == FailureKind.TIMEOUT


def test_one_hanging_trial_does_not_hold_the_others_up(tmp_path):
    with pool(tmp_path, workers=2, trial_timeout=4.0) as evaluator:
        run(evaluator, "nap", "one")  # both workers are warm
        evaluator.submit(Trial("h", {"do": "ignore TERM"}))
        for i in range(5):
            evaluator.submit(Trial(f"n-{i}", {"do": "one"}))
            assert isinstance(evaluator.wait(30), Completed)


def test_loading_the_problem_does_not_count_against_the_first_trial(tmp_path):
    slow = tmp_path / "slow.py"
    text = Path(PROBLEM).read_text()
    slow.write_text(text + "\ntime.sleep(1.0)\n")
    with pool(tmp_path, trial_timeout=0.5, problem=str(slow)) as evaluator:
        assert isinstance(run(evaluator, "one")["one"], Completed)


def test_a_worker_that_died_between_trials_is_replaced_unnoticed(tmp_path):
    with pool(tmp_path) as evaluator:
        pid = int(run(evaluator, "pid")["pid"].value)
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert run(evaluator, "pid")["pid"].value != pid


def test_closing_ends_everything_and_leaves_no_zombie_thread_or_descriptor(tmp_path):
    def descriptors():
        return sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers

    before = children(), threading.active_count(), descriptors()
    with pool(tmp_path, workers=3) as evaluator:
        run(evaluator, "leave a process", "SIGKILL", "one")
        left = int((tmp_path / "trials" / "pid-leave-a-process-0").read_text())
        evaluator.submit(Trial("h", {"do": "hang"}))
        evaluator.submit(Trial("n", {"do": "nap"}))
        assert evaluator.wait(20) is not None
    assert gone(left)
    assert (children(), threading.active_count(), descriptors()) == before
    evaluator.close()


def test_what_a_finished_trial_left_running_ends_with_its_worker(tmp_path):
    with pool(tmp_path) as evaluator:
        run(evaluator, "leave a process")
        left = int((tmp_path / "trials" / "pid-leave-a-process-0").read_text())
        assert lives(left)
    assert gone(left)


def test_workers_and_what_they_started_end_when_their_parent_is_killed(tmp_path):
    script = f"""
import sys
from pathlib import Path
from autotune.evaluators.processes import ProcessEvaluator
from autotune.trials import Trial
evaluator = ProcessEvaluator({PROBLEM!r}, {{}}, workers=2, trial_timeout=None,
                             folder=Path({str(tmp_path)!r}))
evaluator.submit(Trial("p", {{"do": "pid"}}))
idle = evaluator.wait(30)
evaluator.submit(Trial("hang", {{"do": "hang"}}))
evaluator.submit(Trial("nap", {{"do": "nap"}}))
evaluator.wait(30)
sys.stdout.write(f"{{idle.value:.0f}}\\n")
sys.stdout.flush()
evaluator.wait(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    with parent:
        started = [int(parent.stdout.readline())]
        pids = [tmp_path / "trials" / f"pid-hang-{i}" for i in (0, 1)]
        while not all(path.exists() and path.read_text() for path in pids):
            time.sleep(0.01)
        started += [int(path.read_text()) for path in pids]
        started += [pid for pid in family(parent.pid) if pid != parent.pid]
        assert len(set(started)) == 4
        parent.kill()
    assert all(gone(pid) for pid in started)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nonsense_that_is_not_there\n", "ModuleNotFoundError"),
        ("x = 1\n", "defines no problem"),
        ("import os\nos._exit(5)\n", "could not load the problem .*ended with status 5"),
    ],
)
def test_a_problem_that_workers_cannot_load_is_an_error_not_a_failed_trial(tmp_path, text, said):
    file = tmp_path / "broken.py"
    file.write_text(text)
    with (
        pool(tmp_path, problem=str(file)) as evaluator,
        pytest.raises(ProblemError, match=said),
    ):
        run(evaluator, "one")
    assert children() == set()


def test_no_workers_or_no_time_is_refused(tmp_path):
    with pytest.raises(InputError, match="workers must be finite and >= 1"):
        pool(tmp_path, workers=0)
    with pytest.raises(InputError, match="trial_timeout must be finite and > 0"):
        pool(tmp_path, trial_timeout=-1.0)
