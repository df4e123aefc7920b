"""Depth and widths of released models from M, N_a, N and d alone, by the closed-form inverse.

    python benchmarks/released_shapes.py [--out DIR]

Every sparse model of the catalogue is counted as arXiv:2603.21862 counts, at sequences of 8192 and
with its own experts, attention and ratio of dense layers. M, N_a and N, exact or of as many digits
as a report prints, and the hidden size then go through the inverse and the simple rule of rounding:
L to the nearest, dense layers likewise but one at least, width of experts to a multiple of 8.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from evidence import Record, manifest, write, write_manifest

from autotune.architecture.divisors import Divisors
from autotune.architecture.shape import Architecture
from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.triad import Triad
from autotune.architecture.triad_inverse import solve
from autotune.architecture.whole_stack import rounded
from autotune.models import catalogue
from autotune.planning.flat_zone import place

SEQ_LEN = 8192
DIGITS = (0, 4, 3)
"""How many significant digits M, N_a and N have; 0 for all."""
ASSUMED_RATIO = 3.0
"""Of models without a dense layer, whose ratio is nothing."""


def records() -> Iterator[Record]:
    """One row for each model and number of digits."""
    for name in catalogue.names():
        for digits in DIGITS:
            yield _record(catalogue.read(name).model, digits)


def _record(model: Architecture, digits: int) -> Record:
    found, held = place(model, seq_len=SEQ_LEN, tokens=None), _held(model)
    sizes = found.flops_per_token, found.n_active, found.n_total
    m, n_active, n_total = (
        np.float64(f"{size:.{digits - 1}e}" if digits else size) for size in sizes
    )
    asked = Triad(flops_per_token=m, n_active=n_active, n_total=n_total)
    whole = rounded(asked, model.d_model, constants=held, divisors=Divisors())
    assert model.experts is not None
    actual = model.n_layers, model.n_dense_layers, model.experts.width
    ours = int(whole.n_layers), int(whole.n_dense_layers), int(whole.expert_width)
    return {
        "model": model.name, "digits": digits or "all", "d": model.d_model,
        "M": float(m), "N_a": float(n_active), "N": float(n_total),
        "n_layers": actual[0], "n_dense_layers": actual[1], "expert_width": actual[2],
        "found_layers": ours[0], "found_dense": ours[1], "found_width": ours[2],
        "reason": _reason(model, asked, held, same=actual == ours),
    }  # fmt: skip


def _held(model: Architecture) -> SparseConstants:
    """What the model holds fixed."""
    experts, ffn = model.experts, model.ffn
    assert experts is not None
    return SparseConstants(
        attention=model.attention, n_experts=experts.n_experts, top_k=experts.top_k,
        n_shared=experts.n_shared, seq_len=SEQ_LEN,
        dense_ratio=ASSUMED_RATIO if ffn is None else ffn.width / model.d_model,
    )  # fmt: skip


def _reason(model: Architecture, asked: Triad, held: SparseConstants, *, same: bool) -> str:
    """Why whole numbers are not those of the model."""
    if same:
        return ""
    stack = solve(asked, model.d_model, constants=held)
    layers, dense, width = (
        float(x) for x in (stack.n_layers, stack.n_dense_layers, stack.expert_width)
    )
    if model.n_dense_layers == 0 and round(layers) == model.n_layers:
        return "no dense layer: the rule has one at least"
    return (
        f"digits: the continuous stack has {layers:.2f} layers, {dense:.2f} dense, {width:.1f} wide"
    )


def main() -> None:
    """Print the table; write it with --out."""
    parser = argparse.ArgumentParser(description="Shapes of released models by the inverse.")
    parser.add_argument("--out", type=Path, help="folder for inverse.csv and inverse.json")
    out = parser.parse_args().out
    rows = list(records())
    for digits in (str(each or "all") for each in DIGITS):
        some = [row for row in rows if str(row["digits"]) == digits]
        same = [
            sum(row[mine] == row[theirs] for row in some)
            for mine, theirs in (
                ("found_layers", "n_layers"), ("found_dense", "n_dense_layers"),
                ("found_width", "expert_width"),
            )
        ]  # fmt: skip
        layers, dense, width = same
        print(f"{digits} digits: of {len(some)}, layers {layers}, dense {dense}, width {width}")
    for row in rows:
        if row["reason"]:
            print(row["digits"], row["model"], row["reason"])
    if out:
        write(out / "inverse.csv", rows)
        write_manifest(out / "inverse.json", manifest(seq_len=SEQ_LEN))


if __name__ == "__main__":
    main()
