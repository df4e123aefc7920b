"""What is expected once runs have ended: the regret that is left, and the band of best sizes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotune.suggestion import regret
from autotune.suggestion.belief import Belief
from autotune.suggestion.outlook import Outlook, shares
from autotune.types import Floats


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected once runs have ended.

    Attributes:
        regret: Expected regret, in log loss.
        low: How far the log of the least likely best size lies below the middle one.
        high: How far it lies above.
    """

    regret: float
    low: float
    high: float


def expect(state: Outlook, belief: Belief, picks: Sequence[int]) -> Expected:
    """What is expected after runs of candidates: the draws, moved and drawn closer.

    Each simulated future has the deviations of the draws now, mapped so that their covariance is
    that of the future (an ensemble square-root filter: Tippett et al. 2003), around its mean.

    Args:
        state: The state now.
        belief: What is known now.
        picks: Indices of candidates.
    """
    end = state
    for x in picks:
        end = end.after(x)
    p, log_size = state.n_places, np.log(belief.choices.n_active)
    spread = []
    for i, view in enumerate(belief.views):
        off = view.log_loss - view.log_loss.mean(axis=0)
        spread.append(off @ _closer(state.cov[i, p:, p:], end.cov[i, p:, p:]))
    weight = shares(end.log_weight)
    found = []
    for m in range(len(state.truth)):
        ensembles = [end.mean[i, m, p:] + each for i, each in enumerate(spread)]
        found.append(regret.standing(ensembles, weight[:, m], log_size))
    middle = np.array([each.middle for each in found])
    ends = np.array([each.limits() for each in found])
    return Expected(
        regret=float(np.mean([each.regret for each in found])),
        low=float(np.mean(middle - ends[:, 0])),
        high=float(np.mean(ends[:, 1] - middle)),
    )


def _closer(before: Floats, after: Floats) -> Floats:
    """The linear map that gives deviations of covariance `before` the covariance `after`."""
    values, vectors = np.linalg.eigh(before)
    kept = values > values.max() * 1e-9
    white = vectors[:, kept] / np.sqrt(values[kept])
    inner, turned = np.linalg.eigh(white.T @ after @ white)
    half = white @ turned * np.sqrt(np.clip(inner, 0.0, 1.0))
    return np.asarray(half @ turned.T @ (vectors[:, kept] * np.sqrt(values[kept])).T)
