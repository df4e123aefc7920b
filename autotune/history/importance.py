"""How much each parameter matters: what a forest loses when it is shuffled.

Permutation importance (Breiman 2001, section 10) on trials that the forest has not seen, with
objectives as ranks: a few very bad trials would otherwise be all there is to explain.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotune.history.parameters import Column
from autotune.types import Floats

FOLDS = 5
SHUFFLES = 3
FEWEST = 20
"""Trials below which four fifths of them teach a forest nothing."""
MOST = 2000
"""Trials that are used, the latest: a forest of more says the same and takes longer."""


@dataclass(frozen=True, slots=True)
class Importance:
    """What parameters explain of the order of trials.

    Attributes:
        names: The parameters, most important first.
        share: Mean fall of R^2 when the parameter is shuffled, shape (n,).
        low: The least over the folds, shape (n,).
        high: The most, shape (n,).
        r2: R^2 of the forest on trials that it has not seen; at 0, it explains nothing.
        n_trials: How many trials it is from.
    """

    names: tuple[str, ...]
    share: Floats
    low: Floats
    high: Floats
    r2: float
    n_trials: int


def importance(columns: Sequence[Column], values: Floats, *, seed: int = 0) -> Importance | None:
    """Measure what each parameter explains; None with too few trials or no parameter.

    Args:
        columns: Parameters, each over n trials; not-a-number where one was not active.
        values: The objective of these trials, finite, shape (n,).
        seed: Of the folds, the forests and the shuffles.
    """
    if len(values) < FEWEST or not columns:
        return None
    from sklearn.ensemble import RandomForestRegressor

    x = np.stack([column.values for column in columns], axis=1)[-MOST:]
    y = _ranks(values[-MOST:])
    rng = np.random.default_rng(seed)
    fold = rng.permutation(len(y)) % FOLDS
    falls, scores = np.empty((FOLDS, len(columns))), np.empty(FOLDS)
    for k in range(FOLDS):
        seen, held = fold != k, fold == k
        forest = RandomForestRegressor(50, min_samples_leaf=2, random_state=seed, n_jobs=1)
        forest.fit(x[seen], y[seen])
        scores[k] = _r2(forest.predict(x[held]), y[held])
        for j in range(len(columns)):
            shuffled = np.repeat(x[held][None], SHUFFLES, axis=0)
            for one in shuffled:
                one[:, j] = rng.permutation(one[:, j])
            guess = forest.predict(shuffled.reshape(-1, x.shape[1])).reshape(SHUFFLES, -1)
            falls[k, j] = scores[k] - np.mean([_r2(each, y[held]) for each in guess])
    order = np.argsort(-falls.mean(axis=0), kind="stable")
    return Importance(
        tuple(columns[j].name for j in order), falls.mean(axis=0)[order], falls.min(axis=0)[order],
        falls.max(axis=0)[order], float(scores.mean()), len(y),
    )  # fmt: skip


def _ranks(values: Floats) -> Floats:
    """Ranks in (0, 1), equal values alike."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - (count - 1) / 2
    return np.asarray(middle[place] / len(values))


def _r2(predicted: Floats, observed: Floats) -> float:
    spread = float(((observed - observed.mean()) ** 2).sum())
    return 1 - float(((predicted - observed) ** 2).sum()) / spread if spread else 0.0
