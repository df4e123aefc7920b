"""The best split of a budget, fitted to runs: points of least loss, and power laws of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from autotune import checks
from autotune.fitting.grid_bias import GridBias
from autotune.fitting.runs import RunTable
from autotune.laws.allocation import Power
from autotune.types import Floats, FloatsLike, Interval

AHEAD = 10.0
"""How far beyond the largest budget a result predicts, as a factor of compute."""

MOST_DROPPED = 0.02
MOST_SPARSITY = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationSettings:
    """How to look for the best split.

    Attributes:
        n: Which parameters N counts.
        tolerance: How far, relatively, the FLOPs of runs of one budget may lie from its middle.
        bootstrap: Resamples for intervals; 0 for none.
        level: Coverage of the intervals.
        seed: Seed of the resamples.
    """

    n: Literal["active", "total"] = "active"
    tolerance: float = 0.1
    bootstrap: int = 1000
    level: float = 0.95
    seed: int = 0

    def size(self, table: RunTable) -> Floats:
        """The N of each run, shape (n,)."""
        return table.n_active if self.n == "active" else table.n_total


DEFAULTS = AllocationSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationPoint:
    """Where the loss of one budget is least.

    Attributes:
        flops: The budget C.
        size: N of least loss.
        tokens: D at that N and C.
        loss: The loss there, nats per token.
        n_runs: Runs it comes from.
        sampled: Smallest and largest N among them.
        label: The run it is, where it is one: a group's name, or a line of the file.
        flag: Why the power laws leave it out; empty if they use it.
    """

    flops: float
    size: float
    tokens: float
    loss: float
    n_runs: int
    sampled: Interval
    label: str = ""
    flag: str = ""

    @property
    def offset(self) -> float:
        """How far above the middle of the sampled sizes N lies, in widths of their log range."""
        low, high = np.log(self.sampled)
        return float((np.log(self.size) - (low + high) / 2) / (high - low)) if high > low else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """The best split of one budget; without resamples the interval is empty.

    Attributes:
        flops: The budget.
        size: Best N.
        tokens: Best D.
        interval: Limits of `size` and `tokens` by name.
    """

    flops: float
    size: float
    tokens: float
    interval: Mapping[str, Interval]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationFit:
    """Power laws of the best N and D over compute, and the evidence to judge them.

    Attributes:
        method: `isoflop` or `envelope`.
        how: What was done, in one clause.
        settings: How it was done.
        n_runs: Runs in the table.
        points: The budgets, those left out of the power laws included, least compute first.
        size: N = k_N C^a.
        tokens: D = k_D C^b.
        draws: a, ln k_N, b, ln k_D of the resamples, shape (draws, 4); empty without them.
        interval_method: How the draws were made, or `none`.
        bias: What the grids do to a known law; None where nothing tells.
        caveats: What stands between the result and its use, one sentence each.
        warnings: What else a user must know.
    """

    method: Literal["isoflop", "envelope"]
    how: str
    settings: AllocationSettings
    n_runs: int
    points: tuple[AllocationPoint, ...]
    size: Power
    tokens: Power
    draws: Floats
    interval_method: str
    bias: GridBias | None = None
    caveats: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def used(self) -> tuple[AllocationPoint, ...]:
        """The points that the power laws go through."""
        return tuple(point for point in self.points if not point.flag)

    @property
    def coefficients(self) -> dict[str, float]:
        """a, k_N, b and k_D by name."""
        laws = {"N": self.size, "D": self.tokens}
        named = zip("ab", laws.items(), strict=True)
        return {
            name: value
            for exponent, (what, power) in named
            for name, value in ((exponent, power.exponent), (f"k_{what}", _scale(power)))
        }

    @property
    def interval(self) -> dict[str, Interval]:
        """Limits by coefficient at `settings.level`; empty without draws."""
        values = self.draws.copy()
        values[:, 1::2] = np.exp(values[:, 1::2])
        return dict(zip(self.coefficients, self._limits(values), strict=False))

    def at(self, flops: float) -> Predicted:
        """The best split of a budget in FLOPs.

        Raises:
            InputError: If flops are not > 0.
        """
        c = float(checks.positive("flops", flops, hint="A budget is in FLOPs, not FLOP/s."))
        ends = self.draws[:, 1::2] + self.draws[:, ::2] * np.log(c)
        return Predicted(
            flops=c,
            size=_scale(self.size) * c**self.size.exponent,
            tokens=_scale(self.tokens) * c**self.tokens.exponent,
            interval=dict(zip(("size", "tokens"), self._limits(np.exp(ends)), strict=False)),
        )

    @property
    def ahead(self) -> Predicted:
        """The best split of ten times the largest budget in use."""
        return self.at(AHEAD * max(point.flops for point in self.used))

    def __str__(self) -> str:
        head = f"{self.method}: {len(self.used)} of {len(self.points)} points, {self.n_runs} runs"
        sure = {name: f"  [{low:.4g}, {high:.4g}]" for name, (low, high) in self.interval.items()}
        rows = [f"  {k:<3}  {v:>10.4g}{sure.get(k, '')}" for k, v in self.coefficients.items()]
        return "\n".join([head, f"  {self.settings.level:.0%}, {self.interval_method}", *rows])

    def _limits(self, values: Floats) -> list[Interval]:
        if not len(values):
            return []
        tails = [(1 - self.settings.level) / 2, (1 + self.settings.level) / 2]
        ends = np.quantile(values, tails, axis=0, method="inverted_cdf")
        return [(float(low), float(high)) for low, high in ends.T]


def power(line: Floats) -> Power:
    """The power law of an exponent and the log of a coefficient, shape (2,)."""
    return Power(float(line[0]), float(np.exp(line[1])))


def log_lines(log_x: Floats, log_y: Floats) -> Floats:
    """Least-squares lines, each through what is finite.

    Args:
        log_x: Abscissae, shape (p,).
        log_y: Ordinates, shape (m, p); not-a-number where a point is left out.

    Returns:
        Slope and intercept, shape (m, 2); not-a-number where fewer than two points remain.
    """
    there = np.isfinite(log_y)
    count = np.maximum(there.sum(axis=1, keepdims=True), 1)
    y = np.where(there, log_y, 0.0)
    mean_x = np.where(there, log_x, 0.0).sum(axis=1, keepdims=True) / count
    mean_y = y.sum(axis=1, keepdims=True) / count
    dx = np.where(there, log_x - mean_x, 0.0)
    square = (dx**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.where(count[:, 0] > 1, (dx * (y - mean_y)).sum(axis=1) / square, np.nan)
    return np.stack([slope, mean_y[:, 0] - slope * mean_x[:, 0]], axis=1)


def settled(draws: Floats) -> tuple[Floats, tuple[str, ...]]:
    """The draws that have an estimate, and a warning if many have none."""
    good = np.isfinite(draws).all(axis=1)
    lost = 1 - good.mean() if len(draws) else 0.0
    said = f"{lost:.0%} of the resamples leave fewer than two points; intervals are rough."
    return draws[good], (said,) if lost > MOST_DROPPED else ()


def mixture(table: RunTable) -> tuple[str, ...]:
    """A caveat if the runs differ in more than N and D: one split cannot suit them all."""
    names = [name for name, values in table.factors.items() if np.ptp(values) > 0]
    if not table.factors and np.ptp(table.sparsity) > MOST_SPARSITY:
        names = ["sparsity"]
    if not names:
        return ()
    return (
        f"The runs differ in {', '.join(names)}, and the best N and D depend on that. "
        "Fit one kind at a time, with --where.",
    )


def flops_per_size_and_token(flops: FloatsLike, size: Floats, tokens: Floats) -> float:
    """The geometric mean of C/(N D) over runs: 6 where C = 6 N D."""
    return float(np.exp(np.mean(np.log(flops) - np.log(size) - np.log(tokens))))


def _scale(power: Power) -> float:
    return float(power.coefficient or np.nan)
