"""The table of released models, and the recorded comparison with what laws would have planned."""

import csv
import json
import runpy
from pathlib import Path

import pytest

from autotune.architecture.published import Sure
from autotune.errors import InputError
from autotune.laws.catalogue import PRESETS
from autotune.models import catalogue, trained
from autotune.planning import comparison, released
from autotune.quantities import parse_count

RECORD = Path(__file__).resolve().parents[2] / "results/reference/released_models"


SHAPES = runpy.run_path(str(RECORD.parents[2] / "benchmarks/released_shapes.py"), run_name="shapes")


def recorded():
    with (RECORD / "released_models.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("name", "flops", "within"),
    [
        ("gpt-3", 3.15e23, 1e-3), ("gopher", 5.0e23, 1e-2), ("chinchilla", 5.9e23, 1e-2),
        ("palm", 2.53e24, 1e-2), ("llama-7b", 4.0e22, 1e-2), ("llama-65b", 5.5e23, 1e-2),
        ("llama-2-70b", 8.4e23, 1e-2), ("llama-3-8b", 7.2e23, 1e-2),
        ("llama-3.1-405b", 3.79e25, 1e-3), ("pythia-12b", 2.1e22, 2e-2),
        ("deepseek-moe-16b", 3.4e22, 2e-2), ("deepseek-v2", 1.02e24, 1e-2),
        ("deepseek-v3", 3.2856e24, 1e-4), ("deepspeed-moe-1.3b", 2.3e21, 2e-2),
        ("olmoe-1b-7b", 4.0e22, 1e-2), ("qwen3-235b-a22b", 4.75e24, 1e-2),
        ("ling-mini-beta", 5.1e21, 1e-2), ("kimi-k2", 3.0e24, 1e-2),
    ],
)  # fmt: skip
def test_the_compute_of_each_model_is_six_times_active_times_tokens(name, flops, within):
    assert trained.find(name).flops == pytest.approx(flops, rel=within)


def test_reported_compute_is_within_a_fifth_of_the_estimate():
    """Gopher's own 5.76e23 is 14 % above 6 N D; the others lie closer."""
    for model in trained.models().values():
        if model.reported_flops:
            assert model.flops == pytest.approx(model.reported_flops, rel=0.15)


def test_every_model_has_a_source_and_says_how_sure_it_is():
    for model in trained.models().values():
        assert model.source
        assert isinstance(model.sure, Sure)
        assert 0 < model.n_active <= model.n_total
        assert 0 <= model.sparsity < 1
        assert (model.sparsity == 0) == (model.n_active == model.n_total)


@pytest.mark.parametrize(
    ("name", "sparsity"),
    [("deepseek-v3", 0.94486), ("kimi-k2", 0.969), ("mixtral-8x7b", 0.724), ("olmoe-1b-7b", 0.812),
     ("ling-mini-beta", 0.951), ("qwen3-30b-a3b", 0.892)],
)  # fmt: skip
def test_sparsities_are_those_of_the_parameter_counts(name, sparsity):
    assert trained.find(name).sparsity == pytest.approx(sparsity, abs=6e-4)


def test_no_model_is_described_twice():
    assert not set(catalogue.names()) & set(released.SIZES_ALONE)


@pytest.mark.parametrize("name", catalogue.names())
def test_a_model_with_a_shape_has_the_same_name_and_figures_in_a_plan(name):
    said, found = catalogue.read(name).published, trained.find(name)
    assert found.name == name
    assert (found.n_total, found.n_active) == tuple(map(parse_count, (said.total, said.active)))
    assert found.source == said.source
    assert (found.tokens is None) == (said.tokens is None)


@pytest.mark.parametrize("name", released.SIZES_ALONE)
def test_a_model_without_a_shape_is_not_counted_and_the_message_says_where_it_is(name):
    with pytest.raises(InputError, match=f"shape of {name} is not .* plan --like {name}"):
        catalogue.read(name)


def test_an_old_name_is_met_with_the_new_one():
    with pytest.raises(InputError, match=r"'olmoe'\. Did you mean 'olmoe-1b-7b'"):
        trained.find("olmoe")


def test_an_unknown_model_names_the_nearest():
    with pytest.raises(InputError, match="Did you mean 'deepseek-v3'"):
        trained.find("DeepSeekV3")


def test_a_model_whose_tokens_are_not_known_is_refused_for_that_reason():
    with pytest.raises(InputError, match="tokens of mixtral-8x7b are not known"):
        comparison.compare(trained.find("mixtral-8x7b"))


@pytest.mark.parametrize(
    ("law", "loss"),
    [
        ("generalized-2025-08", 1.8307),
        ("generalized-moe", 1.4688),
        ("generalized-moe-inferred", 1.4168),
        ("abnar2025", 1.6158),
        ("hoffmann2022", 1.8780),
    ],
)
def test_losses_at_what_deepseek_v3_trained(law, loss):
    model = trained.find("deepseek-v3")
    assert comparison.trained_loss(model, PRESETS[law]) == pytest.approx(loss, abs=6e-5)


def test_what_was_trained_never_beats_the_plan_of_the_same_law():
    for model in trained.models().values():
        if model.tokens is not None:
            for item in comparison.compare(model):
                assert item.trained_loss >= item.plan.loss * (1 - 1e-12)


def test_the_record_holds_every_known_model_with_every_law_that_applies():
    made = {
        (item.model.name, item.plan.law)
        for model in trained.models().values()
        if model.tokens is not None
        for item in comparison.compare(model)
    }
    assert {(row["model"], row["law"]) for row in recorded()} == made


def test_the_manifest_describes_the_record():
    manifest = json.loads((RECORD / "manifest.json").read_text())
    rows = recorded()
    assert manifest["rows"] == len(rows)
    assert manifest["laws"] == sorted({row["law"] for row in rows})
    assert manifest["models"] == list(dict.fromkeys(row["model"] for row in rows))
    assert manifest["seed"] is None
    assert set(manifest["versions"]) == {"autotune-llm", "numpy", "python"}
    assert manifest["commit"]


@pytest.mark.parametrize(
    ("digits", "layers", "dense", "width"), [("all", 13, 6, 6), ("4", 13, 6, 6), ("3", 10, 6, 4)]
)
def test_the_inverse_finds_released_shapes_from_three_counts(digits, layers, dense, width):
    """Those whose dense layers it misses have none, which the rule of rounding excludes."""
    rows = [row for row in SHAPES["records"]() if str(row["digits"]) == digits]
    same = [
        sum(row[f"found_{ours}"] == row[theirs] for row in rows)
        for ours, theirs in (
            ("layers", "n_layers"), ("dense", "n_dense_layers"), ("width", "expert_width"),
        )
    ]  # fmt: skip
    assert (len(rows), *same) == (13, layers, dense, width)
    assert all((row["found_dense"] == row["n_dense_layers"]) == bool(row["n_dense_layers"])
               for row in rows)  # fmt: skip
    with (RECORD / "inverse.csv").open() as file:
        kept = [row["reason"] for row in csv.DictReader(file) if row["digits"] == digits]
    assert kept == [row["reason"] for row in rows]
