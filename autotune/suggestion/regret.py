"""Expected regret: the loss lost by training what looks best instead of what is best.

The expected opportunity cost of ranking and selection (Chick and Inoue 2001), which is the
expected value of perfect information (Howard 1966). Losses are logarithms here, so regrets are
relative until they are multiplied by a loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotune.types import Floats, Interval

LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Standing:
    """What an ensemble of log losses says of the choices.

    Attributes:
        best: Index of the choice of least expected log loss.
        regret: Expected log loss above that of the truly best choice, >= 0.
        log_loss: Expected log loss of the best choice.
        optimum: Log of the best size by draw and law, concatenated.
        share: Weight of each of them.
        losses: Limits of the log loss of the best choice, at `LEVEL`.
    """

    best: int
    regret: float
    log_loss: float
    optimum: Floats
    share: Floats
    losses: Interval

    @property
    def middle(self) -> float:
        """The median of the log of the best size."""
        return quantiles(self.optimum, self.share, 0.0)[0]

    def limits(self, level: float = LEVEL) -> Interval:
        """Limits of the log of the best size."""
        return quantiles(self.optimum, self.share, level)


def standing(ensembles: Sequence[Floats], weights: Floats, log_size: Floats) -> Standing:
    """Judge the choices.

    Args:
        ensembles: Log losses of each law, shape (draws, choices) each.
        weights: Of the laws, shape (laws,).
        log_size: Log of each choice's active parameters, shape (choices,).
    """
    expected = sum(w * each.mean(axis=0) for w, each in zip(weights, ensembles, strict=True))
    least = sum(w * each.min(axis=1).mean() for w, each in zip(weights, ensembles, strict=True))
    best = int(np.argmin(expected))
    share = np.concatenate(
        [np.full(len(e), w / len(e)) for w, e in zip(weights, ensembles, strict=True)]
    )
    return Standing(
        best=best,
        regret=max(float(expected[best] - least), 0.0),
        log_loss=float(expected[best]),
        optimum=np.concatenate([log_size[each.argmin(axis=1)] for each in ensembles]),
        share=share,
        losses=quantiles(np.concatenate([e[:, best] for e in ensembles]), share, LEVEL),
    )


def quantiles(values: Floats, share: Floats, level: float) -> Interval:
    """Limits that leave (1 - level)/2 of the weight beyond each."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(share[order]) / share.sum()
    tail = (1 - level) / 2
    low, high = np.searchsorted(below, [tail, 1 - tail])
    last = len(values) - 1
    return float(values[order[min(low, last)]]), float(values[order[min(high, last)]])
