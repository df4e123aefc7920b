"""Cells that no run can have, named by line, column and value."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.laws import points
from autotune.laws.factors import FACTORS, check_experts
from autotune.runs.columns import RawColumns
from autotune.types import Floats

MEANING: Mapping[str, str] = {
    "n_active": "parameters used per token, finite and > 0, as 7e9 or 7B",
    "n_total": "parameters held, finite and > 0, as 7e9 or 7B",
    "tokens": "training tokens, finite and > 0, as 2e10 or 20B",
    "flops": "training compute in FLOPs, finite and > 0",
    "loss": "nats per token, finite and > 0; a diverged run has none",
    "sparsity": "1 - n_active/n_total, in [0, 1)",
    "lr": "the learning rate, finite and > 0",
    "batch_tokens": "tokens per batch, finite and > 0, as 5e5 or 500K",
    "batch_sequences": "sequences per batch, finite and > 0",
    "seq_len": "tokens per sequence, finite and > 0",
    "dense_ratio": "width of a dense feed-forward layer over the hidden size, > 0",
    "weight": "how much a row counts, finite and > 0",
}


def refuse_bad_cells(
    raw: RawColumns,
    stated: Mapping[str, Floats],
    *,
    keep: NDArray[np.int64] | None = None,
    name: str,
) -> None:
    """Check the cells of our columns in the rows that are kept.

    Args:
        raw: The columns of the file.
        stated: Our columns that the file has, all rows.
        keep: Indices of the rows that a condition keeps, ascending; None where the caller takes
            no condition, which is then no remedy.
        name: What to call the file in errors.

    Raises:
        InputError: If a cell holds no number, or one out of its domain, or if the sizes of a row
            contradict each other.
    """
    remedy = "" if keep is None else ": --where '{}'"
    keep = np.arange(len(raw.lines)) if keep is None else keep
    bad = {ours: _bad(ours, values[keep]) for ours, values in stated.items()}
    count = sum(int(mask.sum()) for mask in bad.values())
    if count:
        first, ours = min((int(np.argmax(mask)), ours) for ours, mask in bad.items() if mask.any())
        row, column = int(keep[first]), raw.ours[ours]
        cell = raw.unreadable.get(column, {}).get(row)
        found = repr(cell) if cell is not None else f"{stated[ours][row]:g}"
        raise InputError(
            f"{name}: {count} cell{'s' * (count > 1)} cannot be used, in {len(keep)} rows (first: "
            f"{raw.word} {raw.lines[row]}, column {column}, value {found}). {ours} is "
            f"{_meaning(ours)}. "
            f"Mend such cells, or leave their rows out{remedy.format(_remedy(ours))}"
        )
    here = {ours: values[keep] for ours, values in stated.items()}
    try:
        points.refuse_contradictions(here, name_row=lambda i: f"{raw.word} {raw.lines[keep[i]]}")
        check_experts(here)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _bad(ours: str, values: Floats) -> NDArray[np.bool_]:
    factor = FACTORS.get(ours)
    if ours == "sparsity" or (factor and factor.share):
        return ~((values >= 0) & (values < 1))
    if factor and factor.low is not None:
        return ~((values >= factor.low) & np.isfinite(values))
    return ~((values > 0) & np.isfinite(values))


def _meaning(ours: str) -> str:
    return FACTORS[ours].meaning if ours in FACTORS else MEANING[ours]


def _remedy(ours: str) -> str:
    factor = FACTORS.get(ours)
    if ours == "sparsity" or (factor and factor.share):
        return f"0 <= {ours} < 1"
    return f"{factor.low:g} <= {ours} < 1e99" if factor and factor.low else f"0 < {ours} < 1e99"
