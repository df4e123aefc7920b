"""Laws of the best shape as a team's own runs give them, with their bands and their draws."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from autotune.laws.sparse_shape import Powered, Scale
from autotune.types import Floats, Interval

ShapeNumber: TypeAlias = Literal["M", "density", "expansion", "width", "lr", "batch_tokens"]
SHAPE_NUMBERS: tuple[ShapeNumber, ...] = (
    "M", "density", "expansion", "width", "lr", "batch_tokens",
)  # fmt: skip
LABELS: Mapping[ShapeNumber, str] = {
    "M": "M",
    "density": "M/N_a",
    "expansion": "N/N_a",
    "width": "d",
    "lr": "peak lr",
    "batch_tokens": "batch",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedPower:
    """A power law over C, and what it might have been.

    Attributes:
        formula: The law at the best estimate.
        draws: ln c and p of each resample, shape (count, 2); not-a-number where one gave none.
    """

    formula: Powered
    draws: Floats

    def value(self, flops: float) -> float:
        """Evaluate it at a budget in FLOPs."""
        return float(self.formula.value(np.asarray(flops)))

    def drawn(self, flops: float) -> Floats:
        """Its value in each resample, shape (count,)."""
        power = np.exp(self.draws[:, 0] + self.draws[:, 1] * np.log(flops))
        return self.formula.raised(power)


@dataclass(frozen=True, slots=True, kw_only=True)
class Banded:
    """The best value of a number, and both ends of where the loss is near its least.

    Attributes:
        best: The law of the best value.
        low: The law of the lower end.
        high: The law of the upper end.
        budgets: The budgets that they go through.
    """

    best: FittedPower
    low: FittedPower
    high: FittedPower
    budgets: tuple[float, ...]

    def band(self, flops: float) -> Interval:
        """Both ends at a budget in FLOPs."""
        return self.low.value(flops), self.high.value(flops)


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedShape:
    """All laws of one table of runs.

    Attributes:
        laws: By number; one that the runs do not settle is not there.
        n_experts: Routed experts of every run.
        top_k: Routed experts per token.
        n_shared: Shared experts.
        dense_ratio: Width of a dense feed-forward layer over the hidden size.
        seq_len: Tokens of a sequence.
        scales: The heads of each budget.
        flops: The least and the largest budget.
        tolerance: How far above its least the loss may be in a band, as a share.
        level: Coverage of intervals.
    """

    laws: Mapping[ShapeNumber, Banded]
    n_experts: int
    top_k: int
    n_shared: int
    dense_ratio: float
    seq_len: int
    scales: tuple[Scale, ...]
    flops: Interval
    tolerance: float
    level: float

    @property
    def max_expansion(self) -> float:
        """Upper bound of N/N_a, (E + shared)/(K + shared)."""
        return (self.n_experts + self.n_shared) / (self.top_k + self.n_shared)


def interval(draws: Floats, level: float) -> Interval | None:
    """Percentiles of draws, leaving out those that gave nothing; None if all did."""
    good = draws[np.isfinite(draws)]
    if not good.size:
        return None
    low, high = np.quantile(good, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
