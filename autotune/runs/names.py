"""Which column of a file is which of ours, guessed from its name."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from autotune.errors import InputError
from autotune.laws.factors import FACTORS

ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "n_active": (
            "n_active", "active_params", "active_parameters", "n_act", "params_active",
            "n_params", "num_params", "params", "parameters", "n_parameters", "num_parameters",
            "model_size", "N", "n",
        ),
        "n_total": (
            "n_total", "total_params", "total_parameters", "params_total", "n_tot",
            "total_parameter_count",
        ),
        "tokens": (
            "tokens", "n_tokens", "num_tokens", "training_tokens", "train_tokens",
            "tokens_seen", "total_tokens", "dataset_size", "D", "d",
        ),
        "flops": (
            "flops", "flop", "training_flop", "training_flops", "train_flops", "total_flops",
            "compute", "training_compute", "C",
        ),
        "loss": (
            "loss", "val_loss", "validation_loss", "loss_val", "loss_validation", "valid_loss",
            "eval_loss", "test_loss", "final_loss", "final_val_loss", "train_loss",
            "training_loss", "cross_entropy", "nll", "L",
        ),
        "sparsity": ("sparsity", "param_sparsity", "parameter_sparsity", "S"),
        "n_experts": ("n_experts", "num_experts", "experts", "number_of_experts", "E"),
        "top_k": ("top_k", "topk", "experts_per_token", "num_experts_per_tok", "k"),
        "granularity": ("granularity", "G"),
        "weight": ("weight",),
    }
    | {name: (name,) for name in FACTORS if name not in ("n_experts", "top_k", "granularity")}
)  # fmt: skip
"""Each of our columns, and the names it goes by, ours first and the least telling last.

A letter is a name only in the case that papers write it in: `l` is a number of layers.
"""

GENERIC = ALIASES["n_active"][ALIASES["n_active"].index("n_params") :]
"""Names of a size that do not say whether it is active or total."""

NEEDS = (("n_active", "n_total"), ("tokens", "flops"), ("loss",))
"""What a run table cannot do without: one of each."""


def plain(name: str) -> str:
    """A header as an identifier: lower case, every other sign an underscore."""
    return re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_")


def _key(name: str) -> str:
    return name if len(name) == 1 else plain(name)


def is_generic(name: str) -> bool:
    """Whether a size's name leaves open if it is active or total."""
    return _key(name) in GENERIC


def match(
    header: Sequence[str],
    *,
    file: str,
    needs: Sequence[Sequence[str]] = NEEDS,
    aliases: Mapping[str, tuple[str, ...]] = ALIASES,
) -> dict[str, str]:
    """Find our columns in a header.

    Args:
        header: The names in the file.
        file: What to call the file in errors.
        needs: Groups of our names; one of each must be there.
        aliases: The names that each of ours goes by.

    Returns:
        Our name -> the file's, for every column that was recognised.

    Raises:
        InputError: If a name comes twice, or a column that is needed is not there.
    """
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(f"{file} has the column {twice[0]!r} twice. Rename or drop one.")
    found: dict[str, str] = {}
    for ours, known in aliases.items():
        ranks = [(known.index(_key(name)), name) for name in header if _key(name) in known]
        if ranks:
            found[ours] = min(ranks, key=lambda rank: rank[0])[1]
    missing = [need for need in needs if not found.keys() & set(need)]
    if missing:
        raise InputError(
            f"{file} lacks the column {', '.join(' or '.join(need) for need in missing)}. "
            f"Its columns are: {', '.join(header)}. Rename the columns meant; "
            f"names that are understood: {', '.join(aliases[missing[0][0]])}."
        )
    return found
