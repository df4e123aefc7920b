"""A real Slurm for the tests, brought up by hpc/local-slurm, and why there is none."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent.parent / "hpc" / "local-slurm"


def missing():
    """Why Slurm cannot be brought up here, or an empty string."""
    if os.geteuid() != 0:
        return "hpc/local-slurm needs root"
    here = shutil.which("slurmctld", path=f"{os.environ['PATH']}:/usr/sbin")
    if not here and not shutil.which("apt-get"):
        return "Slurm is not installed, and there is no apt-get to install it with"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        return "this machine does not allow namespaces (unshare --mount)"
    return ""


@dataclass(frozen=True)
class Cluster:
    """A running Slurm.

    Attributes:
        folder: Its state.
        port: The first of its ports.
    """

    folder: Path
    port: int

    @property
    def environ(self):
        """What its programs need to find it."""
        return {"SLURM_CONF": str(self.folder / "etc" / "slurm.conf")}

    def do(self, *arguments):
        """Run a verb of hpc/local-slurm."""
        places = {"LOCAL_SLURM_DIR": str(self.folder), "LOCAL_SLURM_PORT": str(self.port)}
        done = subprocess.run(
            [SCRIPT, *arguments], env=os.environ | places, capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, f"local-slurm {arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def ask(self, *command):
        """Run one of Slurm's programs, and return what it printed; None if it refused."""
        done = subprocess.run(
            command, env=os.environ | self.environ, capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else None
