"""One contract, run over every preset and the forms without: the promises of `ScalingLaw`."""

import runpy
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.laws.base import ScalingLaw
from autotune.laws.catalogue import FORMS, PRESETS
from autotune.laws.coupled import CoupledLaw
from autotune.laws.effective import EffectiveLaw
from autotune.laws.factors import FACTORS
from autotune.laws.interaction import InteractionLaw
from autotune.laws.kumar import KumarLaw
from autotune.laws.source import FittedRange

ROOT = Path(__file__).resolve().parents[2]
BENCHMARK = runpy.run_path(str(ROOT / "benchmarks/laws.py"), run_name="benchmark")
sample, BARE = BENCHMARK["sample"], BENCHMARK["BARE"]

# Kumar et al. printed no coefficients, and some forms were never published: these numbers are
# ours, only to exercise the forms.
INVENTED = replace(PRESETS["hoffmann2022"].source, where="invented for this test")
KUMAR = KumarLaw(
    A=400.0, alpha=0.35, B=2000.0, beta=0.37, E=1.8, gamma_w=2.5, gamma_a=2.2, gamma_kv=0.9,
    C_T=0.03, gamma_D=0.5, gamma_N=0.5, gamma_post=0.6,
    source=INVENTED,
)  # fmt: skip
EFFECTIVE = EffectiveLaw(E=1.8, A=400.0, alpha=0.35, t=0.4, B=2000.0, beta=0.37, source=INVENTED)
INTERACTION = InteractionLaw(
    E=1.8, A=400.0, alpha=0.35, t=0.4, B=2000.0, beta=0.37, C=-3e4, source=INVENTED
)
COUPLED = CoupledLaw(
    E=1.8, a=200.0, delta=0.6, c=150.0, h=2e4, alpha=0.35, B=2000.0, beta=0.37, source=INVENTED
)
LAWS = dict(PRESETS) | {
    f"{law.form} (invented)": law for law in (KUMAR, EFFECTIVE, INTERACTION, COUPLED)
}
INPUTS = ("n_active", "tokens", "sparsity")

every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
one_per_form = pytest.mark.parametrize(
    "law", {law.form: law for law in LAWS.values()}.values(), ids=lambda law: law.form
)


def as_arguments(x):
    return {"n_active": x.n, "tokens": x.d, "sparsity": x.s, **x.factors}


def difference(function, at, step):
    """Central difference, extrapolated once, of a vectorised function of one array."""

    def central(h):
        return (function(at + h) - function(at - h)) / (2 * h)

    return (4 * central(step / 2) - central(step)) / 3


def test_the_contract_covers_every_form_and_every_bare_expression_is_used():
    assert {law.form for law in LAWS.values()} == set(FORMS) == set(BARE)
    assert all(FORMS[law.form] is type(law) for law in LAWS.values())


@every_law
def test_loss_equals_the_formula_written_out_again(law):
    x = sample(law, 2000, seed=1)
    np.testing.assert_allclose(law.loss(**as_arguments(x)), BARE[law.form](law, x), rtol=1e-12)


@every_law
def test_gradient_by_every_input_matches_differences(law):
    values = as_arguments(sample(law, 200, seed=2))
    if not law.dense:  # leave room for a step down; a dense law has nowhere to step
        values["sparsity"] = 0.005 + 0.98 * values["sparsity"]
    loss, slopes = law.loss(**values), law.gradient(**values)
    for name in values.keys() - {"sparsity" if law.dense else ""}:
        at = values[name]
        room = 1 - at if name == "sparsity" else at
        measured = difference(lambda v, n=name: law.loss(**values | {n: v}), at, 1e-3 * room)
        scale = loss / room
        np.testing.assert_allclose(slopes[name] / scale, measured / scale, rtol=1e-6, atol=1e-10)


@every_law
def test_gradient_by_every_coefficient_matches_differences(law):
    values = as_arguments(sample(law, 100, seed=3))
    loss, slopes = law.loss(**values), law.gradient(**values)
    for name, value in law.coefficients.items():
        step = 1e-3 * abs(value) or 1e-3

        def moved(v, name=name):
            return replace(law, **{name: v}).loss(**values)

        measured = difference(moved, value, step)
        scale = loss / (abs(value) or 1.0)
        np.testing.assert_allclose(slopes[name] / scale, measured / scale, rtol=1e-6, atol=1e-9)


@every_law
def test_gradient_names_every_input_and_every_coefficient_and_nothing_else(law):
    slopes = law.gradient(**as_arguments(sample(law, 3)))
    assert set(slopes) == set(chain(INPUTS, law.factors, law.coefficient_names()))
    assert all(slope.shape == (3,) for slope in slopes.values())


@pytest.mark.parametrize("name", sorted(name for name, law in LAWS.items() if law.form != "clark"))
def test_signomial_equals_the_law(name):
    law = LAWS[name]
    x = sample(law, 500, seed=4)
    fixed = {name: float(values[0]) for name, values in x.factors.items()}
    n, d = x.n, x.d
    if law.form == "muennighoff":  # only without repetition
        d = np.minimum(d, fixed["unique_tokens"])
        n = np.minimum(n, law.unique_parameters(fixed["unique_tokens"]))
    np.testing.assert_allclose(
        law.signomial(**fixed).value(n, d, x.s), law.loss(n, d, x.s, **fixed), rtol=1e-12
    )


@one_per_form
def test_inputs_broadcast_together(law):
    x = sample(law, 12, seed=5)
    factors = {name: values[0] for name, values in x.factors.items()}
    grid = law.loss(x.n[:3, None], x.d[:4], x.s[:4], **factors)
    assert grid.shape == (3, 4)
    assert grid[2, 1] == pytest.approx(law.loss(x.n[2], x.d[1], x.s[1], **factors), rel=1e-15)
    slopes = law.gradient(x.n[:3, None], x.d[:4], x.s[:4], **factors)
    assert {slope.shape for slope in slopes.values()} == {(3, 4)}


@one_per_form
def test_coefficients_may_be_arrays_that_stand_for_many_laws(law):
    x = as_arguments(sample(law, 7, seed=6))
    spread = np.linspace(0.9, 1.1, 5)[:, None]
    many = replace(law, **{name: value * spread for name, value in law.coefficients.items()})
    loss, slopes = many.loss(**x), many.gradient(**x)
    assert loss.shape == (5, 7)
    assert {slope.shape for slope in slopes.values()} == {(5, 7)}
    for row, factor in enumerate(spread[:, 0]):
        one = replace(law, **{name: value * factor for name, value in law.coefficients.items()})
        np.testing.assert_allclose(loss[row], one.loss(**x), rtol=1e-12)
        for name, slope in one.gradient(**x).items():
            np.testing.assert_allclose(slopes[name][row], slope, rtol=1e-9, atol=1e-300)


@every_law
def test_a_dense_model_needs_no_sparsity(law):
    x = sample(law, 5, seed=7)
    at_zero = law.loss(x.n, x.d, 0.0, **x.factors)
    np.testing.assert_array_equal(law.loss(x.n, x.d, **x.factors), at_zero)


@every_law
def test_dense_laws_refuse_sparsity_and_sparse_laws_take_it(law):
    x = sample(law, 2, seed=8)
    if law.dense:
        with pytest.raises(InputError, match="dense law and cannot use sparsity"):
            law.loss(x.n, x.d, 0.5, **x.factors)
    else:
        moves = law.gradient(x.n, x.d, 0.5, **x.factors)["sparsity"] != 0
        assert (moves == law.reads_sparsity).all()


@every_law
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("n_active", 0.0, "n_active must be finite and > 0"),
        ("n_active", np.nan, "n_active must be finite and > 0"),
        ("tokens", -1.0, "tokens must be finite and > 0"),
        ("sparsity", 1.0, r"sparsity must be in \[0, 1\)"),
        ("sparsity", -0.1, r"sparsity must be in \[0, 1\)"),
    ],
)
def test_values_out_of_the_domain_are_refused(law, name, value, said):
    with pytest.raises(InputError, match=said):
        law.loss(**as_arguments(sample(law, 2)) | {name: value})


@every_law
def test_factors_are_neither_missing_nor_superfluous_nor_out_of_their_domain(law):
    x = as_arguments(sample(law, 2))
    with pytest.raises(InputError, match="does not use colour"):
        law.loss(**x, colour=1.0)
    for name in law.factors:
        with pytest.raises(InputError, match=f"{law.form} needs {name}"):
            law.loss(**{key: value for key, value in x.items() if key != name})
        with pytest.raises(InputError, match=f"{name} must be"):
            law.loss(**x | {name: -1.0})


def test_every_factor_of_a_law_has_one_documented_meaning():
    used = set(chain.from_iterable(form.factors for form in FORMS.values()))
    assert used == set(FACTORS)
    assert all(factor.meaning for factor in FACTORS.values())


def test_a_signomial_wants_one_number_for_each_factor():
    with pytest.raises(InputError, match="granularity must be one number here"):
        PRESETS["krajewski2024-moe"].signomial(granularity=np.array([1.0, 2.0]))


def test_clark_has_no_signomial_because_it_has_no_data_term():
    with pytest.raises(InputError, match="no data term that a budget could trade"):
        PRESETS["clark2022-hash"].signomial(n_experts=8)


@pytest.mark.parametrize("law", PRESETS.values(), ids=PRESETS.keys())
def test_every_preset_says_where_it_is_from_and_what_it_means(law):
    source = law.source
    assert "arXiv:" in source.citation
    for text in (source.where, source.n, source.sparsity, source.flops, source.corpus):
        assert text
    assert source.loss_unit
    assert law.formula.startswith(("L = ", "log10 L = "))
    assert set(source.standard_errors) <= set(law.coefficients)
    assert set(source.range.factors) <= set(law.factors)
    for low, high in source.range.limits().values():
        assert 0 <= low <= high
    if law.dense:
        assert source.sparsity == "none"


def test_the_presets_are_those_of_the_catalogue():
    names = """kaplan2020 hoffmann2022 hoffmann2022-unrounded besiroglu2024 frantar2023-t5
        frantar2023-vit clark2022-sbase clark2022-rlr clark2022-hash krajewski2024-moe
        krajewski2024-dense abnar2025 ludziejewski2025 zhao2025 muennighoff2023 generalized-dense
        generalized-pruning generalized-moe generalized-2025-08 generalized-pruning-inferred
        generalized-moe-inferred"""
    assert list(PRESETS) == names.split()
    assert all(isinstance(law, ScalingLaw) for law in PRESETS.values())


@given(low=st.floats(1e6, 1e9), width=st.floats(1, 1e3), value=st.floats(1e3, 1e15))
def test_times_outside_is_one_inside_and_the_ratio_to_the_nearer_limit_outside(low, width, value):
    seen = FittedRange(tokens=(low, low * width))
    times = float(seen.times_outside(tokens=value, n_active=1e9)["tokens"])
    if low <= value <= low * width:
        assert times == 1
    else:
        assert times == pytest.approx(max(low / value, value / (low * width)))


def test_times_outside_compares_sparsity_by_the_expansion_and_leaves_out_what_is_not_stated():
    seen = FittedRange(sparsity=(0, 0.98), n_active=(0, 2.7e9), factors={"granularity": (1, 16)})
    times = seen.times_outside(sparsity=[0.5, 0.99], n_active=1.0, granularity=32, tokens=1e30)
    np.testing.assert_allclose(times["sparsity"], [1, 2])
    assert times["n_active"] == 1
    assert times["granularity"] == 2
    assert "tokens" not in times


def test_an_unknown_preset_names_the_nearest():
    from autotune.laws.catalogue import preset

    with pytest.raises(InputError, match="Did you mean 'abnar2025'"):
        preset("abnar2024")


@given(bits=st.floats(1, 64), more=st.floats(0.1, 64))
def test_more_bits_never_hurt_and_many_bits_are_full_precision(bits, more):
    def loss(each):
        return KUMAR.loss(1e9, 2e10, **dict.fromkeys(KUMAR.factors, each))

    assert loss(bits + more) <= loss(bits)
    full = KUMAR.E + KUMAR.A * 1e9**-KUMAR.alpha + KUMAR.B * 2e10**-KUMAR.beta
    assert loss(1e6) == pytest.approx(full, rel=1e-12)


def test_longer_training_can_hurt_a_model_that_is_quantised_afterwards():
    bits = dict.fromkeys(KUMAR.factors, 16.0)
    slopes = KUMAR.gradient(1e8, [1e10, 1e13], **bits | {"bits_post": 2.0})["tokens"]
    assert slopes[0] < 0 < slopes[1]
