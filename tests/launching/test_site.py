"""Profiles of machines: every one is sourced and dated, and keys are checked."""

import re

import pytest
from made_jobs import job, site

from autotune.errors import InputError
from autotune.launching import cautions
from autotune.launching import site as sites


@pytest.mark.parametrize("name", sites.known())
def test_a_profile_says_whose_machine_it_is_where_its_facts_come_from_and_when(name):
    found = sites.read(name)
    assert found.summary
    assert found.source
    assert re.fullmatch(r"20\d\d-[01]\d", found.date)
    assert found.launch or found.scheduler == "local"


def test_a_profile_of_ones_own_begins_from_another(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "frontier"\nqueue = "extended"\nsetup = ["module load python"]\n')
    found = sites.read(str(mine))
    base = sites.read("frontier")
    assert (found.name, found.queue, found.setup) == ("mine", "extended", ("module load python",))
    assert (found.launch, found.directives, found.limits) == (
        base.launch, base.directives, base.limits,
    )  # fmt: skip


def test_a_profile_may_begin_from_one_beside_it(tmp_path):
    (tmp_path / "group.toml").write_text('extends = "slurm"\nmpi = "pmix"\n')
    (tmp_path / "mine.toml").write_text('extends = "group"\nqueue = "q"\n')
    assert sites.read(str(tmp_path / "mine.toml")).mpi == "pmix"


def test_every_key_can_be_replaced_by_its_type():
    settings = {
        "mpi": ["pmi2"], "warn_seconds": ["60"], "gpus_bound_by_launcher": ["true"],
        "setup": ["module load a", "module load b"], "requires": [""],
    }  # fmt: skip
    found = sites.read("frontier", settings)
    assert found.mpi == "pmi2"
    assert found.warn_seconds == 60
    assert found.gpus_bound_by_launcher is True
    assert found.setup == ("module load a", "module load b")
    assert found.requires == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('extends = "slurm"\nqueu = "x"', "Did you mean 'queue'"),
        ('extends = "slurn"', "Did you mean 'slurm'"),
        ('queue = "x"', "names no scheduler"),
        ('scheduler = "slrum"', "Did you mean 'slurm'"),
        ('extends = "slurm"\nsetup = "module load a"', "setup must be a list of strings"),
        ('extends = "slurm"\nwarn_seconds = "60"', "warn_seconds must be a whole number"),
        ('extends = "slurm"\nwarn_seconds = true', "warn_seconds must be a whole number"),
        ('extends = "slurm"\ncpus_per_node = -1', "cpus_per_node must be a whole number >= 0"),
        ('extends = "slurm"\n[[limits]]\nquue = "x"', "Did you mean 'queue'"),
        ('extends = "slurm"\n[[limits]]\nqueue = "x"\nnodes = 3', "nodes = "),
        ('extends = "slurm"\n[[limits]]\nqueue = "x"\ntime = "soon"', "duration"),
        ("extends = ", "cannot read the site"),
    ],
)
def test_a_wrong_profile_is_refused_with_the_key(tmp_path, text, says):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(says)):
        sites.read(str(path))


def test_profiles_that_begin_from_each_other_are_refused(tmp_path):
    (tmp_path / "a.toml").write_text('extends = "b"')
    (tmp_path / "b.toml").write_text('extends = "a"')
    with pytest.raises(InputError, match="extends itself: a -> b"):
        sites.read(str(tmp_path / "a.toml"))


def test_an_unknown_setting_names_the_nearest_key():
    with pytest.raises(InputError, match="Did you mean 'launch'"):
        sites.read("slurm", {"lunch": ["x"]})


def test_what_a_site_demands_is_refused_when_it_is_missing_with_what_to_write():
    with pytest.raises(InputError, match="--account PROJECT --set-site filesystems=home:eagle"):
        cautions.check(job(queue="debug"), site("polaris"))
    cautions.check(job(queue="debug", account="llm"), site("polaris", filesystems="home"))


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (job(queue="debug", nodes=3), "debug took 1 to 2 nodes, not 3 (as of 2026-08)"),
        (job(queue="debug", seconds=7200), "debug gave 1h at most, not 2.0 h"),
        (job(queue="preemptable"), "killed without a warning"),
        (job(queue="debugg"), "had no queue debugg as of 2026-08 (it had debug, debug-scaling"),
    ],
)
def test_a_job_beyond_what_a_queue_took_is_a_warning(spec, says):
    assert any(says in line for line in cautions.warnings(spec, site("polaris")))


def test_a_job_within_one_of_a_queues_size_classes_has_no_warning():
    """Polaris's prod routes by size: 100 nodes have 24 h, and 24 nodes have 3."""
    assert not cautions.warnings(job(queue="prod", nodes=100, seconds=80000), site("polaris"))
    assert cautions.warnings(job(queue="prod", nodes=24, seconds=80000), site("polaris"))
