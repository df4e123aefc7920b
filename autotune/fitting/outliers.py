"""Runs that deserve a second look, each with a reason; none is ever dropped here."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.design import design
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention
from autotune.laws.base import ScalingLaw
from autotune.types import Floats

ROBUST_SIGMAS = 5.0  # of the residual; one run in two million if residuals were normal
FEWEST_SIGMAS = 3.5  # of log tokens per parameter, Iglewicz and Hoaglin's customary cut
LEVERAGE = 3.0  # times the mean leverage p/n
MAD_TO_SIGMA = 1.482602218505602  # 1 / the upper quartile of the normal distribution
NAMED = 8  # rows that a sentence names


SINGULAR = {"saw": "saw", "have": "has", "hold": "holds", "lie": "lies"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One reason, and the runs that it holds for.

    Attributes:
        kind: `under-trained`, `few tokens per parameter`, `leverage` or `residual`.
        why: What the runs do, as the end of a sentence.
        rows: Indices of the runs, the worst first.
        lines: Their lines in the file.
    """

    kind: str
    why: str
    rows: NDArray[np.int64]
    lines: NDArray[np.int64]

    def __str__(self) -> str:
        shown = ", ".join(str(line) for line in self.lines[:NAMED])
        more = ", ..." if len(self.lines) > NAMED else ""
        one = len(self.rows) == 1
        runs, lines = ("run", "line") if one else ("runs", "lines")
        verb, _, rest = self.why.partition(" ")
        verb = SINGULAR[verb] if one else verb
        return f"{len(self.rows)} {runs} {verb} {rest} ({lines} {shown}{more}); kept."


def flags(
    law: ScalingLaw, table: RunTable, convention: Convention, *, fixed: Collection[str] = ()
) -> tuple[Flag, ...]:
    """Find runs that are odd by their design, their pull on the fit, or their loss.

    Args:
        law: The law fitted to the runs.
        table: Those runs.
        convention: What the law's N and S are taken from.
        fixed: Coefficients that were not fitted, which give no run leverage.

    Returns:
        One flag for each reason that holds for some run.
    """
    inputs = design(type(law), table, convention)
    with np.errstate(all="ignore"):
        predicted = inputs.loss(law)
        residual = np.log(np.maximum(predicted, 0) / table.loss)
        slopes = {
            name: slope / predicted
            for name, slope in inputs.gradient(law).items()
            if name in law.coefficients and name not in fixed
        }
    found = (
        _under_trained(table),
        _few_tokens(table),
        _leverage(table, slopes),
        _residual(table, residual),
    )
    return tuple(flag for flag in found if flag is not None)


def leverage(slopes: Floats) -> Floats:
    """The pull of each run on its own prediction in least squares: the hat matrix's diagonal.

    Args:
        slopes: Derivatives of the log loss by coefficient, shape (runs, coefficients).

    Returns:
        Shape (runs,), in [0, 1]; the sum is the number of coefficients that the runs settle.
    """
    size = np.sqrt((slopes**2).sum(axis=0))
    scaled = slopes / np.where(size > 0, size, 1.0)
    left, singular, _ = np.linalg.svd(scaled, full_matrices=False)
    settled = singular > singular.max(initial=0.0) * np.finfo(np.float64).eps * len(slopes)
    power: Floats = (left[:, settled] ** 2).sum(axis=1)
    return power


def robust_sigmas(values: Floats) -> Floats:
    """How many robust standard deviations each value lies from the median, shape (n,).

    The deviation is the median absolute one, scaled to a normal distribution; 0 everywhere if
    more than half of the values are equal.
    """
    off = values - np.median(values)
    sigma = MAD_TO_SIGMA * np.median(np.abs(off))
    return off / sigma if sigma > 0 else np.zeros_like(off)


def _under_trained(table: RunTable) -> Flag | None:
    ratio = table.tokens / table.n_active
    return _flag(
        "under-trained", "saw fewer tokens than active parameters", table, ratio, ratio < 1
    )


def _few_tokens(table: RunTable) -> Flag | None:
    ratio = table.tokens / table.n_active
    low = robust_sigmas(np.log(ratio)) < -FEWEST_SIGMAS
    why = f"have far fewer tokens per parameter than the median of {np.median(ratio):.3g}"
    return _flag("few tokens per parameter", why, table, ratio, low)


def _leverage(table: RunTable, slopes: dict[str, Floats]) -> Flag | None:
    n, p = len(table), len(slopes)
    if not p or n <= p:
        return None
    columns = np.stack(list(slopes.values()), axis=1) * np.sqrt(table.weight)[:, None]
    if not np.isfinite(columns).all():
        return None
    pull = leverage(columns)
    usual = float(pull.mean())
    why = f"hold over {LEVERAGE:g} times the usual leverage: alone, each settles part of the fit"
    return _flag("leverage", why, table, -pull, pull > LEVERAGE * usual)


def _residual(table: RunTable, residual: Floats) -> Flag | None:
    off = np.abs(robust_sigmas(residual))
    why = f"lie over {ROBUST_SIGMAS:g} robust standard deviations off the fit"
    return _flag("residual", why, table, -off, off > ROBUST_SIGMAS)


def _flag(
    kind: str, why: str, table: RunTable, rank: Floats, odd: NDArray[np.bool_]
) -> Flag | None:
    """A flag for the odd rows, least rank first."""
    rows = np.flatnonzero(odd)
    rows = rows[np.argsort(rank[rows], kind="stable")]
    return Flag(kind=kind, why=why, rows=rows, lines=table.lines[rows]) if rows.size else None
