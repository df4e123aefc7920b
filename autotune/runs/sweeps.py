"""Read a sweep of learning rates and batch sizes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from autotune.errors import InputError
from autotune.fitting.runs import FLOPS_PER_PARAMETER_AND_TOKEN
from autotune.fitting.sweep import Sweep
from autotune.laws.hyperparameters import LETTERS, HyperparameterForm
from autotune.runs import names
from autotune.runs.corpora import COLUMN, refuse_mixed
from autotune.runs.domain import refuse_bad_cells
from autotune.runs.read import called, dropped_rows, hash_of, kept, read_columns
from autotune.types import Floats

ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {ours: names.ALIASES[ours] for ours in (*LETTERS, "loss")}
    | {
        "lr": ("lr", "learning_rate", "peak_lr", "max_lr", "peak_learning_rate"),
        "batch_tokens": (
            "batch_tokens", "batch_size_tokens", "tokens_per_batch", "tokens_per_step",
            "global_batch_tokens",
        ),
        "batch_sequences": (
            "batch_sequences", "sequences_per_batch", "batch_size", "global_batch_size", "bs",
            "batch",
        ),
        "seq_len": (
            "seq_len", "sequence_length", "seq_length", "context_length", "context", "block_size",
        ),
    }
)  # fmt: skip
"""Each of our columns, and the names it goes by."""

INSTEAD = {"tokens": ("tokens", "flops"), "flops": ("flops", "tokens")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSweep:
    """A sweep, and what was done to get it.

    Attributes:
        sweep: The runs.
        mapping: Each of our columns, and the column of the file that it is, or `derived: how`.
        dropped: What `where` removed.
        data_hash: SHA-256 of the numbers in their order, hexadecimal.
    """

    sweep: Sweep
    mapping: Mapping[str, str]
    dropped: list[str]
    data_hash: str


def read_sweep(
    path: Path | str, form: HyperparameterForm, *, where: str = "", mixed_corpora: bool = False
) -> ReadSweep:
    """Read the runs that a form can be fitted to, from CSV or Parquet.

    Args:
        path: As for `read`.
        form: The law; its inputs, its target and what they follow from must be there.
        where: Which rows to keep.
        mixed_corpora: Whether those may be on different corpora.

    Raises:
        InputError: If the file, a cell or the condition cannot be used.
    """
    name = called(path)
    wanted = ("lr",) if form.target == "lr" else ("batch_tokens", "batch_sequences")
    needs = [INSTEAD.get(each, (each,)) for each in form.exponents]
    raw = read_columns(path, needs=[*needs, wanted], aliases=ALIASES)
    stated = {ours: np.asarray(raw.values[theirs]) for ours, theirs in raw.ours.items()}
    known = dict(stated)
    with np.errstate(all="ignore"):  # bad cells are refused below, unless `where` drops them
        how = derive(known) | _batch(known, form, name)
        keep = kept(where, raw, known, name)
    refuse_bad_cells(raw, stated, keep=keep, name=name)
    if COLUMN in raw.values and not mixed_corpora:
        refuse_mixed(raw.values[COLUMN][keep], name=name)
    missing = [each for each in form.exponents if each not in known]
    if missing:
        raise InputError(
            f"{name}: {missing[0]} is not there and follows from {INSTEAD[missing[0]][1]} only "
            f"beside n_active. Add a column {missing[0]} or n_active."
        )
    taken = {ours: values[keep] for ours, values in known.items()}
    sweep = Sweep(
        inputs={ours: taken[ours] for ours in LETTERS if ours in taken},
        settings={ours: taken[ours] for ours in ("lr", "batch_tokens") if ours in taken},
        loss=taken.get("loss"),
        lines=raw.lines[keep],
        name=name,
    )
    return ReadSweep(
        sweep=sweep,
        mapping=raw.ours | {ours: f"derived: {made}" for ours, made in how.items()},
        dropped=dropped_rows(where, raw, keep),
        data_hash=hash_of(taken),
    )


def derive(known: dict[str, Floats]) -> dict[str, str]:
    """Add tokens or FLOPs where they follow from what is there; say how."""
    how: dict[str, str] = {}
    if "n_active" in known and "tokens" in known and "flops" not in known:
        known["flops"] = FLOPS_PER_PARAMETER_AND_TOKEN * known["n_active"] * known["tokens"]
        how["flops"] = "6 n_active tokens"
    elif "n_active" in known and "flops" in known and "tokens" not in known:
        known["tokens"] = known["flops"] / (FLOPS_PER_PARAMETER_AND_TOKEN * known["n_active"])
        how["tokens"] = "flops / (6 n_active)"
    return how


def _batch(known: dict[str, Floats], form: HyperparameterForm, name: str) -> dict[str, str]:
    """Turn sequences per batch into tokens; where only their ratios matter, any unit does."""
    if "batch_tokens" in known or "batch_sequences" not in known:
        return {}
    if "seq_len" in known:
        known["batch_tokens"] = known["batch_sequences"] * known["seq_len"]
        return {"batch_tokens": "batch_sequences seq_len"}
    if form.target == "batch_tokens":
        raise InputError(
            f"{name} has a batch size, but does not say of what. Call the column batch_tokens if "
            "it counts tokens; if it counts sequences, add their length as the column seq_len."
        )
    known["batch_tokens"] = known["batch_sequences"]
    return {"batch_tokens": "batch_sequences, of unknown length: only ratios are used"}
