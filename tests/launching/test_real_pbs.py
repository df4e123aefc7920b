"""PBS itself, wherever a qsub answers: `python -m pytest -m pbs`.

AUTOTUNE_TEST_PBS_FOLDER names a folder that the nodes see, by default below the home folder;
AUTOTUNE_TEST_PBS_ARGUMENTS adds to `autotune submit`, for example `--site polaris --account PROJ`.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from launching.conftest import Desk
from launching.scheduled import Scheduled


def missing():
    """Why PBS cannot be tested here, or an empty string."""
    if not shutil.which("qsub") or not shutil.which("qstat"):
        return "no qsub and qstat on PATH"
    done = subprocess.run(["qstat", "-B"], capture_output=True, text=True, check=False)
    return f"no PBS server answers: {done.stderr.strip()}" if done.returncode else ""


pytestmark = [
    pytest.mark.pbs,
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing() or "PBS answers"),
]


class TestPbs(Scheduled):
    where = (
        *shlex.split(os.environ.get("AUTOTUNE_TEST_PBS_ARGUMENTS", "--scheduler pbs")),
        *("--time", "5m"),
        *("--set-site", f"setup=export PYTHONPATH={os.environ.get('PYTHONPATH', '')}"),
    )

    @pytest.fixture
    def desk(self, monkeypatch):
        parent = os.environ.get("AUTOTUNE_TEST_PBS_FOLDER", Path.home())
        with tempfile.TemporaryDirectory(prefix="autotune-pbs-", dir=parent) as name:
            monkeypatch.chdir(name)
            yield Desk(Path(name))
