"""A problem whose trials last as long as asked, and the command line on a storage of its own."""

import json
import os
import time
from pathlib import Path

import pytest
from cli_run import run
from launching.cluster import Cluster
from patience import PATIENCE

from autotune.store import study as studies

PROBLEM = '''"""The square of x, after a pause; a file called go beside this one ends all pauses."""

import time
from pathlib import Path

from ConfigSpace import ConfigurationSpace

from autotune import Problem

GO = Path(__file__).with_name("go")


def problem(*, pause: float = 0.0):
    """Make it.

    Args:
        pause: Seconds that a trial lasts.
    """

    def objective(config):
        end = time.monotonic() + pause
        while not GO.exists() and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        return config["x"] ** 2

    return Problem(
        name="square",
        summary="The square of x.",
        space=ConfigurationSpace({"x": (-4.0, 3.0)}, seed=0),
        objective=objective,
    )
'''
TUNE = ("--learner", "random", "--workers", "0")


class Desk:
    """A folder with a problem and a storage, and the verbs on it."""

    def __init__(self, folder):
        self.folder = folder
        self.storage = folder / "studies"
        (folder / "square.py").write_text(PROBLEM)

    def submit(self, *arguments, study="s"):
        """`autotune submit tune` of the problem."""
        return run(
            "submit", "tune", self.folder / "square.py", *TUNE, "--study", study,
            "--storage", self.storage, *arguments,
        )  # fmt: skip

    def tune(self, *arguments, study="s"):
        """`autotune tune` of the problem, in this process."""
        return run(
            "tune", self.folder / "square.py", *TUNE, "--study", study,
            "--storage", self.storage, *arguments,
        )  # fmt: skip

    def status(self, study="s"):
        """`autotune status --json`."""
        done = run("status", study, "--storage", self.storage, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def go(self):
        """End all pauses."""
        (self.folder / "go").touch()

    def cancel(self, study="s"):
        """`autotune cancel`."""
        return run("cancel", study, "--storage", self.storage)

    def states(self, study="s"):
        """The state of each job by id."""
        return {job["id"]: job["state"] for job in self.status(study)["jobs"]}

    def wait(self, what, *, study="s"):
        """Wait until the status is as asked for, and return it."""
        end = time.monotonic() + PATIENCE
        while not what(seen := self.status(study)):
            assert time.monotonic() < end, f"{seen}\n{self.logs(study)}"
            time.sleep(0.2)
        return seen

    def ended(self, *, study="s"):
        """Wait until no job is left, and return the status."""
        live = {"queued", "held", "running", "ending"}
        return self.wait(
            lambda seen: not live & {job["state"] for job in seen["jobs"]}, study=study
        )

    def jobs(self, study="s"):
        """The folder of the scripts."""
        return self.storage / study / "jobs"

    def logs(self, study="s"):
        """What the jobs printed."""
        files = [*self.jobs(study).glob("*.out"), *self.jobs(study).glob("*.OU")]
        return "\n".join(f"== {file.name}\n{file.read_text()}" for file in sorted(files))

    def ids(self, study="s"):
        """Trial ids, every one that a journal holds, in the order of the files."""
        lines = [
            json.loads(line)
            for path in sorted((self.storage / study).glob("journal-*.jsonl"))
            for line in path.read_text().splitlines()
        ]
        return [line["trial"] for line in lines if "value" in line or "failed" in line]

    def configs(self, study="s"):
        """What was tried, in the order of the trials' ends."""
        return [each.trial.config for each in studies.read(self.storage / study).outcomes]


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return Desk(tmp_path)


@pytest.fixture(scope="session")
def cluster():
    """Three nodes with accounting, once for all tests of a session."""
    yield from running("slurm", 0, "--nodes", "3")


@pytest.fixture(scope="session")
def plain_cluster():
    """Two nodes without accounting."""
    yield from running("plain", 1, "--nodes", "2", "--no-accounting")


def running(name, place, *options):
    # a path below /tmp is short enough for sockets; ports below the ephemeral ones
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 3
    made = Cluster(
        Path(f"/tmp/autotune-{name}-{os.getpid()}"), 20000 + 4000 * worker + 2000 * place
    )
    try:
        made.do("start", *options, "--cpus", "4")
        yield made
    finally:
        made.do("stop")


@pytest.fixture
def slurm_desk(tmp_path, monkeypatch, cluster):
    return beside(cluster, tmp_path, monkeypatch)


@pytest.fixture
def plain_desk(tmp_path, monkeypatch, plain_cluster):
    return beside(plain_cluster, tmp_path, monkeypatch)


def beside(cluster, folder, monkeypatch):
    from launching.slurm_desk import SlurmDesk

    monkeypatch.chdir(folder)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for name, value in cluster.environ.items():
        monkeypatch.setenv(name, value)
    return SlurmDesk(folder, cluster)
