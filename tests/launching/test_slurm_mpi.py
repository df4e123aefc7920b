"""MPI on a real Slurm: ranks on two nodes are one search, and a dead rank ends only its job."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from launching.cluster import missing

mpi_run = pytest.importorskip("mpi_run", reason="the MPI evaluator is not here yet")
MPICH = mpi_run.Mpi("mpich", "unused")
WHY_NOT = missing() or MPICH.missing

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.slow,
    pytest.mark.xdist_group("slurm"),
    pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "Slurm and MPICH are here"),
]
TWO_BY_TWO = ("--nodes", 2, "--ranks-per-node", 2, "--time", "10m")
LAUNCH = {
    "srun": ("--set-site", "mpi=pmi2"),
    "mpiexec": (
        "--set-site",
        f"launch={MPICH.scripts}/mpiexec -n {{ranks}} -ppn {{ranks_per_node}}",
    ),
}
MISBEHAVES = """
        if config["x"] < -3:
            os.kill(os.getpid(), signal.SIGSEGV)
        if config["x"] < -2:
            time.sleep(1000)
"""


@pytest.fixture
def desk(slurm_desk):
    return slurm_desk


def send(desk, *arguments, study="s"):
    """Submit from the environment that holds MPICH, as a user of it would."""
    words = [
        MPICH.python, "-m", "autotune", "submit", "tune", desk.folder / "square.py",
        "--learner", "random", "--study", study, "--storage", desk.storage,
        "--scheduler", "slurm", *arguments,
    ]  # fmt: skip
    done = subprocess.run(
        [*map(str, words)], cwd=desk.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[1].rstrip(",")


def rank_of(job, number):
    """The process of one rank of a job, found by what srun put into its environment."""
    wanted = {f"SLURM_JOB_ID={job}".encode(), f"SLURM_PROCID={number}".encode()}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            environ = set((path / "environ").read_bytes().split(b"\0"))
            command = (path / "cmdline").read_bytes()
        except OSError:
            continue
        if wanted <= environ and b"mpi4py" in command:
            return int(path.name)
    return None


@pytest.mark.parametrize("launcher", LAUNCH)
def test_two_nodes_of_two_ranks_try_what_one_process_tries(desk, launcher):
    job = send(desk, *TWO_BY_TWO, *LAUNCH[launcher], "--max-evals", 20)
    seen = desk.ended()
    assert desk.accounted(job) == [("COMPLETED", "0:0")], desk.logs()
    assert seen["jobs"][0]["nodes"] == 2
    assert len(desk.ids()) == len(set(desk.ids())) == 20
    desk.tune("--max-evals", 20, study="serial")
    tried, serial = ({each["x"] for each in desk.configs(name)} for name in ("s", "serial"))
    assert tried == serial
    assert seen["best_value"] == desk.status("serial")["best_value"]


def test_ranks_that_do_not_find_each_other_are_refused_with_what_to_say(desk):
    """srun without --mpi makes four worlds of one rank, and would start four searches."""
    job = send(desk, *TWO_BY_TWO, "--max-evals", 20)
    (seen,) = desk.ended()["jobs"]
    assert seen["state"] == "failed"
    assert [state for state, _ in desk.accounted(job)] == ["FAILED"]
    assert "--mpi=pmi2" in desk.logs()
    assert desk.ids() == []


def test_a_killed_rank_ends_its_job_and_the_next_of_the_chain_completes_the_study(desk):
    options = ("--max-evals", 40, "--set", "pause=1", "--chain", 2)
    job = send(desk, *TWO_BY_TWO, *LAUNCH["srun"], *options)
    desk.wait(lambda seen: seen["trials"]["total"] >= 4)
    os.kill(rank_of(job, 2), signal.SIGKILL)
    begin = time.monotonic()
    desk.wait(lambda seen: seen["jobs"][0]["state"] == "failed")
    assert time.monotonic() - begin < 60  # and not the ten minutes of its limit
    desk.go()
    seen = desk.ended()
    assert seen["state"] == "done"
    assert len(desk.ids()) == len(set(desk.ids())) == 40
    assert seen["trials"]["failed"] == 0


@pytest.mark.long
def test_trials_that_hang_or_crash_cost_themselves_and_never_the_job(desk):
    path = desk.folder / "square.py"
    text = path.read_text().replace("import time\n", "import os\nimport signal\nimport time\n", 1)
    path.write_text(
        text.replace("    def objective(config):\n", f"    def objective(config):{MISBEHAVES}")
    )
    job = send(desk, *TWO_BY_TWO, *LAUNCH["srun"], "--max-evals", 20, "--trial-timeout", "2s")
    seen = desk.ended()
    assert (seen["trials"]["total"], seen["trials"]["failed"]) == (20, bad(desk))
    assert bad(desk) > 0
    assert desk.accounted(job) == [("FAILED", "1:0")]  # done, with failed trials


def bad(desk):
    """Configurations that hang or crash."""
    return sum(config["x"] < -2 for config in desk.configs())
