"""Whether a warp of the inputs makes the values clearly likelier, and which."""

import numpy as np
from scipy.optimize import minimize

from autotune.search.native.gaussian import bounds, costs, detrended
from autotune.search.native.hyper import Data, Prior
from autotune.search.native.input_warp import InputWarp
from autotune.search.native.replicates import Ints
from autotune.search.native.trend import Trend
from autotune.types import Floats

SIGMA, MOST = 1.0, 3.0  # of log a and log b: their deviation before any value, and their largest
LOOKED, ROUNDS = 10, 30  # rounds that show whether much is gained, and those that follow then
PROMISING = 0.25  # of what must be gained
VALUES, DISTINCT = 4, 4  # values told per axis, and different features along it, to look at all


def movable(data: Data) -> Ints:
    """The features that a warp may move: numbers from 0 to 1 of a few different values."""
    own = data.x[:, : len(data.owner)]
    alone = np.bincount(data.owner)[data.owner] == 1
    several = [len(np.unique(column)) >= DISTINCT for column in own.T]
    return np.flatnonzero(alone & (own.max(axis=0) <= 1) & several)


def warped_inputs(
    data: Data, prior: Prior, vector: Floats, trend: Trend
) -> tuple[Floats, InputWarp] | None:
    """The log hyperparameters with a warp, and the warp; None if the values ask for none.

    They do if the log posterior rises by more than log n for each axis: its half for each of the
    two shapes (Schwarz 1978), beside what their prior takes.

    Args:
        data: Points and warped values.
        prior: Of the hyperparameters.
        vector: The likeliest log hyperparameters without a warp.
        trend: How the last columns of the points enter the mean.
    """
    axes = movable(data)
    if not len(axes) or len(data.y) < VALUES * len(axes):
        return None
    left, p = detrended(data, trend), len(vector)

    def descent(both: Floats) -> tuple[float, Floats]:
        warp, logs = InputWarp.of(axes, both[p:]), both[p:] / SIGMA
        total, by_vector, by_feature = costs(both[:p], left.seen_by(warp), prior)
        by_logs = warp.by_logs(left.x[:, : len(data.owner)])
        by_shape = [(by_feature[:, axes] * each).sum(axis=0) for each in by_logs]
        gradient = np.concatenate([by_vector, np.concatenate(by_shape) + logs / SIGMA])
        return total + 0.5 * float(logs @ logs), gradient

    ranges = bounds(data) + [(-MOST, MOST)] * (2 * len(axes))
    at, needed = np.concatenate([vector, np.zeros(2 * len(axes))]), len(axes) * np.log(len(data.y))
    before = descent(at)[0]
    for rounds, share in ((LOOKED, PROMISING), (ROUNDS, 1.0)):
        found = minimize(
            descent, at, jac=True, method="L-BFGS-B", bounds=ranges, options={"maxiter": rounds}
        )
        if before - found.fun < share * needed:
            return None
        at = found.x
    return at[:p], InputWarp.of(axes, at[p:])
