"""MPI without a scheduler: launch/mpirun.sh under the real mpiexec of both MPIs."""

import subprocess

import mpi_run
import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["mpich", "openmpi"])
def test_three_ranks_on_this_machine_try_what_one_process_tries(desk, name):
    mpi = mpi_run.Mpi(name, "local")
    if mpi.missing:
        pytest.skip(mpi.missing)
    words = [
        mpi.python, "-m", "autotune", "submit", "tune", desk.folder / "square.py",
        "--learner", "random", "--study", "s", "--storage", desk.storage, "--max-evals", 12,
        "--scheduler", "local", "--ranks-per-node", 3, "--time", "10m",
    ]  # fmt: skip
    done = subprocess.run(
        [*map(str, words)], env=mpi.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (job,) = desk.ended()["jobs"]
    assert (job["state"], job["exit_code"]) == ("completed", 0), desk.logs()
    assert len(desk.ids()) == len(set(desk.ids())) == 12
    desk.tune("--max-evals", 12, study="serial")
    tried, serial = ({each["x"] for each in desk.configs(study)} for study in ("s", "serial"))
    assert tried == serial
