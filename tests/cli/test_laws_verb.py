"""`autotune laws`: the catalogue as a table, as JSON, and one entry in full."""

import json

import pytest
from cli_run import run

from autotune.laws.catalogue import (
    ALLOCATIONS,
    FORMS,
    HYPERPARAMETER_FORMS,
    HYPERPARAMETERS,
    LEVERAGES,
    PRESETS,
)
from autotune.laws.record import names, of


def laws(*arguments):
    return run("laws", *arguments)


def test_the_table_names_everything_there_is():
    done = laws()
    assert done.returncode == 0
    for name in names():
        assert name in done.stdout
    assert "step2025-lr: lr = 1.79 N^-0.713 D^0.307  (Li et al. (2025))" in done.stdout
    row = next(line for line in done.stdout.splitlines() if line.startswith("abnar2025"))
    for said in ("abnar", "total", "experts", "S 0..0.95", "C 3e+19..1e+21", "Abnar et al. (2025)"):
        assert said in row


def test_the_json_catalogue_holds_every_record():
    catalogue = json.loads(laws("--json").stdout)
    assert [entry["name"] for entry in catalogue["presets"]] == list(PRESETS)
    assert [entry["name"] for entry in catalogue["forms"]] == list(FORMS)
    assert [entry["name"] for entry in catalogue["allocations"]] == list(ALLOCATIONS)
    assert [entry["name"] for entry in catalogue["leverages"]] == list(LEVERAGES)
    assert [entry["name"] for entry in catalogue["hyperparameters"]] == list(HYPERPARAMETERS)
    forms = [entry["name"] for entry in catalogue["hyperparameter_forms"]]
    assert forms == list(HYPERPARAMETER_FORMS)
    assert catalogue == json.loads(json.dumps(catalogue, allow_nan=False))


def test_names_are_unique_across_kinds():
    assert len(names()) == len(set(names()))


@pytest.mark.parametrize("name", names())
def test_every_entry_has_a_record_with_its_formula(name):
    entry = of(name)
    assert entry["name"] == name
    assert entry["formula"]
    assert entry["kind"].endswith("form") or entry["source"]["citation"]


def test_one_record_in_full():
    sheet = laws("besiroglu2024").stdout
    for said in ("L = E + A/N^alpha + B/D^beta", "2085.43 ± 1293.23", "arXiv:2404.10102",
                 "MassiveText", "6 N D", "57M..16.2B", "nats per token"):  # fmt: skip
        assert said in sheet


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("clark2022-hash", "fixed at 1.3e+11"),
        ("ludziejewski2025", "<= 2.7B"),
        ("kumar", "gamma_post"),
        ("zhao", "zhao2025"),
        ("llama2024-allocation", "16.55T"),
        ("tian2025", "log2 G"),
        ("step2025-lr", "embeddings not counted"),
        ("step-lr", "step2025-lr"),
        ("wan2026-batch", "derived"),
    ],
)
def test_a_sheet_shows_what_is_peculiar_to_the_entry(name, said):
    done = laws(name)
    assert done.returncode == 0
    assert said in done.stdout


def test_a_record_as_json_marks_ends_that_the_source_does_not_state():
    entry = json.loads(laws("ludziejewski2025", "--json").stdout)
    assert entry["source"]["range"]["n_active"] == [None, 2.7e9]
    assert entry["coefficients"]["omega"] == 0.5529
    assert entry["factors"]["n_experts"]


def test_an_unknown_entry_names_the_nearest_and_exits_with_2():
    done = laws("hofmann2022")
    assert done.returncode == 2
    assert "Did you mean 'hoffmann2022'?" in done.stderr
    assert done.stdout == ""
