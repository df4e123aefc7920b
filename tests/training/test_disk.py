"""A disk that is full in the middle of a run: what is lost, what is said, and how it goes on."""

import subprocess
from contextlib import suppress

import pytest
from small_runs import corpus, own

pytest.importorskip("torch")
pytest.importorskip("transformers")

from autotune.training import run_table
from autotune.training.checkpoint_files import LATEST, TRUNK
from autotune.training.loop import train
from autotune.training.result import RunState
from autotune.training.run import Limits
from autotune.training.watch import Watch

TEXT = corpus()
FILLER = "filler"


@pytest.fixture
def disk(tmp_path):
    """A file system of its own of half a megabyte; only root can have one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)]
    try:
        made = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        made = False
    if not made:
        pytest.skip("no file system can be mounted here; it takes root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(disk):
    """Write until nothing more can be written."""
    with (disk / FILLER).open("ab", buffering=0) as stream:
        for size in (4096, 1):
            with suppress(OSError):
                while True:
                    stream.write(bytes(size))


def filling(disk, *, at, stop=None, free=None):
    """Fill the disk at a step, make it free at a later one, and stop at one."""
    seen = []

    def see(step, _steps, _loss):
        seen.append(step)
        if step == at:
            fill(disk)
        if step == free:
            (disk / FILLER).unlink()

    return Watch(see=see, stop=lambda: bool(seen) and seen[-1] == stop)


def test_the_last_checkpoint_stays_and_the_run_goes_on_from_it_bit_by_bit(disk, tmp_path):
    straight = [result.loss for result in train(own(tmp_path), TEXT)]
    run = own(tmp_path, out=disk / "run")
    list(train(run, TEXT, Watch(stop=iter([False] * 9 + [True] * 99).__next__)))
    good = (disk / "run" / LATEST).read_bytes()
    first, second = train(run, TEXT, filling(disk, at=12, stop=20))
    assert first.state is second.state is RunState.INTERRUPTED
    assert first.detail == (
        "stopped at step 20; no checkpoint at step 20: No space left on device; "
        "the last is of step 9"
    )
    assert (disk / "run" / LATEST).read_bytes() == good
    assert not list((disk / "run").glob("*.tmp"))
    (disk / FILLER).unlink()
    steps = []
    watch = Watch(see=lambda step, _steps, _loss: steps.append(step))
    assert [result.loss for result in train(run, TEXT, watch)] == straight
    assert steps[0] == 10


def test_a_branch_whose_trunk_could_not_be_written_is_not_gone_on_with(disk, tmp_path):
    """Budgets of 31 and 62 steps: the first branch leaves the trunk at step 25."""
    straight = [result.loss for result in train(own(tmp_path), TEXT)]
    run = own(tmp_path, out=disk / "run", limits=Limits(save_every=0.0))
    watch = filling(disk, at=25, stop=28, free=26)
    assert next(train(run, TEXT, watch)).detail == "stopped at step 28"
    assert (disk / "run" / LATEST).exists()
    assert not (disk / "run" / TRUNK).exists()
    assert [result.loss for result in train(run, TEXT)] == straight


def test_a_loss_that_cannot_be_kept_is_unsaved_and_comes_again_when_there_is_space(disk, tmp_path):
    straight = [result.loss for result in train(own(tmp_path), TEXT)]
    run = own(tmp_path, out=disk / "run", limits=Limits(save_every=0.0))
    results = list(train(run, TEXT, filling(disk, at=12)))
    assert [result.loss for result in results] == straight
    assert {result.state for result in results} == {RunState.UNSAVED}
    assert "No space left on device; free some space" in results[0].detail
    assert any("the last is of step 11" in warning for warning in results[0].warnings)
    (disk / FILLER).unlink()
    assert [result.loss for result in train(run, TEXT)] == straight
    assert [result.loss for result in run_table.kept(disk / "run")] == straight
