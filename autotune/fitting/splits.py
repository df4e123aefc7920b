"""Splits of finished runs: a part to fit on, and a part beyond it to score on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune import checks, quantities
from autotune.errors import InputError
from autotune.fitting.budgets import SAME_COMPUTE
from autotune.fitting.runs import RunTable
from autotune.types import Floats

ORIGINS = (0.7, 0.8, 0.9)
"""Shares of the runs that a rolling origin fits on, smallest compute first."""

KINDS = "flops:0.2, rolling or column:NAME"


@dataclass(frozen=True, slots=True)
class Cut:
    """Which runs to fit on and which to score on, as indices into the table.

    Attributes:
        train: Runs to fit on.
        test: Runs to score on; none of them in `train`.
        label: What separates the two, for tables.
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]
    label: str


@dataclass(frozen=True, slots=True)
class Split:
    """A request for a split, as a user writes it.

    Attributes:
        kind: `flops`, `rolling` or `column`.
        share: Share of runs to hide, of the largest compute; with `flops`.
        column: The column that decides; with `column`.
        at: Rows at or below it are fitted on; with `column`, None for its largest value.
    """

    kind: str
    share: float = 0.2
    column: str = ""
    at: float | None = None

    def __str__(self) -> str:
        if self.kind == "flops":
            return f"flops:{self.share:g}"
        if self.kind == "rolling":
            return "rolling"
        return f"column:{self.column}" + ("" if self.at is None else f":{self.at:g}")


def parse(text: str) -> Split:
    """Read `flops:0.2`, `rolling`, `column:NAME` or `column:NAME:VALUE`.

    Raises:
        InputError: If it is none of them, or the share is not in (0, 1).
    """
    kind, _, rest = text.partition(":")
    if kind == "flops":
        return Split("flops", share=_share(rest, text))
    if kind == "rolling" and not rest:
        return Split("rolling")
    name, _, value = rest.partition(":")
    if kind == "column" and name:
        at = quantities.parse_count(value) if value else None
        return Split("column", column=name, at=at)
    raise InputError(f"cannot read the split {text!r}. Write {KINDS}.")


def _share(text: str, whole: str) -> float:
    try:
        share = float(text or 0.2)
    except ValueError:
        share = np.nan
    if not 0 < share < 1:
        raise InputError(f"cannot read the split {whole!r}: the share hidden must be in (0, 1).")
    return share


def cut(split: Split, table: RunTable) -> Cut:
    """Divide a table; a rolling split has no single cut and keeps nothing hidden.

    Raises:
        InputError: If a side would be empty, or the column is missing or not of numbers.
    """
    if split.kind == "flops":
        return by_compute(table, train_share=1 - split.share)
    if split.kind == "column":
        return by_column(table, split.column, at=split.at)
    everything = np.arange(len(table))
    return Cut(everything, everything[:0], "all runs")


def by_compute(table: RunTable, *, train_share: float) -> Cut:
    """Fit on the runs of smallest compute and score on the rest.

    Runs of the same compute stay on one side: on that which keeps the share nearest to the
    one asked for. So the order of the rows never matters.

    Args:
        table: Finished runs.
        train_share: Share of the runs to fit on, in (0, 1).

    Raises:
        InputError: If all runs have the same compute.
    """
    order = np.argsort(table.flops, kind="stable")
    ordered = table.flops[order]
    steps = np.flatnonzero(ordered[1:] > ordered[:-1] * (1 + SAME_COMPUTE)) + 1
    if not len(steps):
        raise InputError(
            f"all {len(table)} runs of {table.name} have the same compute, so none are larger. "
            "Split a comparison by a column (--split column:NAME); fit a named law, without "
            "--emphasis auto."
        )
    asked = len(table) * train_share
    at = int(steps[np.argmin(np.abs(steps - asked))])
    return Cut(
        np.sort(order[:at]),
        np.sort(order[at:]),
        f"at most {quantities.format_count(float(ordered[at - 1]))} FLOPs",
    )


def rolling(table: RunTable, *, origins: Sequence[float] = ORIGINS) -> list[Cut]:
    """Fit on the smallest runs up to each origin, and score on everything beyond it.

    Origins that ties of compute make equal count once.

    Raises:
        InputError: If all runs have the same compute.
    """
    cuts = {len(each.train): each for each in (by_compute(table, train_share=s) for s in origins)}
    return list(cuts.values())


def by_column(table: RunTable, name: str, *, at: float | None = None) -> Cut:
    """Fit on the rows where a column is false, 0 or small, and score on the rest.

    Args:
        table: Finished runs.
        name: A column of true and false, or of numbers.
        at: Rows at or below it are fitted on. By default the rows of the column's largest
            value are scored and all others fitted on.

    Raises:
        InputError: If there is no such column, it holds no numbers, or a side would be empty.
    """
    values = _numbers(table, name)
    test = values > at if at is not None else values == values.max()
    if test.all() or not test.any():
        where = "has one value only" if at is None else f"has all values on one side of {at:g}"
        raise InputError(f"column {name} of {table.name} {where}. Choose another split: {KINDS}.")
    largest = float(values[~test].max())
    return Cut(np.flatnonzero(~test), np.flatnonzero(test), f"{name} at most {largest:g}")


def _numbers(table: RunTable, name: str) -> Floats:
    own = {
        each: getattr(table, each) for each in ("n_active", "n_total", "tokens", "flops", "loss")
    }
    known = {**table.columns, **table.factors, **own, "sparsity": table.sparsity}
    values = np.asarray(known[checks.one_of("column", name, known)])
    try:
        numbers = values.astype(np.float64)
    except ValueError:
        numbers = _truths(values)
    if not np.isfinite(numbers).all():
        raise InputError(
            f"column {name} of {table.name} must hold numbers, or true and false, in every row "
            f"to split by. Its first value is {values[0]!s}."
        )
    return numbers


def _truths(values: NDArray[np.generic]) -> Floats:
    words = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
    return np.array([words.get(str(value).strip().lower(), np.nan) for value in values])
