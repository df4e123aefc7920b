"""Runs of a planted law, and what they say of a target, for tests of suggestions."""

from functools import cache

import numpy as np
from planted import planted as runs_of

from autotune.fitting.candidates import Wanted
from autotune.laws.catalogue import PRESETS
from autotune.suggestion.belief import believe
from autotune.suggestion.grid import candidates
from autotune.suggestion.layouts import layouts
from autotune.suggestion.limits import Limits
from autotune.suggestion.outlook import outlook
from autotune.suggestion.target import choices

TARGET = 1e24
LARGEST = 1e21
TRUTH = PRESETS["besiroglu2024"]


def few_runs(*, size=14, noise=0.004, seed=0, truth=TRUTH):
    """Small runs of a law: none costs more than 3e20 FLOPs."""
    table = runs_of(truth, noise=noise, seed=seed, size=400)
    small = np.flatnonzero(table.flops <= 3e20)
    return table.take(small[:size])


@cache
def made(*, laws=("hoffmann",), size=14, seed=0):
    """A belief, the runs on offer, and the state of knowledge."""
    table = few_runs(size=size, seed=seed)
    kinds = layouts(table)
    belief = believe(table, choices(table, kinds, TARGET), wanted=Wanted(forms=laws), seed=seed)
    offered = candidates(table, kinds, Limits(smallest=1e18, largest=LARGEST))
    return belief, offered, outlook(belief, offered, seed=seed)
