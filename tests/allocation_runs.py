"""Runs made for tests of the best split of compute."""

import numpy as np

from autotune.fitting.runs import RunTable


def table(n, tokens, loss, *, flops=None, n_total=None, **further):
    """A table from arrays; FLOPs are 6 N D unless given."""
    n, tokens, loss = (np.asarray(each, dtype=float) for each in (n, tokens, loss))
    return RunTable(
        n_active=n,
        n_total=n if n_total is None else n_total,
        tokens=tokens,
        loss=loss,
        flops=6 * n * tokens if flops is None else np.asarray(flops, dtype=float),
        weight=np.ones(len(n)),
        lines=np.arange(len(n)) + 2,
        **further,
    )


def isoflop_runs(loss_of, *, budgets, sizes, **further):
    """Runs of every budget on its sizes; `loss_of(c, n)` is their loss, `sizes(c)` the sizes."""
    rows = [(c, n, c / (6 * n)) for c in budgets for n in sizes(c)]
    c, n, d = (np.array(column) for column in zip(*rows, strict=True))
    return table(n, d, loss_of(c, n), flops=c, **further)


def bowl(a=0.5, k=0.1, curvature=0.05, floor=2.0):
    """A loss that is a parabola in ln N around N = k C^a at every budget."""
    return lambda c, n: (
        floor + 30 * c**-0.08 + curvature * (np.log(n) - np.log(k) - a * np.log(c)) ** 2
    )


def around(a=0.5, k=0.1, *, span=3.0, count=7, shift=1.0):
    """Sizes of a budget, log-spaced around a multiple of k C^a."""
    return lambda c: shift * k * c**a * np.geomspace(1 / span, span, count)
