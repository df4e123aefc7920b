"""Saved fits: what is read back is what was saved, and nothing is overwritten by accident."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from made_fits import RANGE, fit_of, saved

from autotune.errors import InputError, StoreError
from autotune.fits import files, record
from autotune.fits.saved import sourced
from autotune.fitting.result import FitStatus
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention
from autotune.laws.catalogue import FORMS, PRESETS


def same(left, right):
    """Equal in every field, arrays included."""
    for field in fields(left):
        a, b = getattr(left, field.name), getattr(right, field.name)
        assert type(a) is type(b), field.name
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b, field.name


@pytest.mark.parametrize("name", PRESETS)
def test_a_fit_of_every_form_is_read_back_bit_for_bit(tmp_path, name):
    law = PRESETS[name]
    law = replace(law, source=replace(law.source, range=RANGE))
    fit = saved(law=law, convention=Convention("total", "expert"), status=FitStatus.AT_BOUND)
    fit = replace(fit, place="/runs of mine.csv", where="tokens > 1B")
    files.save(fit, tmp_path)
    back = files.load("mine", tmp_path)
    same(replace(back, result=None), replace(fit, result=None))
    same(back.result, fit.result)


def test_a_fit_without_draws_or_with_infinite_condition_is_read_back_too(tmp_path):
    fit = saved(n_draws=0, condition=np.inf, interval={}, interval_methods={})
    text = files.save(fit, tmp_path).read_text()
    json.loads(text, parse_constant=pytest.fail)  # JSON has no Infinity
    back = files.load("mine", tmp_path).result
    assert back.draws.shape == (0, len(fit.law.coefficient_names()))
    assert back.condition == np.inf


def test_a_fit_saved_before_profiles_had_ends_has_none_and_plain_percentiles():
    document = record.to_json(saved())
    del document["tail"], document["ends"]
    back = record.from_json(document).result
    assert back.tail == pytest.approx(0.025)
    assert back.ends.shape == (0, len(back.law.coefficient_names()))


def test_a_fit_saved_before_there_was_an_emphasis_has_none():
    document = record.to_json(saved())
    del document["settings"]["emphasis"]
    assert record.from_json(document | {"format": 2}).result.settings.emphasis == 0


def test_saving_the_same_fit_again_changes_nothing_and_is_no_error(tmp_path):
    place = files.save(saved(), tmp_path)
    before = place.stat().st_mtime_ns
    files.save(saved(), tmp_path)
    assert place.stat().st_mtime_ns == before


def test_a_different_fit_does_not_overwrite_unless_forced(tmp_path):
    files.save(saved(), tmp_path)
    other = saved(objective_sum=2.0)
    with pytest.raises(StoreError, match=r"holds a different fit.*--force"):
        files.save(other, tmp_path)
    assert files.load("mine", tmp_path).result.objective_sum != 2.0
    files.save(other, tmp_path, force=True)
    assert files.load("mine", tmp_path).result.objective_sum == 2.0


def test_no_scratch_file_is_left_behind(tmp_path):
    files.save(saved(), tmp_path)
    with pytest.raises(StoreError):
        files.save(saved(n_runs=3), tmp_path)
    assert [path.name for path in (tmp_path / "fits").iterdir()] == ["mine.json"]
    assert files.names(tmp_path) == ["mine"]


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a b"])
def test_a_name_is_a_file_name(tmp_path, name):
    with pytest.raises(InputError, match="cannot name a fit"):
        files.save(saved(name), tmp_path)


@pytest.mark.parametrize("name", ["besiroglu2024", *FORMS])
def test_a_fit_cannot_take_the_name_of_a_published_law(tmp_path, name):
    with pytest.raises(InputError, match="is a law of the catalogue"):
        files.save(saved(name), tmp_path)


def test_a_fit_of_the_first_format_is_read_as_one_of_resampled_rows(tmp_path):
    place = files.save(saved("old"), tmp_path)
    document = json.loads(place.read_text())
    del document["interval_methods"]
    place.write_text(json.dumps(document | {"format": 1, "interval_method": "bootstrap"}))
    read = files.load("old", tmp_path).result
    assert read.interval_methods == {"alpha": "rows", "beta": "rows"}
    assert read.interval == saved("old").result.interval


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1, "law": 3}'])
def test_a_file_that_is_no_fit_is_named(tmp_path, text):
    place = tmp_path / "odd.json"
    place.write_text(text)
    with pytest.raises(StoreError, match=r"odd\.json is not a saved fit"):
        files.load_file(place)


def test_a_fit_of_a_newer_autotune_or_of_an_unknown_form_is_refused_for_that_reason(tmp_path):
    document = record.to_json(saved())
    place = tmp_path / "new.json"
    place.write_text(json.dumps(document | {"format": 99}))
    with pytest.raises(StoreError, match="format 99"):
        files.load_file(place)
    place.write_text(json.dumps(document | {"law": document["law"] | {"form": "tomorrow"}}))
    with pytest.raises(StoreError, match="'tomorrow'"):
        files.load_file(place)


def test_a_storage_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "fits").write_text("a file, not a folder")
    with pytest.raises(StoreError, match=r"cannot write .*--storage"):
        files.save(saved(), tmp_path)


def table(**columns):
    n = 3
    base = {
        "n_active": np.array([1e8, 2e8, 4e8]),
        "n_total": np.array([1e8, 4e8, 1.6e9]),
        "tokens": np.array([1e9, 2e9, 4e9]),
        "loss": np.full(n, 3.0),
        "flops": np.array([6e17, 2.4e18, 9.6e18]),
        "weight": np.ones(n),
        "lines": np.arange(2, 2 + n),
        "name": "our runs",
    }
    return RunTable(**(base | columns))


def test_the_source_of_a_fit_gains_the_hash_of_its_data_and_the_sparsity_of_its_runs():
    before = fit_of(PRESETS["besiroglu2024"]).law.source
    source = sourced(fit_of(PRESETS["besiroglu2024"]), table(), data_hash="abc").law.source
    assert source.where == "120 runs, SHA-256 abc"
    assert source.range.sparsity == (0.0, 0.75)
    assert source.range.tokens == before.range.tokens
    assert source.citation == before.citation


def test_the_range_of_expert_sparsity_is_left_as_it_was_fitted():
    result = fit_of(PRESETS["abnar2025"], convention=Convention("total", "expert"))
    source = sourced(result, table(), data_hash="abc").law.source
    assert source.range.sparsity == result.law.source.range.sparsity
