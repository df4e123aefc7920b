"""Jobs of several ranks under a real mpiexec: which MPIs there are, and what a job leaves."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from patience import PATIENCE

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = ("PMI_", "PMIX_", "OMPI_", "PRTE_", "SLURM_", "PBS_")
"""Beginnings of variables that a launcher around the tests would set."""
MARK = "AUTOTUNE_TEST_MARK"


@dataclass(frozen=True)
class Done:
    """How a job ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Mpi:
    """An MPI in an environment of its own, and a mark that all processes of a test carry."""

    name: str
    mark: str

    @property
    def scripts(self):
        return ROOT / f".venv-{self.name}" / "bin"

    @property
    def python(self):
        return str(self.scripts / "python")

    @property
    def missing(self):
        """Why its tests cannot run; empty if they can."""
        if (self.scripts / "mpiexec").exists():
            return ""
        return f"{self.scripts.parent.name} is not there: make install-mpi"

    def environment(self, **further):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(OUTSIDE)}
        path = f"{self.scripts}{os.pathsep}{kept['PATH']}"
        where = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "PATH": path}
        root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        return kept | where | root | threads | {MARK: self.mark} | further

    def command(self, ranks, *arguments):
        words = [str(self.scripts / "mpiexec"), *["--oversubscribe"][: self.name == "openmpi"]]
        return [*words, "-n", str(ranks), self.python, *map(str, arguments)]

    def start(self, ranks, *arguments, **environment):
        return subprocess.Popen(
            self.command(ranks, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(**environment),
        )

    def run(self, ranks, *arguments, **environment):
        return finished(self.start(ranks, *arguments, **environment))

    def tune(self, ranks, *arguments):
        """`autotune tune` of the problem that these tests share, as the guide starts it."""
        problem = ROOT / "tests" / "evaluators" / "mpi_problem.py"
        return self.run(ranks, "-m", "mpi4py", "-m", "autotune", "tune", problem, *arguments)

    def alone(self, *arguments, **environment):
        """This Python without any mpiexec."""
        done = subprocess.run(
            [self.python, *map(str, arguments)],
            capture_output=True,
            text=True,
            env=self.environment(**environment),
            timeout=PATIENCE,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def left(self, *, within=10.0):
        """Processes of this test that still run after a while."""
        end = time.monotonic() + within
        while (pids := self._marked()) and time.monotonic() < end:
            time.sleep(0.05)
        return pids

    def _marked(self):
        word, found = f"{MARK}={self.mark}".encode(), []
        for path in Path("/proc").iterdir():
            try:
                if path.name.isdigit() and word in (path / "environ").read_bytes().split(b"\0"):
                    found.append(int(path.name))
            except OSError:
                continue
        return found


def finished(process):
    try:
        stdout, stderr = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        sys.stderr.write(stdout + stderr)
        raise
    return Done(process.returncode, stdout, stderr)
