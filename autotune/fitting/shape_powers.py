"""Power laws over budgets, through the best value and both ends of the band of each."""

from dataclasses import dataclass

import numpy as np

from autotune.architecture.sparse_constants import TRAINING_FLOPS
from autotune.laws.fitted_shape import Banded, FittedPower, ShapeNumber
from autotune.laws.sparse_shape import BoundedPower, Powered, RaisedPower
from autotune.types import Floats

FEWEST_BUDGETS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What one law goes through.

    Attributes:
        number: Which number.
        flops: Budgets, shape (m,).
        ends: Best value and both ends, shape (m, 3).
        draws: The same in each resample, shape (m, count, 3); not-a-number where it gave none.
    """

    number: ShapeNumber
    flops: Floats
    ends: Floats
    draws: Floats


def banded(points: Points, limit: float) -> Banded | None:
    """Fit the three laws; None where there are fewer than two budgets.

    Args:
        points: What they go through.
        limit: Upper bound of N/N_a.
    """
    if len(points.flops) < FEWEST_BUDGETS:
        return None
    laws = [
        _through(_bare(points.number, limit), points.flops, points.ends[:, i],
                 draws=points.draws[:, :, i])
        for i in range(3)
    ]  # fmt: skip
    if points.number in ("lr", "batch_tokens"):
        laws = _parallel(laws, points)
    return Banded(
        best=laws[0], low=laws[1], high=laws[2], budgets=tuple(float(c) for c in points.flops)
    )


def scatter(law: FittedPower, points: Points) -> float:
    """How far the best values lie from their law, in standard deviations of their draws.

    Root mean square over budgets: about 1 if only noise of the runs keeps them off it. Not a number
    where two budgets leave nothing over, or where a budget has no two different draws.
    """
    free = len(points.flops) - FEWEST_BUDGETS
    spread = np.array([_spread(law.formula.power(each)) for each in points.draws[:, :, 0]])
    if free < 1 or not (spread > 0).all():
        return float("nan")
    found, said = points.ends[:, 0], law.formula.value(points.flops)
    left = np.log(law.formula.power(found) / law.formula.power(said))
    return float(np.sqrt(((left / spread) ** 2).sum() / free))


def _spread(powers: Floats) -> float:
    """Standard deviation of the logarithms of those that are above 0."""
    good = powers[np.isfinite(powers) & (powers > 0)]
    return float(np.log(good).std()) if len(good) > 1 else float("nan")


def _bare(number: ShapeNumber, limit: float) -> Powered:
    if number == "density":
        return RaisedPower(c=1.0, p=0.0, floor=TRAINING_FLOPS)
    if number == "expansion":
        return BoundedPower(c=1.0, p=0.0, low=1.0, high=limit)
    return RaisedPower(c=1.0, p=0.0)


def _through(bare: Powered, flops: Floats, values: Floats, *, draws: Floats) -> FittedPower:
    """Least squares of ln of the power over ln C.

    Args:
        bare: The formula, whatever its coefficients.
        flops: Budgets, shape (m,).
        values: The number there, shape (m,).
        draws: The number in each resample, shape (m, count).
    """
    x = np.log(flops)
    slope_of = (x - x.mean()) / ((x - x.mean()) ** 2).sum()

    def line(powers: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.log(np.where(powers > 0, powers, np.nan))
        p = np.tensordot(slope_of, y, axes=1)
        return np.stack([y.mean(axis=0) - p * x.mean(), p], axis=-1)

    log_c, p = line(bare.power(values))
    formula = _with(bare, float(np.exp(log_c)), float(p))
    return FittedPower(formula=formula, draws=line(bare.power(draws)))


def _with(bare: Powered, c: float, p: float) -> Powered:
    if isinstance(bare, BoundedPower):
        return BoundedPower(c=c, p=p, low=bare.low, high=bare.high)
    return RaisedPower(c=c, p=p, floor=bare.floor)


def _parallel(laws: list[FittedPower], points: Points) -> list[FittedPower]:
    """Both ends with the exponent of the middle, which is the mean of theirs."""
    best = laws[0]
    x = float(np.log(points.flops).mean())
    found = [best]
    for i in (1, 2):
        height = np.log(points.ends[:, i]).mean()
        heights = np.log(points.draws[:, :, i]).mean(axis=0)
        p, drawn = best.formula.p, best.draws[:, 1]
        found.append(
            FittedPower(
                formula=RaisedPower(c=float(np.exp(height - p * x)), p=p),
                draws=np.stack([heights - drawn * x, drawn], axis=1),
            )
        )
    return found
