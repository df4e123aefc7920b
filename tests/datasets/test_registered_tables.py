"""The registered tables are what they say: their originals, rows, columns and numbers."""

import csv
import hashlib
import re

import numpy as np
import pytest

from autotune.datasets.convert import CONVERTERS
from autotune.datasets.fetch import fetch
from autotune.datasets.registry import DATASETS, dataset
from autotune.errors import InputError
from autotune.runs.read import read

pytestmark = pytest.mark.usefixtures("cache")

HEX = re.compile(r"[0-9a-f]+")


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("name", DATASETS)
def test_an_entry_can_be_cited_fetched_and_checked(name):
    entry = DATASETS[name]
    assert re.search(r"arXiv:\d{4}\.\d{5}", entry.citation)
    assert entry.licence
    assert entry.loss_unit
    assert entry.traps
    assert bool(entry.originals) == (name in CONVERTERS)
    for original in entry.originals:
        assert len(original.sha256) == 64
        assert HEX.fullmatch(original.sha256)
        for place in original.places:
            assert len(place.commit) == 40
            assert HEX.fullmatch(place.commit)
            start = f"https://raw.githubusercontent.com/{place.repository}/{place.commit}/"
            assert place.url.startswith(start)
            assert re.fullmatch(r"[\x21-\x7e]+", place.url)
    assert len({original.file_name for original in entry.originals}) == len(entry.originals)


def test_an_odd_file_name_is_quoted_in_its_url():
    urls = [original.places[0].url for original in DATASETS["gadre2024_c4"].originals]
    assert any(url.endswith("/c4_original-d%3D96_l%3D8_h%3D4-0.25.json") for url in urls)


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(InputError, match="Did you mean 'chinchilla_epoch'"):
        dataset("chinchila")


@pytest.mark.parametrize("name", [name for name, entry in DATASETS.items() if entry.originals])
def test_the_originals_at_hand_are_the_registered_ones(name, public):
    entry = DATASETS[name]
    files = [public / entry.folder / original.file_name for original in entry.originals]
    if not files[0].is_file():
        pytest.skip(f"{files[0]} is not there")
    for file, original in zip(files, entry.originals, strict=True):
        assert hashlib.sha256(file.read_bytes()).hexdigest() == original.sha256


ROWS = {
    "chinchilla_epoch": 245,
    "routed_clark2022": 223,
    "gadre2024_c4": 34,
    "frantar2023_t5": 48,
    "frantar2023_vit": 112,
    "joint_moe_part": 148,
}


@pytest.mark.parametrize("name", DATASETS)
def test_a_table_has_the_rows_and_columns_that_are_listed(name, public):
    table = fetch(DATASETS[name], folder=public).path
    found = rows_of(table)
    assert len(found) == ROWS[name] == DATASETS[name].n_rows
    assert tuple(found[0]) == DATASETS[name].columns


# T5 predicts masked spans, which costs less than next tokens; Clark's lines 30 and 69 are
# two runs of one configuration, 3.5 % apart, and its wide dense baselines state top_k.
SAID = {
    "frantar2023_t5": ["another unit or task is suspected"],
    "routed_clark2022": ["top_k above 1", "line 30 has 2.4686 and line 69 2.5554"],
}


@pytest.mark.parametrize("name", DATASETS)
def test_a_table_is_read_without_a_suspicion_that_is_not_true(name, public):
    found = read(fetch(DATASETS[name], folder=public).path)
    assert len(found.table) == ROWS[name]
    said = SAID.get(name, [])
    assert len(found.warnings) == len(said), found.warnings
    for warning, part in zip(found.warnings, said, strict=True):
        assert part in warning


@pytest.mark.parametrize("name", ["chinchilla_epoch", "routed_clark2022"])
def test_converted_originals_are_the_normalised_table_to_its_printed_digits(name, public, cache):
    """The tables were normalised independently and printed with nine or ten digits."""
    got = fetch(DATASETS[name], folder=public)
    assert got.path.is_relative_to(cache)
    ours, theirs = rows_of(got.path), rows_of(public / name / "runs.csv")
    for mine, given in zip(ours, theirs, strict=True):
        assert list(mine) == list(given)
        for column, text in given.items():
            if mine[column] != text:
                assert float(mine[column]) == pytest.approx(float(text), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "unit", "steps", "per_step"),
    [
        ("frantar2023_t5", 169_869_312, "steps", 65_536),
        ("frantar2023_vit", 84_934_656, "tokens", 1),
    ],
)
def test_pruned_sizes_and_tokens_follow_from_scale_sparsity_and_steps(
    name, unit, steps, per_step, public
):
    path = fetch(DATASETS[name], folder=public).path
    found = read(path)
    given = {column: np.array([float(row[column]) for row in rows_of(path)])
             for column in ("scale", "sparsity", steps)}  # fmt: skip
    np.testing.assert_allclose(found.table.n_total, unit * given["scale"], rtol=1e-15)
    np.testing.assert_allclose(found.table.sparsity, given["sparsity"], atol=1e-15)
    np.testing.assert_allclose(found.table.tokens, given[steps] * per_step)


def test_the_first_t5_run_is_that_of_the_published_file(public):
    """Row 0 of t5-data.csv: sparsity 0, scale 1/128, 250,000 steps, loss 3.1256396912691886."""
    first = rows_of(fetch(DATASETS["frantar2023_t5"], folder=public).path)[0]
    assert float(first["n_active"]) == float(first["n_total"]) == 169_869_312 / 128
    assert float(first["tokens"]) == 250_000 * 65_536
    assert first["loss"] == "3.1256396912691886"


def test_clarks_main_grid_has_its_163_runs_and_one_token_count(public):
    found = read(fetch(DATASETS["routed_clark2022"], folder=public).path, where="main_grid == 1")
    assert len(found.table) == 163
    assert sorted(set(found.table.tokens / (256 * 2048))) == [248_000, 249_000, 250_000]


def test_besiroglus_240_runs_are_those_that_are_no_outliers(public):
    path = fetch(DATASETS["chinchilla_epoch"], folder=public).path
    kept = read(path, where="besiroglu_outlier == 0")
    assert len(kept.table) == 240
    dropped = read(path, where="besiroglu_outlier == 1").table
    ratio = kept.table.tokens / kept.table.n_active
    assert (dropped.tokens / dropped.n_active).max() < ratio.min()
