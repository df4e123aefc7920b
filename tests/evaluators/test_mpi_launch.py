"""Launchers and MPIs that do not speak to each other are refused by every process by itself."""

import subprocess

import pytest
from mpi_run import ROOT, finished

from autotune.evaluators.mpi_launch import launched, launcher_rank, local_rank, refusal

GROUP = pytest.mark.xdist_group("mpi")
STEP = {"SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "2", "SLURM_NTASKS": "4", "SLURM_LOCALID": "1"}
LAUNCHERS = {
    "MPICH's mpiexec": {"PMI_RANK": "2", "PMI_SIZE": "4", "MPI_LOCALRANKID": "1"},
    "srun --mpi=pmi2": STEP | {"PMI_RANK": "2", "PMI_SIZE": "4"},
    "srun --mpi=pmix": STEP | {"PMIX_RANK": "2"},
    "srun without MPI": STEP,
    "mpirun of Open MPI": {
        "OMPI_COMM_WORLD_RANK": "2",
        "OMPI_COMM_WORLD_SIZE": "4",
        "OMPI_COMM_WORLD_LOCAL_RANK": "1",
        "PMIX_RANK": "2",
    },
    "PALS": {"PALS_RANKID": "2", "PMI_RANK": "2", "PMI_SIZE": "4", "PALS_LOCAL_RANKID": "1"},
}
named = pytest.mark.parametrize("environ", LAUNCHERS.values(), ids=LAUNCHERS.keys())


@named
def test_every_launcher_is_seen_with_rank_and_place_on_the_node(environ):
    assert launched(environ)
    assert launcher_rank(environ) == 2
    assert local_rank({"PMI_LOCAL_RANK": "1"} | environ, default=9) == 1


@named
def test_four_ranks_where_the_launcher_started_four_may_begin(environ):
    assert refusal(4, environ) == ""


@named
def test_a_process_that_is_alone_where_the_launcher_started_four_is_refused(environ):
    said = refusal(1, environ)
    assert "MPI found 1 rank, but " in said
    assert "--mpi=pmi2 for MPICH and --mpi=pmix for Open MPI" in said


def test_nothing_is_launched_in_a_batch_script_or_a_step_of_one_task():
    batch = {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"}
    assert not launched({})
    assert not launched(batch)
    assert not launched(batch | {"SLURM_STEP_NUM_TASKS": "1", "PMI_RANK": "0", "PMI_SIZE": "1"})


def test_an_mpiexec_may_start_other_ranks_than_its_allocation_has():
    """Hydra starts its proxies, one a node, by srun: the ranks inherit that step's numbers."""
    hydra = {"PMI_SIZE": "6", "SLURM_STEP_NUM_TASKS": "2", "SLURM_NTASKS": "8"}
    assert refusal(6, hydra) == ""


def test_one_rank_in_a_pbs_job_of_several_names_the_node_file(tmp_path):
    (tmp_path / "nodes").write_text("a\na\nb\nb\n")
    said = refusal(1, {"PBS_NODEFILE": str(tmp_path / "nodes")})
    assert "the job has more (lines of PBS_NODEFILE: 4)" in said


def test_one_rank_that_nobody_contradicts_is_told_what_a_second_is_for():
    assert "leaves none to run trials" in refusal(1, {})


@pytest.fixture
def other(mpi):
    """The MPI that does not fit."""
    return ROOT / f".venv-{'openmpi' if mpi.name == 'mpich' else 'mpich'}" / "bin"


@pytest.mark.slow
@GROUP
def test_the_mpiexec_of_another_mpi_starts_no_search_and_one_line_says_why(mpi, other, tmp_path):
    command = mpi.command(3, "-m", "autotune", "tune", "x")
    command[command.index(mpi.python)] = str(other / "python")
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=mpi.environment(),
        cwd=tmp_path,
    )
    done = finished(process)
    assert done.returncode not in (0, 1)
    assert done.stderr.count("autotune tune: MPI found 1 rank, but the launcher says") == (
        mpi.name == "mpich"
    )
    assert done.stderr.count("autotune tune: mpi4py has MPICH, and the mpiexec of Open MPI") == (
        mpi.name == "openmpi"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@GROUP
@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"SLURM_STEP_NUM_TASKS": "4", "SLURM_NTASKS": "4"}, "SLURM_STEP_NUM_TASKS=4"),
        ({"SLURM_NTASKS": "4"}, "SLURM_NTASKS: 4"),
        ({"SLURM_NTASKS": "4", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "3"}, ""),
        ({}, "leaves none to run trials"),
    ],
    ids=["a step without its MPI", "a batch script", "rank 3 keeps silent", "no launcher"],
)
def test_python_with_mpi4py_that_is_alone_refuses(mpi, environ, said):
    done = mpi.alone("-m", "mpi4py", "-m", "autotune", "tune", "x", **environ)
    assert done.returncode == 2
    assert said in done.stderr
    assert bool(said) == bool(done.stderr)
