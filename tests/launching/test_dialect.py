"""Which mpiexec it is: told from what each prints, by us and by the rendered launch/mpirun.sh."""

import subprocess

import pytest
from made_jobs import CASES

from autotune import share
from autotune.launching import dialect
from autotune.launching.dialect import Dialect
from autotune.launching.render import render

SAID = {
    "HYDRA build details:\n    Version:                                 5.0.2": Dialect.HYDRA,
    "mpiexec (OpenRTE) 4.1.4\n\nReport bugs to ...": Dialect.OPEN_MPI,
    "mpirun (Open MPI) 5.0.11\n": Dialect.OPEN_MPI,
    "mpiexec version 1.2.12 revision 7a1e9e3\n": Dialect.PALS,
    "slurm 24.05.3\n": Dialect.SRUN,
    "slurm-wlm 22.05.8\n": Dialect.SRUN,
    "Intel(R) MPI Library for Linux* OS, Version 2021.12 Build 20240213\n": Dialect.HYDRA,
    "command not found": Dialect.UNKNOWN,
}

MPIEXECS = {Dialect.HYDRA, Dialect.OPEN_MPI, Dialect.PALS}


@pytest.mark.parametrize("said", SAID)
def test_a_launcher_is_told_by_what_it_prints(said):
    assert dialect.of(said) is SAID[said]


@pytest.mark.parametrize("said", [said for said, kind in SAID.items() if kind in MPIEXECS])
def test_the_script_without_a_scheduler_speaks_the_dialect_of_the_mpiexec_it_finds(said, tmp_path):
    program = tmp_path / "mpiexec"
    asked = 'if [ "$1" != --version ]; then printf "%s\\n" "$@"; exit; fi'
    program.write_text(f"#!/bin/bash\n{asked}\ncat <<'E'\n{said}\nE\n")
    program.chmod(0o755)
    spec, site = CASES["mpirun"]
    template = share.own("launch", "mpirun.sh").read_text()
    script = render(template, spec, site).replace("cd /project/llm", "cd /")
    done = subprocess.run(
        ["bash", "-c", script], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    words = dialect.of(said).words(spec.nodes, spec.ranks_per_node)
    assert done.stdout.split()[: len(words)] == words
