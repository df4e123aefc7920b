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
from autotune.fitting.budgets import count_sizes
from autotune.fitting.identify import SAME
from autotune.fitting.runs import RunTable
from autotune.types import Floats, Interval

COMPUTES = 1500
"""Log-spaced computes at which curves are compared, as in the paper."""

FEWEST_ON_ENVELOPE = 3
SMALLEST, LARGEST, ONLY = "the smallest size here", "the largest size here", "the only size here"

Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Curves:
    """Runs as curves over the computes of a grid; a run of one row is a curve of one point.

    Attributes:
        log_c: ln of the computes, shape (k,), ascending.
        loss: Loss of each run there, shape (runs, k); infinite where the run was not seen.
        log_d: ln of its tokens there, shape (runs, k).
        size: N of the runs, shape (runs,).
        labels: What to call them.
    """

    log_c: Floats
    loss: Floats
    log_d: Floats
    size: Floats
    labels: tuple[str, ...]

    def take(self, rows: NDArray[np.int64]) -> "Curves":
        """Some of the runs."""
        labels = tuple(self.labels[i] for i in rows)
        return Curves(self.log_c, self.loss[rows], self.log_d[rows], self.size[rows], labels)


@dataclass(frozen=True, slots=True)
class Best:
    """Which run is best at each compute, arrays of shape (k,).

    Attributes:
        run: Its index.
        sampled: Smallest and largest size that rival it, each of shape (k,).
        front: Whether the compute is on the envelope at all.
        smallest: Whether the best is the smallest of the rivals.
        largest: Whether it is the largest.
    """

    run: NDArray[np.int64]
    sampled: tuple[Floats, Floats]
    front: Bools
    smallest: Bools
    largest: Bools

    @property
    def used(self) -> Bools:
        """Where smaller and larger sizes were tried and are worse."""
        return self.front & ~self.smallest & ~self.largest


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
    and those count whose loss no run of as little compute reaches (the Pareto front). A compute
    where the best is the smallest or the largest size that was tried is left out.

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
    if count_sizes(size) < FEWEST_ON_ENVELOPE:
        raise InputError(
            f"an envelope needs at least {FEWEST_ON_ENVELOPE} sizes, but {table.name} has "
            f"{count_sizes(size)} (N {size.min():.3g} .. {size.max():.3g}). Add other sizes."
        )
    curves = _rows(table, size) if groups is None else _curves(table, size, groups, labels)
    points_only = groups is None
    best = _front(curves) if points_only else _least(curves)
    line = _lines(curves, best)
    if not np.isfinite(line).all():
        raise FitError(
            f"the best run is the smallest or the largest at {_share(best)} of the envelope: no "
            "power law can be told. Add runs of smaller and larger sizes at the same compute."
        )
    points = _points(curves, best)
    kept, lost = settled(_draws(curves, settings, points_only=points_only))
    return AllocationFit(
        method="envelope",
        how=_how(best, points_only=points_only),
        settings=settings,
        n_runs=len(curves.size),
        points=points,
        size=power(line[:2]),
        tokens=power(line[2:]),
        draws=kept,
        interval_method="bootstrap of runs" if len(kept) else "none",
        caveats=(*mixture(table), *_few(points)),
        warnings=(*_coarse(curves.size[np.unique(best.run[best.used])], size), *lost),
    )


def _rows(table: RunTable, size: Floats) -> Curves:
    """Every row a run of one point; the loss at another compute is not known."""
    order = np.lexsort((table.loss, table.flops))
    loss = np.full((len(table), len(table)), np.inf)
    np.fill_diagonal(loss, table.loss[order])
    log_d = np.diag(np.log(table.tokens[order]))
    labels = tuple(f"line {line}" for line in table.lines[order])
    return Curves(np.log(table.flops[order]), loss, log_d, size[order], labels)


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
    return Curves(log_c, loss, log_d, sizes, labels)


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


def _least(curves: Curves) -> Best:
    """The run of least loss at each compute, among those seen there."""
    seen = np.isfinite(curves.loss)
    low = np.where(seen, curves.size[:, None], np.inf).min(axis=0)
    high = np.where(seen, curves.size[:, None], 0.0).max(axis=0)
    return _best(curves, curves.loss.argmin(axis=0), (low, high), high > 0)


def _front(curves: Curves) -> Best:
    """The rows, least compute first, that no row of as little compute rivals."""
    loss: Floats = np.diagonal(curves.loss)
    before = np.minimum.accumulate(np.concatenate([[np.inf], loss[:-1]]))
    ends = np.full(len(loss), curves.size.min()), np.full(len(loss), curves.size.max())
    return _best(curves, np.arange(len(loss)), ends, loss < before)


def _best(
    curves: Curves, run: NDArray[np.int64], sampled: tuple[Floats, Floats], front: Bools
) -> Best:
    size = curves.size[run]
    low, high = sampled
    return Best(run, sampled, front, size <= SAME * low, size >= high / SAME)


def _lines(curves: Curves, best: Best) -> Floats:
    """a, ln k_N, b, ln k_D, shape (4,)."""
    at = np.flatnonzero(best.used)
    run, log_c = best.run[at], curves.log_c[at]
    ordinates = np.stack([np.log(curves.size[run]), curves.log_d[run, at]])
    if not at.size or np.ptp(log_c) == 0:
        return np.full(4, np.nan)
    return log_lines(log_c, ordinates).ravel()


def _draws(curves: Curves, settings: AllocationSettings, *, points_only: bool) -> Floats:
    """Lines of resampled runs, shape (draws, 4): a run that is not drawn is not there."""
    rng = np.random.default_rng(settings.seed)
    count, draws = len(curves.size), np.empty((settings.bootstrap, 4))
    for i in range(settings.bootstrap):
        rows = np.unique(rng.integers(count, size=count))
        part = curves.take(rows)
        if points_only:
            part = Curves(part.log_c[rows], part.loss[:, rows], part.log_d[:, rows], part.size,
                          part.labels)  # fmt: skip
        draws[i] = _lines(part, _front(part) if points_only else _least(part))
    return draws


def _points(curves: Curves, best: Best) -> tuple[AllocationPoint, ...]:
    """One point for each stretch of the envelope that one run holds, at its middle."""
    front = np.flatnonzero(best.front)
    state = np.stack([best.run[front], best.smallest[front], best.largest[front]])
    cuts = np.flatnonzero((np.diff(state, axis=1) != 0).any(axis=0)) + 1
    return tuple(_point(curves, best, part[len(part) // 2]) for part in np.split(front, cuts))


def _point(curves: Curves, best: Best, at: int) -> AllocationPoint:
    run = best.run[at]
    sampled: Interval = (float(best.sampled[0][at]), float(best.sampled[1][at]))
    if best.smallest[at] and best.largest[at]:
        flag = ONLY
    elif best.smallest[at]:
        flag = SMALLEST
    elif best.largest[at]:
        flag = LARGEST
    else:
        flag = ""
    return AllocationPoint(
        flops=float(np.exp(curves.log_c[at])),
        size=float(curves.size[run]),
        tokens=float(np.exp(curves.log_d[run, at])),
        loss=float(curves.loss[run, at]),
        n_runs=1,
        sampled=sampled,
        label=curves.labels[run],
        flag=flag,
    )


def _how(best: Best, *, points_only: bool) -> str:
    if points_only:
        return f"the Pareto front of compute and loss, {int(best.front.sum())} finished runs"
    return f"the least of interpolated losses at {COMPUTES} computes"


def _share(best: Best) -> str:
    return f"{1 - best.used.sum() / max(best.front.sum(), 1):.0%}"


def _few(points: tuple[AllocationPoint, ...]) -> tuple[str, ...]:
    sizes = count_sizes(np.array([point.size for point in points if not point.flag]))
    if sizes >= FEWEST_ON_ENVELOPE:
        return ()
    return (f"Only {sizes} sizes are on the envelope away from its ends: exponents are rough.",)


def _coarse(on: Floats, size: Floats) -> tuple[str, ...]:
    """How far apart the sizes are between which the envelope has to choose."""
    grid = np.unique(size)
    grid = grid[np.concatenate([[True], np.diff(np.log(grid)) > np.log(SAME)])]
    step = float(np.exp(np.median(np.diff(np.log(grid)))))
    return (
        f"The envelope knows {count_sizes(on)} sizes, and sizes of the table lie {step:.3g} times "
        "apart (median): N of a point is no surer than that, and where runs end or a size first "
        "becomes best moves the exponents.",
    )
