"""Batches of runs, one after the other: what adds most per FLOP, until the spend is gone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from autotune.suggestion.outlook import Outlook
from autotune.types import Floats

COPIES = (1, 2, 4)
"""Counts of replicates that a candidate's value is judged at.

The value of information is not concave: where one noisy run hardly changes a decision, four may
(Frazier and Powell 2010). So the best value per run over these counts is what it is ranked by.
"""

NOTHING = 1e-12
"""A fall of the regret, in log loss, below which candidates are ranked by the loss's variance."""

Criterion = Callable[[Outlook, int], Floats]


@dataclass(frozen=True, slots=True)
class Purse:
    """What is left to spend.

    Attributes:
        flops: FLOPs.
        runs: Runs; a run takes a place as well as FLOPs, so none is free.
    """

    flops: float
    runs: int

    def share(self, flops: Floats) -> Floats:
        """Which share of what is left each run takes: of FLOPs or of places, the larger one."""
        return np.maximum(flops / self.flops, 1 / self.runs)

    def less(self, flops: float) -> "Purse":
        """The same after a run."""
        return Purse(self.flops - flops, self.runs - 1)


def regret_fall(state: Outlook, copies: int) -> Floats:
    """The knowledge gradient: how far runs lower the expected regret further."""
    return state.gain(copies) - state.gain_so_far()


def d_optimal(state: Outlook, copies: int) -> Floats:
    """Information about all coefficients, whatever they are for."""
    return copies * state.information()


def greedy(
    state: Outlook,
    flops: Floats,
    purse: Purse,
    *,
    criterion: Criterion = regret_fall,
    once: bool = False,
) -> list[int]:
    """Choose runs until nothing more can be paid for.

    Args:
        state: What is known.
        flops: Cost of each candidate, shape (c,).
        purse: What may be spent.
        criterion: What a run is worth.
        once: Whether each candidate can be run at most once.
    """
    picks: list[int] = []
    while purse.runs:
        affordable = flops <= purse.flops
        if once:
            affordable[picks] = False
        if not affordable.any():
            break
        best = int(np.argmax(np.where(affordable, _worth(state, flops, purse, criterion), -np.inf)))
        picks.append(best)
        state, purse = state.after(best), purse.less(float(flops[best]))
    return picks


def _worth(state: Outlook, flops: Floats, purse: Purse, criterion: Criterion) -> Floats:
    """Value of each candidate per share of what is left."""
    share = purse.share(flops)
    counts: Sequence[int] = [each for each in COPIES if each <= purse.runs]
    values = np.stack(
        [
            np.where(each * flops <= purse.flops, criterion(state, each) / each, -np.inf)
            for each in counts
        ]
    ).max(axis=0)
    if values.max() <= NOTHING:
        values = state.closeness()
    return np.asarray(values / share)
