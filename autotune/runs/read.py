"""Read a file of finished runs into a run table."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.fitting.runs import FLOPS_PER_PARAMETER_AND_TOKEN, RunTable
from autotune.laws import points
from autotune.laws.factors import FACTORS
from autotune.runs import names
from autotune.runs.columns import RawColumns, read_csv
from autotune.runs.domain import refuse_bad_cells
from autotune.runs.parquet import read_parquet
from autotune.runs.suspect import suspicions
from autotune.runs.where import select
from autotune.types import Floats

LISTED = 8  # dropped rows whose place is named


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRuns:
    """A run table, and what was done to get it.

    Attributes:
        table: The runs.
        mapping: Each of our columns, and the column of the file that it is, or `derived: how`.
        dropped: What `where` removed, and why; nothing else is ever dropped.
        warnings: Suspected units, assumptions, repeated and contradictory rows.
        data_hash: SHA-256 of the normalised numbers in their order, hexadecimal.
        n_read: Rows in the file; `n_read - len(table)` of them were dropped.
    """

    table: RunTable
    mapping: Mapping[str, str]
    dropped: list[str] = field(default_factory=list)
    warnings: tuple[str, ...] = ()
    data_hash: str = ""
    n_read: int = 0


def read(path: Path | str, *, where: str = "") -> ReadRuns:
    """Read finished runs from CSV or Parquet.

    Args:
        path: A `.csv`, `.csv.gz` or `.parquet` file, or `-` for CSV on standard input.
        where: Which rows to keep, such as `tokens >= 20B and router_type == 'Dense'`. Columns go
            by our names, derived ones included, or by the file's with `_` for odd signs.

    Raises:
        InputError: If the file, a cell or the condition cannot be used.
    """
    name = called(path)
    raw = read_columns(path)
    stated = {ours: np.asarray(raw.values[theirs]) for ours, theirs in raw.ours.items()}
    dense = _dense_top_k(stated)
    known = dict(stated)
    with np.errstate(all="ignore"):  # bad cells are refused below, unless `where` drops them
        how = points.derive(known)
        if "flops" not in known:
            known["flops"] = FLOPS_PER_PARAMETER_AND_TOKEN * known["n_active"] * known["tokens"]
            how["flops"] = "6 n_active tokens"
        keep = kept(where, raw, known, name)
    refuse_bad_cells(raw, stated, keep=keep, name=name)
    table = _table(raw, known, keep, name)
    return ReadRuns(
        table=table,
        mapping=_mapping(raw, how),
        dropped=dropped_rows(where, raw, keep),
        warnings=(*dense, *_assumptions(raw, table), *_suspicions(raw, table)),
        data_hash=data_hash(table),
        n_read=len(raw.lines),
    )


def _suspicions(raw: RawColumns, table: RunTable) -> tuple[str, ...]:
    return suspicions(table, word=raw.word, flops_stated="flops" in raw.ours)


def called(path: Path | str) -> str:
    """What messages call a file."""
    return "stdin" if str(path) == "-" else str(path)


def read_columns(
    path: Path | str,
    *,
    needs: Sequence[Sequence[str]] = names.NEEDS,
    aliases: Mapping[str, tuple[str, ...]] = names.ALIASES,
) -> RawColumns:
    """Read the columns of a CSV or Parquet file, recognised but neither checked nor completed.

    Args:
        path: As for `read`.
        needs: Groups of our names; the file must have one of each.
        aliases: The names that each of ours goes by.

    Raises:
        InputError: If the file cannot be read or lacks a column.
    """
    matcher = partial(names.match, file=called(path), needs=needs, aliases=aliases)
    if str(path).endswith((".parquet", ".pq")):
        return read_parquet(Path(path), matcher, name=called(path))
    return read_csv(str(path), matcher, name=called(path))


def data_hash(table: RunTable) -> str:
    """SHA-256 of the numbers that a fit reads, in their order, hexadecimal."""
    numbers: dict[str, Floats] = {
        "n_active": table.n_active,
        "n_total": table.n_total,
        "tokens": table.tokens,
        "loss": table.loss,
        "flops": table.flops,
        "weight": table.weight,
        **dict(sorted(table.factors.items())),
    }
    return hash_of(numbers)


def hash_of(numbers: Mapping[str, Floats]) -> str:
    """SHA-256 of named columns, in their order, hexadecimal."""
    digest = hashlib.sha256()
    for name, values in numbers.items():
        digest.update(f"{name}\n".encode())
        digest.update(np.ascontiguousarray(values, dtype="<f8").data)
    return digest.hexdigest()


def _dense_top_k(stated: dict[str, Floats]) -> list[str]:
    """Take top_k as 1 where there is one expert: wide dense baselines state another."""
    if not {"top_k", "n_experts"} <= stated.keys():
        return []
    wide = (stated["n_experts"] == 1) & (stated["top_k"] > 1)
    if not wide.any():
        return []
    stated["top_k"] = np.where(wide, 1.0, stated["top_k"])
    return [f"{int(wide.sum())} dense rows (n_experts 1) state a top_k above 1: it is taken as 1"]


def kept(where: str, raw: RawColumns, known: Mapping[str, Floats], name: str) -> NDArray[np.int64]:
    """Indices of the rows that a condition holds for.

    Args:
        where: The condition; empty keeps every row.
        raw: The columns of the file.
        known: Ours, derived ones included.
        name: What to call the file in errors.

    Raises:
        InputError: If the condition cannot be used, or holds for no row.
    """
    n = len(raw.lines)
    if not where.strip():
        return np.arange(n)
    columns: dict[str, NDArray[Any]] = {}
    for theirs, values in raw.values.items():
        columns[names.plain(theirs)] = columns[re.sub(r"\W", "_", theirs)] = values
    columns |= known
    if "n_experts" in known and "expert_sparsity" not in columns:
        columns["expert_sparsity"] = 1 - known.get("top_k", np.ones(n)) / known["n_experts"]
    keep = np.flatnonzero(select(where, columns, n_rows=n))
    if not len(keep):
        raise InputError(f"{name}: no row of {n} has {where}. Loosen the condition.")
    return keep


def _table(
    raw: RawColumns, known: Mapping[str, Floats], keep: NDArray[np.int64], name: str
) -> RunTable:
    every = len(keep) == len(raw.lines)
    taken = {ours: values if every else values[keep] for ours, values in known.items()}
    return RunTable(
        n_active=taken["n_active"],
        n_total=taken["n_total"],
        tokens=taken["tokens"],
        loss=taken["loss"],
        flops=taken["flops"],
        weight=taken.get("weight", np.ones(len(keep))),
        factors={ours: values for ours, values in taken.items() if ours in FACTORS},
        columns={
            theirs: values[keep]
            for theirs, values in raw.values.items()
            if theirs not in raw.ours.values()
        },
        lines=raw.lines[keep],
        name=name,
    )


def _mapping(raw: RawColumns, how: Mapping[str, str]) -> dict[str, str]:
    """Each of our columns, in our order, and where it comes from."""
    derived = {ours: f"derived: {made}" for ours, made in how.items() if ours != "sparsity"}
    if "sparsity" not in raw.ours:
        for size, other in (("n_total", "n_active"), ("n_active", "n_total")):
            if size in derived:
                derived[size] = f"derived: {other}, as if dense: no sparsity is given"
    return {
        ours: (derived | raw.ours)[ours] for ours in names.ALIASES if ours in derived | raw.ours
    }


def dropped_rows(where: str, raw: RawColumns, keep: NDArray[np.int64]) -> list[str]:
    """What a condition left out, in words."""
    gone = np.setdiff1d(np.arange(len(raw.lines)), keep, assume_unique=True)
    if not len(gone):
        return []
    places = ", ".join(str(line) for line in raw.lines[gone[:LISTED]])
    more = ", ..." if len(gone) > LISTED else ""
    return [
        f"{len(gone)} of {len(raw.lines)} rows, for which {where.strip()} does not hold "
        f"({raw.word}s {places}{more})"
    ]


def _assumptions(raw: RawColumns, table: RunTable) -> list[str]:
    """What was guessed about sizes although experts make it doubtful."""
    found = []
    sparse = int((table.factors.get("n_experts", np.ones(1)) > 1).sum())
    size = raw.ours.get("n_active", "")
    if sparse and {"n_active", "n_total"} - raw.ours.keys() and "sparsity" not in raw.ours:
        found.append(
            f"{sparse} rows have several experts, but only one size and no sparsity is given: "
            "active and total parameters are taken as equal. Add n_active, n_total or sparsity"
        )
    elif (sparse or "sparsity" in raw.ours) and names.is_generic(size):
        found.append(
            f"the column {size} is taken as active parameters. Call it n_active or n_total"
        )
    return found
