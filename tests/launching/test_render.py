"""Job scripts: recorded ones, directives that schedulers take, and a shell that can read them."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from job_directives import head, qsub, sbatch
from made_jobs import CASES, job, site

from autotune import share
from autotune.errors import InputError
from autotune.launching import site as sites
from autotune.launching.render import render, template_name

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "jobs"
WORDS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,20}\Z")
ARGUMENTS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20))


def script(spec, place):
    template = share.own("launch", template_name(spec, place)).read_text()
    return render(template, spec, place)


@st.composite
def jobs(draw):
    first = draw(st.integers(0, 50))
    last = first + draw(st.integers(1, 20))
    array = draw(st.sampled_from(["", f"{first}-{last}", f"{first}-{last}%3"]))
    return job(
        name=draw(WORDS),
        arguments=tuple(draw(ARGUMENTS)),
        nodes=draw(st.integers(1, 10_000)),
        ranks_per_node=draw(st.integers(1, 128)),
        workers=draw(st.integers(1, 128)),
        seconds=draw(st.integers(0, 10**6)),
        account=draw(st.just("") | WORDS),
        queue=draw(st.just("") | WORDS),
        array=array,
    )


@given(spec=jobs(), name=st.sampled_from(["slurm", "frontier", "perlmutter"]))
def test_sbatch_can_read_every_slurm_script(spec, name):
    options = sbatch(script(spec, sites.read(name)))
    assert options["job-name"] == spec.name
    assert int(options["nodes"]) * int(options["ntasks-per-node"]) == spec.ranks
    assert ("time" in options) == bool(spec.seconds)
    assert ("array" in options) == bool(spec.array)
    assert options["open-mode"] == "append"
    assert options["requeue"] is None


@given(spec=jobs(), name=st.sampled_from(["pbs", "polaris", "aurora"]))
def test_qsub_can_read_every_pbs_script(spec, name):
    options = qsub(script(spec, sites.read(name)))
    assert options["N"] == spec.name
    assert options["l:select"].split(":")[0] == str(spec.nodes)
    assert options["r"] == "y"
    assert ("J" in options) == bool(spec.array)


@pytest.fixture(scope="module")
def printing(tmp_path_factory):
    """A program that prints its arguments but the first."""
    path = tmp_path_factory.mktemp("bin") / "print"
    path.write_text('#!/bin/sh\nshift\nprintf "%s\\0" "$@"\n')
    path.chmod(0o755)
    return str(path)


@settings(max_examples=25)
@given(spec=jobs(), name=st.sampled_from(sites.known()))
def test_the_shell_passes_every_argument_on_as_it_was_given(printing, spec, name):
    """The program is replaced by one that prints its arguments; everything else is the script."""
    place = sites.read(name, {"launch": ["env --"], "setup": [""], "shell": ["/bin/bash"]})
    spec = job(
        arguments=spec.arguments, python=printing, workdir="/", array=spec.array,
        nodes=spec.nodes, ranks_per_node=spec.ranks_per_node,
    )  # fmt: skip
    done = subprocess.run(["bash", "-c", script(spec, place)], capture_output=True, check=True)
    printed = done.stdout.decode("utf-8").split("\0")[:-1]
    start = printed.index("tune") + 1
    seed = ["--seed", str(spec.seed)] if spec.array else []
    assert printed[start:] == [*spec.arguments, *seed]


LISTENING = """
import os, signal, sys
os.kill(os.getpid(), signal.SIGUSR1)  # while it loads
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(7))
os.kill(os.getpid(), signal.SIGUSR1)
"""


@pytest.mark.parametrize("ranks", [1, 4])
def test_slurms_warning_ends_no_program_that_is_still_loading(tmp_path, ranks):
    """It is heeded from when the program listens to it."""
    program = tmp_path / "program"
    program.write_text(f"#!{sys.executable}" + LISTENING)
    program.chmod(0o755)
    spec = job(python=str(program), workdir="/", ranks_per_node=ranks)
    text = script(spec, site("slurm", launch="env --"))
    done = subprocess.run(["bash", "-c", text], check=False)
    assert done.returncode == 7


@pytest.mark.parametrize("name", CASES)
def test_a_script_is_the_recorded_one(name):
    assert script(*CASES[name]) == (GOLDEN / f"{name}.sh").read_text()


def test_every_site_has_a_recorded_script():
    assert {place.name for _, place in CASES.values()} == set(sites.known())


def test_every_recorded_script_has_a_case():
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_the_shell_can_parse_a_script(name):
    done = subprocess.run(["bash", "-n", GOLDEN / f"{name}.sh"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_local_script_has_no_directives():
    assert not [line for line in head(script(*CASES["local"])) if line.startswith(("#S", "#P"))]


def test_a_template_that_forgets_to_double_a_dollar_is_refused():
    with pytest.raises(KeyError, match="SLURM_JOB_ID"):
        render("#!$shell\necho $SLURM_JOB_ID\n", job(), site("slurm"))


def test_an_unknown_place_in_a_launch_line_names_the_known_ones():
    with pytest.raises(InputError, match=r"\{rank\}.*It may name \{nodes\}, \{ranks\}"):
        script(job(nodes=2), site("slurm", launch="mpirun -n {rank}"))


@pytest.mark.parametrize("array", ["0-3,7", "5"])
def test_pbs_refuses_an_array_that_it_cannot_hold(array):
    with pytest.raises(InputError, match="PBS takes one range of two tasks or more"):
        script(job(array=array), site("pbs"))
