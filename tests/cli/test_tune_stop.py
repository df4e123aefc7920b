"""How `autotune tune` ends before it is done: signals, a stop file, time that is up."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from patience import PATIENCE

from autotune.store.study import read

COMMAND = [sys.executable, "-m", "autotune", "tune"]
SLOW = """
import os
import time
from pathlib import Path
from ConfigSpace import ConfigurationSpace, Float
from autotune import TuningProblem

space = ConfigurationSpace()
space.add(Float("x", (0, 1)))
here = Path(__file__).parent

def objective(point):
    if (here / "hold").exists() and int(os.environ["AUTOTUNE_TRIAL_DIR"][-4:]) >= 3:
        (here / "held").touch()
        time.sleep(300)
    time.sleep(0.3)
    return point["x"]

Problem = TuningProblem(input_space=space, objective=objective)
"""


@pytest.fixture
def slow(tmp_path):
    """A command that tunes a problem of 0.3 s a trial, but for the number of trials."""
    path = tmp_path / "slow.py"
    path.write_text(SLOW)
    return [
        *COMMAND, str(path), "--workers", "2", "--learner", "random",
        "--storage", str(tmp_path / "store"), "--max-evals",
    ]  # fmt: skip


@pytest.fixture
def study(tmp_path):
    return tmp_path / "store" / "slow"


def begun(command, folder):
    """The command for a thousand trials, once three are recorded and a later one does not end."""
    (folder / "hold").touch()
    process = subprocess.Popen(
        [*command, "1000"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    for line in process.stderr:
        if line.startswith("3/1000"):
            break
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        if (folder / "held").exists():
            (folder / "hold").unlink()
            return process
        time.sleep(0.01)
    raise AssertionError(process.communicate()[0])


def run(command, **environment):
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=PATIENCE,
        env=os.environ | environment,
    )  # fmt: skip


def family(parent):
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in children]


def running(pid):
    for _ in range(40):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.05)
    return True


def continues_exactly(command, study):
    """Whether four more trials are run, those that were interrupted first."""
    before = read(study)
    left = {trial.id for trial in before.interrupted}
    assert 1 <= len(left) <= 2
    done = run([*command, str(len(before.outcomes) + 4)])
    assert done.returncode == 0, done.stderr
    after = read(study)
    more = after.outcomes[len(before.outcomes) :]
    assert len(more) == 4
    assert {outcome.trial.id for outcome in more if outcome.trial.attempt == 2} == left
    assert after.interrupted == after.running == []


@pytest.mark.parametrize(
    ("number", "times", "status", "ended"),
    [
        pytest.param(signal.SIGINT, 1, 130, "interrupted", marks=pytest.mark.long),
        pytest.param(signal.SIGUSR1, 1, 0, "to be continued: stopped", marks=pytest.mark.long),
        (signal.SIGTERM, 2, 0, "to be continued: stopped"),
    ],
    ids=["SIGINT", "SIGUSR1", "SIGTERM"],
)
def test_a_signal_saves_ends_the_children_and_the_same_command_continues(
    slow, study, number, times, status, ended
):
    """SIGTERM comes twice: a scheduler signals all processes, and launchers pass it on."""
    process = begun(slow, study.parent.parent)
    children = family(process.pid)
    for _ in range(times):
        process.send_signal(number)
    shown, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == status, said
    assert ended in shown
    assert "the same command continues" in shown
    assert len(children) >= 2
    assert not [pid for pid in children if running(pid)]
    if number == signal.SIGTERM:
        continues_exactly(slow, study)


def test_a_killed_job_loses_nothing_but_what_it_ran_and_that_runs_again_first(slow, study):
    process = begun(slow, study.parent.parent)
    process.kill()
    process.communicate(timeout=PATIENCE)
    continues_exactly(slow, study)
    assert len({outcome.trial.id.split("-")[0] for outcome in read(study).outcomes}) == 2


@pytest.mark.long
def test_two_commands_at_once_on_one_study_run_each_trial_once_and_no_more_than_asked(slow, study):
    """The same seed, so that both propose the same points unless they hear of each other."""
    command = [*slow, "24", "--json", "--learner", "auto"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    reports = [json.loads(each.communicate(timeout=PATIENCE)[0]) for each in both]
    assert [report["ended"] for report in reports] == ["done", "done"]
    outcomes = read(study).outcomes
    assert len(outcomes) == len({each.trial.id for each in outcomes}) == 24
    assert len({each.trial.config["x"] for each in outcomes}) == 24
    assert sum(report["evaluated"] for report in reports) == 24
    assert {each.trial.attempt for each in outcomes} == {1}


STOPPING = """
from pathlib import Path
from ConfigSpace import ConfigurationSpace, Integer
from autotune import TuningProblem

space = ConfigurationSpace()
space.add(Integer("n", (0, 10**6)))
ran = []

def objective(point):
    ran.append(point["n"])
    if len(ran) == 3:
        (Path(__file__).parent / "s" / "stop").touch()
    import time; time.sleep(0.2)
    return float(point["n"])

Problem = TuningProblem(input_space=space, objective=objective)
"""


def test_a_stop_file_stops_the_jobs_that_run_and_not_those_that_start_later(tuning, tmp_path):
    tune = tuning(STOPPING, "stopping.py")
    first = tune("--max-evals", 1000, "--json")
    assert first.returncode == 0, first.stderr
    report = json.loads(first.stdout)
    assert report["ended"] == "stopped"
    assert 3 <= report["recorded"] < 1000
    assert (tmp_path / "s" / "stop").exists()
    (tmp_path / "stopping.py").write_text(STOPPING.replace("== 3", "== 0"))
    again = tune("--max-evals", report["recorded"] + 1, "--json")
    assert json.loads(again.stdout)["ended"] == "done"


def test_a_job_starts_no_trial_that_would_not_end_with_it(tuning, tmp_path, monkeypatch):
    """Trials of a second or more, of which none starts in the last two seconds of ten.

    None is to start in the third last either: that second is for a machine that stalls.
    """
    slow = STOPPING.replace("== 3", "== 0").replace("sleep(0.2)", "sleep(1)")
    tune = tuning(slow, "stopping.py")
    begin = time.time()
    monkeypatch.setenv("AUTOTUNE_JOB_START", str(begin))
    done = tune("--max-evals", 10**6, "--walltime", "10s", "--margin", "2s", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ended"] == "walltime"
    after = read(tmp_path / "s")
    assert after.interrupted == after.running == []  # what ran was waited for
    assert after.outcomes  # on a busy machine the program takes seconds to load
    assert max(each.timing.submitted_at for each in after.outcomes) < begin + 8


def test_the_end_of_a_slurm_job_is_taken_from_its_environment(slow, study):
    now = int(time.time())
    job = {"SLURM_JOB_ID": "77", "SLURM_JOB_START_TIME": str(now - 600),
           "SLURM_JOB_END_TIME": str(now + 55), "SLURM_RESTART_COUNT": "2"}  # fmt: skip
    done = run([*slow, "1000"], **job)
    assert done.returncode == 0, done.stderr
    assert "job 77 ends in" in done.stderr
    assert "trials should be over 65.5 s before" in done.stderr
    assert "to be continued: the job is at its end" in done.stdout
    (start,) = read(study).jobs
    assert start["job"] == {"id": "slurm::77", "run": 2}


def test_a_scheduler_that_does_not_answer_is_said_and_stops_nothing(slow):
    done = run([*slow, "1"], SLURM_JOB_ID="78", PATH="/nowhere")
    assert done.returncode == 0, done.stderr
    assert "the end of job 78 is not known (scontrol: no scontrol on PATH)" in done.stderr


def test_a_timeout_ends_the_study_as_it_is(tuning):
    tune = tuning(STOPPING.replace("== 3", "== 0"), "stopping.py")
    done = tune("--max-evals", 10**6, "--timeout", "1s")
    assert done.returncode == 0
    assert "time is up" in done.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--margin", "5m"], "time before an end, and none is known. Give --walltime."),
        (["--walltime", "1h", "--margin", "60m"], "leaves nothing of the 60.0 min"),
        (["--walltime", "later"], "as a duration"),
    ],
)
def test_an_end_that_cannot_be_is_refused_in_one_line(tuning, options, says):
    done = tuning(STOPPING, "stopping.py")("--max-evals", 3, *options)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
