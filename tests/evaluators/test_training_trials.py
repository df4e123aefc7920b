"""Trials that train models, on processes and on ranks of a real MPI."""

import pytest
from cli_run import run
from mpi_run import ROOT

from autotune.store.study import read
from autotune.trials import Completed

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.xdist_group("mpi")]
TRIALS = 4


@pytest.fixture
def arguments(tmp_path):
    """A search for a model of a few hundred steps, on a text of our own."""
    text = "".join(f"A text of {i} words and their sum. " for i in range(900))
    (tmp_path / "text").write_text(text)
    return (
        ROOT / "problems/train_moe.py", "--set", "flops=6e8", "--set", "context=32", "--set",
        f"corpus={tmp_path / 'text'}", "--learner", "random", "--max-evals", TRIALS, "--storage",
        tmp_path, "--study", "s",
    )  # fmt: skip


def trained(tmp_path):
    """The workers of all trials, each of which has a loss that its budget paid for."""
    found = read(tmp_path / "s").outcomes
    assert len(found) == TRIALS
    for outcome in found:
        assert isinstance(outcome, Completed)
        assert 0.0 < outcome.value < 6.0
        spent = outcome.trial.config["share"] * 6e8
        assert outcome.metrics["flops"] == pytest.approx(spent, rel=0.1)  # whole steps
    return {outcome.timing.worker for outcome in found}


def test_two_processes_train_mixtures_of_experts(arguments, tmp_path):
    done = run("tune", *arguments, "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert trained(tmp_path) == {"w0", "w1"}


def test_the_ranks_of_a_job_train_mixtures_of_experts(arguments, mpi, tmp_path):
    done = mpi.run(3, "-m", "mpi4py", "-m", "autotune", "tune", *arguments)
    assert done.returncode == 0, done.stderr
    assert len(trained(tmp_path)) == 2
