"""A fitted law read on a model's own sizes predicts what the fit predicts for its runs."""

import numpy as np
import pytest

from autotune.fitting.as_read import as_read
from autotune.fitting.design import design
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention
from autotune.laws.catalogue import PRESETS

CONVENTIONS = [Convention("active"), Convention("total")]
LAWS = {law.form: law for law in PRESETS.values()}
every_form = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
every_convention = pytest.mark.parametrize("convention", CONVENTIONS, ids=["active", "total"])


def runs(law, n=40):
    rng = np.random.default_rng(3)
    n_active = 10 ** rng.uniform(7, 10, n)
    sparsity = rng.uniform(0, 0.95, n)
    free = 10 ** rng.uniform(9, 12, n)
    tokens = free if law.fixed_tokens is None else np.full(n, law.fixed_tokens)
    return RunTable(
        n_active=n_active,
        n_total=n_active / (1 - sparsity),
        tokens=tokens,
        loss=np.full(n, 3.0),
        flops=6 * n_active * tokens,
        weight=np.ones(n),
        factors={
            "n_experts": rng.integers(2, 64, n).astype(float),
            "granularity": rng.uniform(1, 8, n),
            "top_k": np.ones(n),
            "shared_share": rng.uniform(0, 0.5, n),
            "unique_tokens": tokens / 2,
        },
        lines=np.arange(2, n + 2),
    )


def arguments(law, table, rows=slice(None)):
    given = {name: table.factors[name][rows] for name in law.factors}
    sparsity = np.zeros_like(table.sparsity) if law.dense else table.sparsity
    return (table.n_active[rows], table.tokens[rows], sparsity[rows]), given


@every_convention
@every_form
def test_it_predicts_what_the_fit_predicts(law, convention):
    table = runs(law)
    read = as_read(law, convention)
    sizes, factors = arguments(read, table)
    expected = design(type(law), table, convention).loss(law)
    np.testing.assert_allclose(read.loss(*sizes, **factors), expected, rtol=1e-12)


@every_form
def test_under_the_other_convention_its_gradient_matches_differences(law):
    table = runs(law, n=20)
    read = as_read(law, CONVENTIONS[law.form not in ("abnar", "krajewski")])
    if read.dense or read is law:
        pytest.skip("the form reads both sizes")
    (n, d, s), factors = arguments(read, table)
    slopes = read.gradient(n, d, s, **factors)
    step = 1e-6
    by_n = read.loss(n * (1 + step), d, s, **factors) - read.loss(n * (1 - step), d, s, **factors)
    np.testing.assert_allclose(slopes["n_active"], by_n / (2 * step * n), rtol=1e-5, atol=1e-18)
    s = np.maximum(s, 0.01)
    slopes = read.gradient(n, d, s, **factors)
    by_s = read.loss(n, d, s + step, **factors) - read.loss(n, d, s - step, **factors)
    np.testing.assert_allclose(slopes["sparsity"], by_s / (2 * step), rtol=1e-5, atol=1e-9)


@every_convention
@pytest.mark.parametrize("name", ["besiroglu2024", "abnar2025", "generalized-moe"])
def test_its_signomial_is_the_law(name, convention):
    read = as_read(PRESETS[name], convention)
    (n, d, s), _ = arguments(read, runs(read))
    np.testing.assert_allclose(read.signomial().value(n, d, s), read.loss(n, d, s), rtol=1e-12)


def test_it_keeps_coefficients_source_and_form():
    law = PRESETS["abnar2025"]
    read = as_read(law, Convention("active"))
    assert (read.coefficients, read.source, read.form) == (law.coefficients, law.source, law.form)
    assert as_read(law, Convention("total")) is law
