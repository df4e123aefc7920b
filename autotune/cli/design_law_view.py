"""What `autotune design --law` says of its law: its choice beside that of the shape laws."""

import textwrap
from typing import Any

from autotune.cli import console
from autotune.laws.sparse_shape import FLAT_WIDTH_RATIO
from autotune.planning.joint_ranges import NEAR_DENSITY
from autotune.quantities import format_count

RATIOS = "{:g} to {:g}".format(*FLAT_WIDTH_RATIO)
SHAPES = {
    "near": f"M/N_a - 6 within a factor of {NEAR_DENSITY:g} of its law (our choice: the paper's "
    "band is in a figure) and N/N_a in its flat zone",
    "all": "all M/N_a and N/N_a that leave layers of both kinds",
}


def text(design: dict[str, Any]) -> str:
    """A table of both choices, and what the law saw."""
    law = design["law"]
    rows = [_row(law["name"], design["models"][0])]
    if law["by_shape_laws"] is not None:
        rows.append(_row("shape laws", law["by_shape_laws"]))
    headers = ("chosen by", "layers", "M", "N_a", "N", "M/N_a", "N/N_a", "tokens", "loss")
    shown = console.table(headers, rows, left=(0,))
    said = _said(law, design["shape_law"])
    return "\n".join([shown, *(_wrapped(f"* {each}") for each in said)])


def _row(name: str, model: dict[str, Any]) -> tuple[str, ...]:
    m, active, total = model["M"], model["N_a"], model["N"]
    return (
        name, str(model["architecture"]["n_layers"]), format_count(m), format_count(active),
        format_count(total), f"{m / active:.3f}", f"{total / active:.2f}",
        format_count(model["tokens"]), f"{model['loss']:.4f}",
    )  # fmt: skip


def _said(law: dict[str, Any], own: dict[str, Any] | None) -> list[str]:
    shapes = SHAPES[law["over"]] if own is None else f"the M/N_a, N/N_a and d of {own['id']}"
    ends = f" It was stopped at the end of: {', '.join(law['ends'])}." if law["ends"] else ""
    return [
        f"Loss in {law['unit']} by {law['source']}",
        f"{law['name']} was asked of {law['n_designs']:,} designs over M and {shapes}."
        f"{ends} Tokens are C over exact FLOPs, router and head included.",
        _seen(law, "the width rule" if own is None else own["id"]),
    ]


def _seen(law: dict[str, Any], decides: str) -> str:
    """What of a shape the law sees, and what the rules of design decide instead."""
    sees, through = "N_a, N and tokens, not depth and width", "router and head"
    if law["reads_granularity"]:
        sees, through = "N_a, N, tokens and d / d_m, not depth", "d / d_m, router and head"
    return (
        f"It sees {sees}: M/N_a is nothing to it but FLOPs. At equal M, N_a and N, ratios of "
        f"{RATIOS} change it by {law['width_effect']:.2%}, through {through}: {decides} "
        "decides. The losses of the models differ by what rounding did to M, N_a and N."
    )


def _wrapped(line: str) -> str:
    return textwrap.fill(line, 100, subsequent_indent="  ", break_on_hyphens=False)
