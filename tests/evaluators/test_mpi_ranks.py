"""Ranks that are not like the others, and an MPI that serves one thread alone."""

import pytest
from mpi_run import Mpi

from autotune.store.study import read

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mpi")]
PROBLEM = """
import os
from pathlib import Path
from ConfigSpace import ConfigurationSpace, Float
from autotune import TuningProblem

def beside(number):
    return f"PMI_RANK={number}".encode() in (
        Path(f"/proc/{os.getppid()}/environ").read_bytes().split(b"\\0")
    )

if beside(2):
    raise ImportError("no libtrial.so here")

space = ConfigurationSpace()
space.add(Float("x", (0, 1)))
Problem = TuningProblem(input_space=space, objective=lambda point: point["x"])
"""
MAIN = """
import sys
sys.argv = ["autotune", "tune", *sys.argv[1:]]
from autotune.cli.main import main
main()
"""


@pytest.fixture
def mpich(request):
    found = Mpi("mpich", request.node.name)
    if found.missing:
        pytest.skip(found.missing)
    yield found
    assert found.left() == []


@pytest.fixture
def tune(tmp_path, mpich):
    """`autotune tune` of a problem that cannot be loaded beside rank 2, after some Python."""
    path = tmp_path / "bowl.py"
    path.write_text(PROBLEM)
    where = ("--learner", "random", "--storage", tmp_path, "--study", "s", "--max-evals", 12)
    return lambda ranks, code: mpich.run(ranks, "-c", code + MAIN, path, *where)


@pytest.mark.long
def test_a_rank_that_cannot_load_the_problem_is_left_out_and_said(tune, tmp_path):
    done = tune(3, "")
    assert done.returncode == 0, done.stderr
    assert "note: w1 (rank 2) on " in done.stderr
    assert "no libtrial.so here" in done.stderr
    found = read(tmp_path / "s").outcomes
    assert len(found) == 12
    assert {outcome.timing.worker for outcome in found} == {"w0"}


def test_a_rank_with_another_autotune_ends_the_job_in_one_line(tune, tmp_path):
    other = """
import os
from autotune.evaluators import mpi_supervisor
if os.environ["PMI_RANK"] == "1":
    mpi_supervisor.version = lambda: "0.0.0 (another)"
"""
    done = tune(2, other)
    assert done.returncode == 2
    said = "runs autotune 0.0.0 (another), rank 0 runs"
    assert done.stderr.count(said) == 1, done.stderr
    assert "Install the same one on every node." in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "s").exists() or read(tmp_path / "s").outcomes == []


@pytest.mark.long
def test_an_mpi_that_serves_one_thread_alone_runs_the_same_trials(tune, tmp_path):
    single = """
import mpi4py
mpi4py.rc.initialize = False
from mpi4py import MPI
MPI.Init()
assert MPI.Query_thread() == MPI.THREAD_SINGLE
"""
    done = tune(2, single)
    assert done.returncode == 0, done.stderr
    assert len(read(tmp_path / "s").outcomes) == 12
