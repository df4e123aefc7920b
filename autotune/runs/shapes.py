"""Read a table of finished runs of sparse models, with the architecture of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autotune.architecture.attention import GroupedQuery
from autotune.architecture.layer_stack import LayerStack
from autotune.architecture.sparse_constants import SparseConstants
from autotune.errors import InputError
from autotune.fitting.shape_runs import ShapeRuns, costs
from autotune.runs.columns import RawColumns
from autotune.runs.domain import refuse_bad_cells
from autotune.runs.read import LISTED, called, dropped_rows, hash_of, kept, read_columns
from autotune.runs.shape_columns import ALIASES, NEEDS, PAPER, SHARED, WHOLE
from autotune.types import Floats

APART = 0.05
"""Relative difference of a stated C from M D that is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadShapes:
    """Runs, and what was done to get them.

    Attributes:
        runs: The runs.
        mapping: Each of our columns, and the column of the file that it is, or `derived: how`.
        dropped: What `where` removed.
        warnings: Rows whose stated FLOPs are not those of their model and tokens.
        data_hash: SHA-256 of the numbers in their order, hexadecimal.
    """

    runs: ShapeRuns
    mapping: Mapping[str, str]
    dropped: list[str]
    warnings: tuple[str, ...]
    data_hash: str


def read_shapes(path: Path | str, *, where: str = "") -> ReadShapes:
    """Read a row for each run, from CSV or Parquet.

    Args:
        path: As for `runs.read.read`.
        where: Which rows to keep.

    Raises:
        InputError: If the file, a cell, an architecture or the condition cannot be used.
    """
    name = called(path)
    raw = read_columns(path, needs=NEEDS, aliases=ALIASES)
    stated = {ours: np.asarray(raw.values[theirs]) for ours, theirs in raw.ours.items()}
    known = dict(stated)
    how = _completed(known, len(raw.lines))
    keep = kept(where, raw, known, name)
    _refuse(raw, stated, keep, name)
    taken = {ours: np.asarray(values[keep], dtype=np.float64) for ours, values in known.items()}
    lines = raw.lines[keep]
    _refuse_mixed(taken, name)
    held = _held(taken, lines, f"{name}: {raw.word}")
    stack = LayerStack(
        n_layers=taken["n_layers"], n_dense_layers=taken["n_dense_layers"],
        d_model=taken["d_model"], expert_width=taken["expert_width"],
    )  # fmt: skip
    triad, middle = costs(stack, held)
    warnings = []
    if "flops" not in taken:
        taken["flops"] = np.asarray(triad.flops_per_token * taken["tokens"])
        how["flops"] = "M tokens"
    elif "tokens" in taken:
        spent = triad.flops_per_token * taken["tokens"]
        warnings = _apart(taken["flops"], spent, lines, raw.word)
    runs = ShapeRuns(
        flops=taken["flops"], triad=triad, d_model=taken["d_model"], middle=middle,
        loss=taken["loss"], held=held, lr=taken.get("lr"), batch_tokens=taken.get("batch_tokens"),
        lines=lines, name=name,
    )  # fmt: skip
    return ReadShapes(
        runs=runs,
        mapping=raw.ours | {ours: f"derived: {made}" for ours, made in how.items()},
        dropped=dropped_rows(where, raw, keep),
        warnings=tuple(warnings),
        data_hash=hash_of(dict(sorted(taken.items()))),
    )


def _completed(known: dict[str, Floats], n: int) -> dict[str, str]:
    """Add what stands in for columns that are not there; say how."""
    how: dict[str, str] = {}
    for ours, value in PAPER.items():
        if ours not in known:
            known[ours] = np.full(n, float(value))
            how[ours] = f"{value:g} (the paper's)"
    if "n_kv_heads" not in known:
        with np.errstate(invalid="ignore"):
            known["n_kv_heads"] = np.maximum(1, known["n_heads"] // 2)
        how["n_kv_heads"] = "half of n_heads"
    if "batch_sequences" in known and "batch_tokens" not in known:
        known["batch_tokens"] = known["batch_sequences"] * known["seq_len"]
        how["batch_tokens"] = "batch_sequences seq_len"
    return how


def _refuse(
    raw: RawColumns, stated: Mapping[str, Floats], keep: NDArray[np.int64], name: str
) -> None:
    """Refuse cells out of their domain, and layers that are not there."""
    others = {ours: values for ours, values in stated.items() if ours not in WHOLE}
    refuse_bad_cells(raw, others, keep=keep, name=name)
    for ours, (least, meaning) in WHOLE.items():
        if ours not in stated:
            continue
        values = stated[ours][keep]
        bad = ~((values >= least) & (values == np.rint(values)) & np.isfinite(values))
        if bad.any():
            row = int(keep[np.argmax(bad)])
            cell = raw.unreadable.get(raw.ours[ours], {}).get(row, f"{stated[ours][row]:g}")
            raise InputError(
                f"{name}: {int(bad.sum())} cells cannot be used, in {len(keep)} rows (first: "
                f"{raw.word} {raw.lines[row]}, column {raw.ours[ours]}, value {cell}). {ours} is "
                f"{meaning}, a whole number of {least} or more. Mend such cells, or leave their "
                "rows out: --where"
            )
    dense, layers = stated["n_dense_layers"][keep], stated["n_layers"][keep]
    if (dense >= layers).any():
        i = int(np.argmax(dense >= layers))
        raise InputError(
            f"{name}: {int((dense >= layers).sum())} rows have no layer with experts (first: "
            f"{raw.word} {raw.lines[keep[i]]}, {dense[i]:g} dense of {layers[i]:g}). n_layers is "
            "all layers, dense ones included; leave dense models out."
        )


def _refuse_mixed(taken: Mapping[str, Floats], name: str) -> None:
    """One sparsity and one length of sequences in a fit."""
    for ours in SHARED:
        values = np.unique(taken[ours])
        if len(values) > 1:
            raise InputError(
                f"{name} has {len(values)} values of {ours} ({values[0]:g} to {values[-1]:g}), and "
                f"a fit is of one. Choose it with --where '{ours} == {values[-1]:g}'."
            )


def _held(
    taken: Mapping[str, Floats], lines: NDArray[np.int64], where: str
) -> tuple[SparseConstants, ...]:
    made: dict[tuple[float, ...], SparseConstants] = {}
    columns = ("n_heads", "n_kv_heads", "head_dim", *SHARED)
    found = []
    for row, line in zip(
        zip(*(taken[name].tolist() for name in columns), strict=True), lines, strict=True
    ):
        if row not in made:
            try:
                made[row] = _constants(dict(zip(columns, row, strict=True)))
            except InputError as error:
                raise InputError(f"{where} {line}: {error}") from None
        found.append(made[row])
    return tuple(found)


def _constants(row: Mapping[str, float]) -> SparseConstants:
    if row["n_heads"] % row["n_kv_heads"]:
        raise InputError(
            f"{row['n_heads']:g} query heads cannot share {row['n_kv_heads']:g} of keys and "
            "values. The latter divide the former."
        )
    return SparseConstants(
        attention=GroupedQuery(
            n_heads=int(row["n_heads"]),
            n_kv_heads=int(row["n_kv_heads"]),
            head_dim=int(row["head_dim"]),
        ),
        n_experts=int(row["n_experts"]), top_k=int(row["top_k"]), n_shared=int(row["n_shared"]),
        dense_ratio=row["dense_ratio"], seq_len=int(row["seq_len"]),
    )  # fmt: skip


def _apart(flops: Floats, spent: Floats, lines: NDArray[np.int64], word: str) -> list[str]:
    """Rows whose stated C is not M D."""
    off = np.abs(flops / spent - 1) > APART
    if not off.any():
        return []
    some = "; ".join(
        f"{word} {lines[i]}: {flops[i]:.4g} beside {spent[i]:.4g}"
        for i in np.flatnonzero(off)[:LISTED]
    )
    more = "; ..." if off.sum() > LISTED else ""
    return [
        f"{int(off.sum())} rows state FLOPs more than 5 % off M times tokens, and the stated ones "
        f"are taken ({some}{more})"
    ]
