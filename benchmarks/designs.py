"""Designs of runs for forms that no public table feeds, shaped like those of their papers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import TypeAlias

import numpy as np
from planted import PLANTED, planted

from autotune.fitting.runs import RunTable
from autotune.types import Floats

Levels: TypeAlias = Floats | Sequence[float]

NOISE = 0.006
"""Standard deviation of log losses; the public tables have 0.003 to 0.03."""

FULL = {"n_experts": 1.0, "granularity": 8.0, "top_k": 4.0, "shared_share": 0.25,
        "unique_tokens": 1e18, "bits_weights": 16.0, "bits_activations": 16.0, "bits_kv": 16.0,
        "bits_post": 16.0}  # fmt: skip
"""Where the optimum is asked for: one expert, full precision, nothing repeated."""


def grid(form: str, *, n_active: Levels, tokens: Levels, **factors: Levels) -> RunTable:
    """Every combination of the levels, as runs of dense models of the form's planted law."""
    columns: list[Floats] = list(np.array(list(product(n_active, tokens, *factors.values()))).T)
    n, d = columns[:2]
    levels = dict(zip(factors, columns[2:], strict=True))
    return RunTable(
        n_active=n,
        n_total=n,
        tokens=d,
        loss=PLANTED[form].loss(n, d, 0.0, **levels),
        flops=6 * n * d,
        weight=np.ones(len(n)),
        factors=levels,
        lines=np.arange(2, len(n) + 2),
        name=form,
    )


def _krajewski() -> RunTable:
    return grid(
        "krajewski",
        n_active=np.geomspace(1.29e8, 3.7e9, 5),
        tokens=np.geomspace(1.6e10, 1.3e11, 4),
        granularity=(1, 2, 4, 8, 16),
    )


def _ludziejewski() -> RunTable:
    return grid(
        "ludziejewski",
        n_active=np.geomspace(3e7, 2.7e9, 6),
        tokens=np.geomspace(2e9, 1e11, 5),
        n_experts=(1, 2, 4, 8, 16, 32),
    )


def _muennighoff() -> RunTable:
    """Up to 64 epochs of 1e8 to 1e10 unique tokens; one run without repetition each."""
    sizes, unique, epochs = np.geomspace(1e7, 8e9, 6), np.geomspace(1e8, 1e10, 4), (1, 2, 4, 16, 64)
    runs = grid("muennighoff", n_active=sizes, tokens=epochs, unique_tokens=unique)
    tokens = runs.tokens * runs.factors["unique_tokens"]
    return replace(runs, tokens=tokens, flops=6 * runs.n_active * tokens)


DESIGNS: Mapping[str, Callable[[], RunTable]] = {
    "krajewski": _krajewski,
    "ludziejewski": _ludziejewski,
    "muennighoff": _muennighoff,
    "zhao": lambda: planted(PLANTED["zhao"], size=240),
    "kumar": lambda: planted(PLANTED["kumar"], size=240),
}
