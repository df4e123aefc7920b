"""Hoffmann's approach 1: the runs of least loss over compute, and power laws through them."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autotune.errors import FitError, InputError
from autotune.fitting.allocation import (
    DEFAULTS,
    AllocationFit,
    AllocationPoint,
    AllocationSettings,
    log_lines,
    mixture,
    power,
    settled,
)
from autotune.fitting.budgets import SAME_COMPUTE, distinct, numbered
from autotune.fitting.identify import SAME
from autotune.fitting.runs import RunTable
from autotune.types import Floats

COMPUTES = 1500
"""Log-spaced computes at which curves are compared, as in the paper."""

FEWEST_ON_ENVELOPE = 3
SMALLEST, LARGEST, ONLY = "the smallest size here", "the largest size here", "the only size here"

Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rows:
    """Finished runs, least compute first and then least loss: arrays of shape (n,).

    Computes that differ by rounding are one (`SAME_COMPUTE`), so of its runs the best comes first.

    Attributes:
        log_c: ln of their compute.
        loss: Their losses.
        log_d: ln of their tokens.
        size: Their N.
    """

    log_c: Floats
    loss: Floats
    log_d: Floats
    size: Floats

    def take(self, rows: NDArray[np.int64]) -> "Rows":
        """Some of the runs, in the same order."""
        return Rows(self.log_c[rows], self.loss[rows], self.log_d[rows], self.size[rows])

    def best(self) -> "Best":
        """The Pareto front: every run, and whether a run of as little compute rivals it."""
        before = np.minimum.accumulate(np.concatenate([[np.inf], self.loss[:-1]]))
        low, high = (np.full(len(self.loss), end) for end in (self.size.min(), self.size.max()))
        run = np.arange(len(self.loss))
        front: Bools = np.less(self.loss, before)
        return Best(self.log_c, run, self.size, self.log_d, self.loss, low, high, front)


@dataclass(frozen=True, slots=True)
class Curves:
    """Runs as curves over the computes of a grid.

    Attributes:
        log_c: ln of the computes, shape (k,), ascending.
        loss: Loss of each run there, shape (runs, k); infinite where the run was not seen.
        log_d: ln of its tokens there, shape (runs, k).
        size: N of the runs, shape (runs,).
    """

    log_c: Floats
    loss: Floats
    log_d: Floats
    size: Floats

    def take(self, rows: NDArray[np.int64]) -> "Curves":
        """Some of the runs."""
        return Curves(self.log_c, self.loss[rows], self.log_d[rows], self.size[rows])

    def best(self) -> "Best":
        """The run of least loss at each compute, among those seen there."""
        seen, size = np.isfinite(self.loss), self.size[:, None]
        low = np.where(seen, size, np.inf).min(axis=0)
        high = np.where(seen, size, 0.0).max(axis=0)
        run, at = self.loss.argmin(axis=0), np.arange(len(self.log_c))
        return Best(
            self.log_c, run, self.size[run], self.log_d[run, at], self.loss[run, at],
            low, high, high > 0,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Best:
    """The best run at each compute: arrays of shape (k,).

    Attributes:
        log_c: ln of the computes, ascending.
        run: Index of the best run.
        size: Its N.
        log_d: ln of its tokens there.
        loss: Its loss there.
        low: Smallest size that rivals it.
        high: Largest size that rivals it.
        front: Whether the compute is on the envelope at all.
    """

    log_c: Floats
    run: NDArray[np.int64]
    size: Floats
    log_d: Floats
    loss: Floats
    low: Floats
    high: Floats
    front: Bools

    @property
    def smallest(self) -> Bools:
        """Whether no smaller size was tried."""
        return np.less_equal(self.size, SAME * self.low)

    @property
    def largest(self) -> Bools:
        """Whether no larger size was tried."""
        return np.greater_equal(self.size, self.high / SAME)

    @property
    def used(self) -> Bools:
        """Where smaller and larger sizes were tried and are worse."""
        return self.front & ~self.smallest & ~self.largest

    def lines(self) -> Floats:
        """a, ln k_N, b, ln k_D of the power laws through those used, shape (4,)."""
        at = self.used
        if not at.any() or np.ptp(self.log_c[at]) == 0:
            return np.full(4, np.nan)
        ordinates = np.stack([np.log(self.size[at]), self.log_d[at]])
        return log_lines(self.log_c[at], ordinates).ravel()


def envelope(
    table: RunTable,
    settings: AllocationSettings = DEFAULTS,
    *,
    groups: NDArray[np.int64] | None = None,
    labels: tuple[str, ...] = (),
) -> AllocationFit:
    """Fit N = k_N C^a and D = k_D C^b through the runs of least loss.

    With groups, the rows of a group are checkpoints of one run: its loss is interpolated in ln C,
    and at each of 1500 computes the run of least loss counts. Without, each row is a finished run,
    and those count whose loss no run of as little compute reaches (the Pareto front), computes
    within 1e-5 of each other taken for one. A compute where the best is the smallest or the
    largest size that was tried is left out.

    Args:
        table: Finished runs, or checkpoints of runs.
        settings: What N counts, intervals; the tolerance is not used.
        groups: Label of each row's run, shape (n,), from 0.
        labels: Names of the groups.

    Raises:
        InputError: If a group has two sizes, or two rows of one compute, or there are fewer than
            three sizes.
        FitError: If fewer than two computes have their best inside the sampled sizes.

    References:
        Hoffmann et al. (2022), arXiv:2203.15556, section 3.1.
    """
    size = settings.size(table)
    if len(distinct(size)) < FEWEST_ON_ENVELOPE:
        raise InputError(
            f"an envelope needs at least {FEWEST_ON_ENVELOPE} sizes, but {table.name} has "
            f"{len(distinct(size))} (N {size.min():.3g} .. {size.max():.3g}). Add other sizes."
        )
    runs: Rows | Curves
    if groups is None:
        order = np.lexsort((table.loss, numbered(np.log(table.flops), SAME_COMPUTE)))
        runs = Rows(np.log(table.flops), table.loss, np.log(table.tokens), size).take(order)
        labels = tuple(f"line {line}" for line in table.lines[order])
    else:
        runs = _curves(table, size, groups, labels)
    best = runs.best()
    line = best.lines()
    if not np.isfinite(line).all():
        raise FitError(
            f"the best run is the smallest or the largest at {_share(best)} of the envelope: no "
            "power law can be told. Add runs of smaller and larger sizes at the same compute."
        )
    points = _points(best, labels)
    kept, lost = settled(_draws(runs, settings))
    return AllocationFit(
        method="envelope",
        how=_how(best, points_only=groups is None),
        settings=settings,
        n_runs=len(runs.size),
        points=points,
        size=power(line[:2]),
        tokens=power(line[2:]),
        draws=kept,
        interval_method="bootstrap of runs" if len(kept) else "none",
        caveats=(*mixture(table), *_few(points)),
        warnings=(*_coarse(best.size[best.used], size), *lost),
    )


def _curves(
    table: RunTable, size: Floats, groups: NDArray[np.int64], labels: tuple[str, ...]
) -> Curves:
    log_c = np.log(np.geomspace(table.flops.min(), table.flops.max(), COMPUTES))
    shape = (int(groups.max()) + 1, COMPUTES)
    loss, log_d, sizes = np.full(shape, np.inf), np.zeros(shape), np.zeros(shape[0])
    for i in range(shape[0]):
        rows = np.flatnonzero(groups == i)
        rows = rows[np.argsort(table.flops[rows], kind="stable")]
        _check_run(table, size, rows, labels[i])
        x = np.log(table.flops[rows])
        loss[i] = np.interp(log_c, x, table.loss[rows], left=np.inf, right=np.inf)
        log_d[i] = np.interp(log_c, x, np.log(table.tokens[rows]))
        sizes[i] = size[rows[0]]
    return Curves(log_c, loss, log_d, sizes)


def _check_run(table: RunTable, size: Floats, rows: NDArray[np.int64], label: str) -> None:
    if size[rows].max() > SAME * size[rows].min():
        raise InputError(
            f"the rows of {label} have sizes {size[rows].min():.4g} .. {size[rows].max():.4g}, so "
            "they are not checkpoints of one run. Group by a column that tells runs apart."
        )
    same = np.flatnonzero(np.diff(table.flops[rows]) == 0)
    if same.size:
        lines = table.lines[rows[same[0] : same[0] + 2]]
        raise InputError(
            f"{label} has {same.size} repeated computes (first: lines {lines[0]} and {lines[1]}, "
            f"{table.flops[rows[same[0]]]:.4g} FLOPs). Keep one row for each checkpoint."
        )


def _draws(runs: Rows | Curves, settings: AllocationSettings) -> Floats:
    """Lines of resampled runs, shape (draws, 4): a run that is not drawn is not there."""
    rng = np.random.default_rng(settings.seed)
    count, draws = len(runs.size), np.empty((settings.bootstrap, 4))
    for i in range(settings.bootstrap):
        draws[i] = runs.take(np.unique(rng.integers(count, size=count))).best().lines()
    return draws


def _points(best: Best, labels: tuple[str, ...]) -> tuple[AllocationPoint, ...]:
    """One point for each stretch of the envelope that one run holds, at its middle."""
    front = np.flatnonzero(best.front)
    state = np.stack([best.run, best.smallest, best.largest])[:, front]
    cuts = np.flatnonzero((np.diff(state, axis=1) != 0).any(axis=0)) + 1
    return tuple(_point(best, part[len(part) // 2], labels) for part in np.split(front, cuts))


def _point(best: Best, at: int, labels: tuple[str, ...]) -> AllocationPoint:
    if best.smallest[at] and best.largest[at]:
        flag = ONLY
    elif best.smallest[at]:
        flag = SMALLEST
    elif best.largest[at]:
        flag = LARGEST
    else:
        flag = ""
    return AllocationPoint(
        flops=float(np.exp(best.log_c[at])),
        size=float(best.size[at]),
        tokens=float(np.exp(best.log_d[at])),
        loss=float(best.loss[at]),
        n_runs=1,
        sampled=(float(best.low[at]), float(best.high[at])),
        label=labels[best.run[at]],
        flag=flag,
    )


def _how(best: Best, *, points_only: bool) -> str:
    if points_only:
        return f"the Pareto front of compute and loss, {int(best.front.sum())} finished runs"
    return f"the least of interpolated losses at {COMPUTES} computes"


def _share(best: Best) -> str:
    return f"{1 - best.used.sum() / max(best.front.sum(), 1):.0%}"


def _few(points: tuple[AllocationPoint, ...]) -> tuple[str, ...]:
    sizes = len(distinct(np.array([point.size for point in points if not point.flag])))
    if sizes >= FEWEST_ON_ENVELOPE:
        return ()
    return (f"Only {sizes} sizes are on the envelope away from its ends: exponents are rough.",)


def _coarse(on: Floats, size: Floats) -> tuple[str, ...]:
    """How far apart the sizes are between which the envelope has to choose."""
    step = float(np.exp(np.median(np.diff(np.log(distinct(size))))))
    return (
        f"The envelope knows {len(distinct(on))} sizes, and the table's lie {step:.3g} times "
        "apart (median): N of a point is no surer than that, and where runs end or a size first "
        "becomes best moves the exponents.",
    )
