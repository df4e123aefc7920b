"""The shape that `autotune train` gives a suggested run: whole layers, widths and experts."""

from typing import Any

from autotune.architecture.shape import Architecture
from autotune.errors import InputError
from autotune.fitting.runs import RunTable
from autotune.training import small_shape


def shapes(runs: RunTable) -> list[Architecture | None]:
    """The shape of each run by the rules of `autotune train --n-active`.

    None where the runs are sparse and do not say how many experts they have, or where no whole
    numbers come near.
    """
    return [_shape(runs, i) for i in range(len(runs))]


def record(shape: Architecture) -> dict[str, Any]:
    """A shape as JSON has it; `n_active` counts matrices of the layers."""
    return {
        "name": shape.name,
        "n_layers": shape.n_layers,
        "d_model": shape.d_model,
        "heads": shape.attention.n_heads,
        "ffn_width": shape.ffn.width if shape.ffn else None,
        "expert_width": shape.experts.width if shape.experts else None,
        "n_active": small_shape.size(shape),
    }


def _shape(runs: RunTable, i: int) -> Architecture | None:
    mixture = None
    try:
        if runs.sparsity[i] > 0:
            if "n_experts" not in runs.factors:
                return None
            top_k = runs.factors["top_k"][i] if "top_k" in runs.factors else 1
            experts = int(runs.factors["n_experts"][i])
            mixture = small_shape.Mixture(n_experts=experts, top_k=int(top_k))
        return small_shape.of_size(float(runs.n_active[i]), mixture)
    except InputError:
        return None
