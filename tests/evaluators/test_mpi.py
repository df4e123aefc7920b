"""`autotune tune` under a real mpiexec: trials, ranks and launchers that fail in every way."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from commands import commands
from mpi_run import ROOT, finished
from patience import PATIENCE

from autotune import problem_file
from autotune.search import factory
from autotune.search.settings import SearchSettings
from autotune.store.study import read
from autotune.trials import Completed, FailureKind

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mpi")]
HERE = Path(__file__).parent
BOWL = str(HERE / "mpi_problem.py")
RANDOM = ("--learner", "random", "--max-evals")


def place(tmp_path):
    return ("--storage", tmp_path, "--study", "s")


def outcomes(tmp_path):
    """By trial; the journal must hold none twice."""
    found = read(tmp_path / "s").outcomes
    assert len({outcome.trial.id for outcome in found}) == len(found)
    return {outcome.trial.id: outcome for outcome in found}


def acknowledged(done):
    """Trials that the log says are recorded."""
    return set(re.findall(r"^\d+/\d+ (\S+)", done.stderr, re.MULTILINE))


@pytest.mark.parametrize(
    "mpi", ["mpich", pytest.param("openmpi", marks=pytest.mark.long)], indirect=True
)
def test_the_search_under_mpi_proposes_and_finds_what_a_serial_one_does(mpi, tmp_path):
    done = mpi.tune(3, *RANDOM, 30, "--ranks", 3, *place(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "2 workers" in done.stderr
    search = factory.search(
        problem_file.load(BOWL, {}), SearchSettings(learner="random", seed=12345)
    )
    serial = {f"0001-{i:04d}": search.ask() for i in range(30)}
    found = outcomes(tmp_path)
    assert {name: outcome.trial.config for name, outcome in found.items()} == serial
    assert {outcome.timing.worker for outcome in found.values()} == {"w0", "w1"}
    best = min(serial.values(), key=lambda config: (config["x"] - 0.3) ** 2)
    assert min(found.values(), key=lambda outcome: outcome.value).trial.config == best


def test_a_dead_rank_ends_the_job_and_the_same_command_completes_it_whatever_trials_do(
    mpi, tmp_path
):
    """A segfault, a hang and a kill for want of memory cost one trial each."""
    acts = "0001-0008:kill rank,0002-0002:segfault,0002-0004:hang,0002-0006:memory"
    command = (
        3, *RANDOM, 30, "--trial-timeout", "1s", "--set", f"acts={acts}", "--set", "seconds=0.05",
        *place(tmp_path),
    )  # fmt: skip
    done = mpi.tune(*command)
    assert done.returncode not in (0, 1)
    assert mpi.left() == []
    before = outcomes(tmp_path)
    assert acknowledged(done) <= set(before)
    assert 5 <= len(before) < 24
    again = mpi.tune(*command)
    assert again.returncode == 1, again.stderr
    found = outcomes(tmp_path)
    assert len(found) == 30
    assert before.items() <= found.items()
    failed = {name: each for name, each in found.items() if not isinstance(each, Completed)}
    assert {name: each.kind for name, each in failed.items()} == {
        "0002-0002": FailureKind.CRASHED,
        "0002-0004": FailureKind.TIMEOUT,
        "0002-0006": FailureKind.KILLED,
    }
    assert "mpi_problem.py" in failed["0002-0002"].log


def test_a_stopped_rank_loses_its_trial_to_another_and_its_late_answer_is_dropped(mpi, tmp_path):
    acts = "acts=0001-0005:stop rank,0001-0060:wake rank"
    done = mpi.tune(
        3, *RANDOM, 90, "--lost-after", "1.5s", "--set", "seconds=0.05", "--set", acts,
        *place(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lost = re.search(r"(w\d) .* silent for 1.5 s; .*0001-0005.* will run elsewhere", done.stderr)
    assert re.search(rf"note: {lost[1]} \(rank \d\) is back", done.stderr)
    assert done.stderr.count("came late and was dropped") == 1
    assert len(outcomes(tmp_path)) == 90
    assert outcomes(tmp_path)["0001-0005"].timing.worker != lost[1]


def recovering(mpi, tmp_path, ranks, acts):
    """Open MPI's mpiexec told to let the others live when a rank dies."""
    if mpi.name != "openmpi":
        pytest.skip("MPICH ends the job when a rank dies")
    command = mpi.command(ranks, "-m", "mpi4py", "-m", "autotune", "tune", BOWL, *RANDOM, 40)
    more = ["--lost-after", "2s", "--set", "seconds=0.05", "--set", f"acts={acts}"]
    return finished(
        subprocess.Popen(
            [command[0], "--enable-recovery", *command[1:], *more, *map(str, place(tmp_path))],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=mpi.environment(),
        )
    )


@pytest.mark.parametrize("mpi", ["openmpi"], indirect=True)  # the only one that has it
def test_with_enable_recovery_a_dead_rank_costs_nothing_but_its_time(mpi, tmp_path):
    done = recovering(mpi, tmp_path, 3, "0001-0008:kill rank")
    assert len(outcomes(tmp_path)) == 40
    assert all(isinstance(each, Completed) for each in outcomes(tmp_path).values())
    assert re.search(r"note: w\d \(rank \d\) .*; .*0001-0008.* will run elsewhere", done.stderr)
    assert "bowl: 40 trials, 0 failed; done" in done.stdout


def test_a_job_without_any_worker_left_ends_and_says_so(mpi, tmp_path):
    """The status is Open MPI's, and 0 with `--enable-recovery` whatever happened."""
    done = recovering(mpi, tmp_path, 3, "0001-0008:kill every rank")
    assert "no worker has been heard for long; the same command continues" in done.stderr
    assert acknowledged(done) <= set(outcomes(tmp_path))


def test_a_signal_to_the_launcher_ends_everything_and_keeps_what_was_recorded(mpi, tmp_path):
    """Both MPIs hand both signals on, or end the ranks by themselves; one each is tried here."""
    number = signal.SIGINT if mpi.name == "mpich" else signal.SIGTERM
    process = mpi.start(
        3, "-m", "mpi4py", "-m", "autotune", "tune", BOWL, *RANDOM, 5000,
        "--set", "seconds=0.05", "--set", "acts=0001-0009:hang", *place(tmp_path),
    )  # fmt: skip
    said = []
    while not any(line.startswith("9/") for line in said):
        said.append(process.stderr.readline())
        assert said[-1], "".join(said)
    process.send_signal(number)
    done = finished(process)
    assert done.returncode != 0
    assert mpi.left() == []
    assert len(outcomes(tmp_path)) >= 9


def test_an_error_nobody_expected_in_rank_0_ends_all_ranks_at_once(mpi, tmp_path):
    code = f"""
from autotune.cli import tune_evaluator
world = tune_evaluator.world()
def command():
    from pathlib import Path
    from autotune.evaluators.mpi import MPIEvaluator
    from autotune.evaluators.warm import Workshop
    from autotune.trials import Trial
    with MPIEvaluator(world, Workshop({BOWL!r}, {{"seconds": "60"}}, None, Path({str(tmp_path)!r})),
                      say=print) as evaluator:
        for i in range(2):
            evaluator.submit(Trial(f"t-{{i}}", {{"x": 0.5}}))
        evaluator.wait(2)
        raise ZeroDivisionError("by design")
tune_evaluator.run_on_ranks(world, command)
"""
    for how in ((), ("-m", "mpi4py")):
        done = mpi.run(3, *how, "-c", code)
        assert done.returncode == 1
        assert done.stderr.count("ZeroDivisionError: by design") == 1
        assert mpi.left() == []


@pytest.mark.parametrize(
    "mpi", ["mpich"], indirect=True
)  # the command's own part: any MPI shows it
def test_bad_input_is_said_once_and_ends_all_ranks(mpi, tmp_path):
    done = mpi.tune(3, *RANDOM, 4, "--ranks", 4, *place(tmp_path))
    assert done.returncode == 2
    assert (
        done.stderr.count("autotune tune: --ranks 4, but there are 3: start it with mpiexec") == 1
    )
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("mpi", ["mpich"], indirect=True)  # the command's own part
def test_what_every_evaluator_owes_the_loop_holds_over_mpi(mpi):
    done = mpi.run(2, HERE / "mpi_contract.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 27
    assert "skipped" not in done.stdout


@pytest.mark.long
@pytest.mark.parametrize(
    "mpi", ["mpich"], indirect=True
)  # the command's own part: any MPI shows it
def test_the_mpiexec_lines_of_the_guide_work(mpi, tmp_path):
    guide = (ROOT / "docs" / "guide.md").read_text()
    lines = [each.line for each in commands(guide) if each.line.startswith("mpiexec ")]
    assert len(lines) == 2
    installed = tmp_path / "bin" / "autotune"
    installed.parent.mkdir()
    installed.write_text('#!/bin/sh\nexec python -m autotune "$@"\n')
    installed.chmod(0o755)
    environment = mpi.environment(PRTE_MCA_rmaps_default_mapping_policy=":oversubscribe")
    environment["PATH"] += f"{os.pathsep}{installed.parent}"
    for line in lines:
        done = subprocess.run(
            ["bash", "-c", line],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert len(read(tmp_path / "results" / "local" / "ranks").outcomes) == 30
    nested = read(tmp_path / "results" / "local" / "nested").outcomes
    assert [outcome.value for outcome in nested] == [2, 2, 2]
