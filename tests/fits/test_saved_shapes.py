"""Fits of the best shape on disk: nothing is lost, and no other verb takes them for a loss."""

import json

import numpy as np
import pytest
from made_surface import runs

from autotune.errors import InputError, StoreError
from autotune.fits import files
from autotune.fits.saved import SavedShape
from autotune.fitting.shape_fit import fit_shape
from autotune.fitting.shape_settings import ShapeSettings


@pytest.fixture(scope="module")
def made():
    found = fit_shape(runs(budgets=(1e18, 3e19), noise=3e-4)[1], ShapeSettings(bootstrap=5))
    return SavedShape(
        id="ours", shape=found.shape, data="runs.csv", data_hash="abc", n_runs=found.n_runs,
        weak=found.weak, warnings=found.warnings,
    )  # fmt: skip


def test_a_fit_reads_back_as_it_was_saved(made, tmp_path):
    files.save(made, tmp_path)
    for found in (files.load_shape("ours", tmp_path), files.find("ours", tmp_path)):
        assert found.shape.laws.keys() == made.shape.laws.keys()
        for number, law in made.shape.laws.items():
            back = found.shape.laws[number]
            assert back.budgets == law.budgets
            for end in ("best", "low", "high"):
                assert getattr(back, end).formula == getattr(law, end).formula
                assert np.array_equal(
                    getattr(back, end).draws, getattr(law, end).draws, equal_nan=True
                )
        assert found.shape.scales == made.shape.scales
        assert found.shape.flops == made.shape.flops
        assert (found.weak, found.warnings, found.n_runs) == (
            made.weak, made.warnings, made.n_runs,
        )  # fmt: skip


def test_a_resample_that_gave_nothing_stays_so(made, tmp_path):
    law = made.shape.laws["density"]
    law.best.draws[2] = np.nan
    files.save(made, tmp_path)
    back = files.load_shape("ours", tmp_path).shape.laws["density"].best.drawn(1e20)
    assert np.isnan(back).tolist() == [False, False, True, False, False]


def test_a_loss_is_not_read_from_a_shape(made, tmp_path):
    files.save(made, tmp_path)
    with pytest.raises(InputError, match="ours gives the best shape, and predicts no loss"):
        files.load("ours", tmp_path)


def test_a_shape_that_is_not_there_is_refused_with_how_to_make_it(tmp_path):
    with pytest.raises(InputError, match=r"no fit 'theirs' in .*design fit RUNS --save theirs"):
        files.load_shape("theirs", tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [({"format": 99}, "update autotune"), ({"laws": {"colour": {}}}, "a law of 'colour'"),
     ({"flops": None}, "is not a saved fit")],
)  # fmt: skip
def test_a_file_that_is_no_such_fit_is_refused(made, tmp_path, change, says):
    place = files.save(made, tmp_path)
    place.write_text(json.dumps(json.loads(place.read_text()) | change))
    with pytest.raises(StoreError, match=says):
        files.load_shape("ours", tmp_path)
