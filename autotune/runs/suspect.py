"""What looks wrong in a table that can be used: units, repeated and contradictory rows."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.runs import FLOPS_PER_PARAMETER_AND_TOKEN, RunTable
from autotune.laws.hoffmann import BESIROGLU_2024
from autotune.types import Floats

SMALLEST_COUNT = 1e4
"""No model of so few parameters was trained in earnest, nor any on so few tokens."""
SMALLEST_PREDICTED = 1e6
"""Parameters below which the published law says nothing: its smallest model has 44 million."""
BITS_PER_NAT = 1 / np.log(2)
CLOSE_TO_BITS = (1.3, 1.6)
"""Observed over expected loss that speaks for bits: 1.44 and some room for other corpora."""
MIXED_BITS = 0.04
"""How near 1.44 the excess of single rows must be; under-trained runs come to 1.37."""
ALIKE, MOST = 0.1, 0.75
"""Single rows stand out where this share of the others agrees with the law so well."""
LARGEST_LOSS = 12.0
"""Nats per token of a guess among 160,000 tokens; a mean above it is no cross-entropy."""
FAR_FLOPS = 5.0
"""Stated FLOPs this many times off 6 N D are of another unit or of something else."""
FAR_LOSSES = 0.03
"""Relative difference of losses that seeds and rounding do not explain."""
OUTCOME = re.compile(r"loss|lo95|hi95|acc|ppl|perplexity|error|seconds|time|lower|upper|outlier")
LABEL = re.compile(r"(^|_)(id|index|name|seed)$|^$")
"""Columns that are not part of a configuration: measured, or mere labels."""


def suspicions(
    table: RunTable, *, word: str = "line", flops_stated: bool = False
) -> tuple[str, ...]:
    """Say what looks wrong, each with its reason, the number of rows and the first one.

    Args:
        table: The runs.
        word: What a place in their file is called.
        flops_stated: Whether FLOPs were given and not derived. Small counts that agree with them
            are no suspicion: they are of small models.
    """
    small = () if flops_stated and not _far_flops(table).any() else _small(table, word)

    def place(row: int) -> str:
        return f"{word} {table.lines[row]}"

    return (
        *small,
        *_loss_unit(table, place),
        *_flops(table, place),
        *_repeats(table, place),
    )


def _small(table: RunTable, word: str) -> tuple[str, ...]:
    def place(row: int) -> str:
        return f"{word} {table.lines[row]}"

    return (
        *_counts("n_active", table.n_active, "parameters", place),
        *_counts("tokens", table.tokens, "tokens", place),
    )


def _far_flops(table: RunTable) -> NDArray[np.bool_]:
    """Where FLOPs are of another unit than sizes and tokens, or of something else."""
    ratio = table.flops / (FLOPS_PER_PARAMETER_AND_TOKEN * table.n_active * table.tokens)
    return np.asarray((ratio > FAR_FLOPS) | (ratio < 1 / FAR_FLOPS))


def _counts(name: str, values: Floats, what: str, place: Callable[[int], str]) -> Iterator[str]:
    small = values < SMALLEST_COUNT
    if not small.any():
        return
    first = int(np.argmax(small))
    yield (
        f"{name} is below {SMALLEST_COUNT:,.0f} in {int(small.sum())} of {len(values)} rows "
        f"(first: {place(first)}, {values[first]:g}; median {np.median(values):.4g}): "
        f"millions or billions are suspected. Write {what} in units, as 7e9 or 7B"
    )


def _loss_unit(table: RunTable, place: Callable[[int], str]) -> Iterator[str]:
    middle = float(np.median(table.loss))
    if middle > LARGEST_LOSS:
        yield (
            f"the median loss {middle:.4g} is more than a guess among 160,000 tokens costs: "
            "a perplexity is suspected. Take its logarithm; loss is in nats per token"
        )
        return
    if np.median(table.n_active) < SMALLEST_PREDICTED or np.median(table.tokens) < SMALLEST_COUNT:
        return  # sizes of unknown unit predict no loss, nor does a law far below its range
    ratio = table.loss / BESIROGLU_2024.loss(table.n_active, table.tokens)
    typical = float(np.median(ratio))
    what = f"the losses are {typical:.2f} times what besiroglu2024 expects of dense models"
    low, high = CLOSE_TO_BITS
    if low < typical < high:
        yield (
            f"{what}, near the 1.44 of bits: bits per token are suspected. "
            "Multiply them by ln 2 = 0.6931; loss is in nats per token"
        )
    elif not 1 / low < typical < high:
        yield (
            f"{what}: another unit or task is suspected (bits per byte, masked tokens). "
            "Nats per token of next-token prediction are expected"
        )
    mixed = np.abs(ratio / typical / BITS_PER_NAT - 1) < MIXED_BITS
    if mixed.any() and np.mean(np.abs(ratio / typical - 1) < ALIKE) > MOST:
        first = int(np.argmax(mixed))
        yield (
            f"the losses of {int(mixed.sum())} of {len(table)} rows (first: {place(first)}, "
            f"{table.loss[first]:.4g}) stand 1.44 times above the others, seen against "
            "besiroglu2024: bits among nats are suspected. Multiply them by ln 2 = 0.6931"
        )


def _flops(table: RunTable, place: Callable[[int], str]) -> Iterator[str]:
    expected = FLOPS_PER_PARAMETER_AND_TOKEN * table.n_active * table.tokens
    far = _far_flops(table)
    if far.any():
        first = int(np.argmax(far))
        yield (
            f"flops are more than {FAR_FLOPS:g} times off 6 n_active tokens in {int(far.sum())} "
            f"of {len(table)} rows (first: {place(first)}, {table.flops[first]:.4g} for "
            f"{expected[first]:.4g}): another unit is suspected"
        )


def _repeats(table: RunTable, place: Callable[[int], str]) -> Iterator[str]:
    group = _configurations(table)
    size = int(group.max()) + 1
    if size == len(table):
        return
    same = _codes([group, table.n_active, table.n_total, table.tokens, table.loss])
    _, first, count = np.unique(same, return_index=True, return_counts=True)
    if count.max() > 1:
        one = int(first[count > 1].min())
        other = int(np.flatnonzero(same == same[one])[1])
        yield (
            f"{int((count - 1).sum())} rows repeat another one, loss included "
            f"(first: {place(one)} and {place(other)}): each counts again in a fit"
        )
    lowest, highest = np.full(size, np.inf), np.zeros(size)
    np.minimum.at(lowest, group, table.loss)
    np.maximum.at(highest, group, table.loss)
    far = highest > lowest * (1 + FAR_LOSSES)
    if far.any():
        rows = np.flatnonzero(group == group[int(np.argmax(far[group]))])
        one, other = rows[np.argmin(table.loss[rows])], rows[np.argmax(table.loss[rows])]
        what = "configuration (counts to three digits) has"
        if far.sum() > 1:
            what = "configurations (counts to three digits) have"
        yield (
            f"{int(far.sum())} {what} losses more than {FAR_LOSSES:.0%} apart, which cannot all be "
            f"right (first: {place(one)} has {table.loss[one]:.5g} and {place(other)} "
            f"{table.loss[other]:.5g})"
        )


def _configurations(table: RunTable) -> NDArray[np.int64]:
    """The number of each row's configuration, sizes and tokens being read to three digits."""
    sizes = [_three_digits(x) for x in (table.n_active, table.n_total, table.tokens)]
    rest: Mapping[str, NDArray[Any]] = {**table.factors, **table.columns}
    settings = [
        values
        for name, values in rest.items()
        if not OUTCOME.search(name.lower()) and not LABEL.search(name.lower())
    ]
    return _codes([*sizes, *settings])


def _three_digits(values: Floats) -> Floats:
    scale = 10.0 ** (np.floor(np.log10(values)) - 2)
    return np.round(values / scale) * scale


def _codes(columns: list[NDArray[Any]]) -> NDArray[np.int64]:
    """One number per distinct row of the columns, from 0 up without gaps."""
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values, inverse = np.unique(column, return_inverse=True)
        _, code = np.unique(code * len(values) + inverse, return_inverse=True)
    return code
