"""What `autotune design` prints for people."""

import textwrap
from collections.abc import Sequence
from typing import Any

from autotune.cli import console, design_law_view
from autotune.laws.sparse_shape import FLAT_EXPANSION, FLAT_WIDTH_RATIO
from autotune.planning.own_penalty import NUMBERS
from autotune.quantities import format_bytes, format_count

FLAT = "{:g} to {:g}".format(*FLAT_EXPANSION)
FLAT_RATIO = "{:g} to {:g}".format(*FLAT_WIDTH_RATIO)
PLAIN = ("M/N_a", "N/N_a", "heads", "d", "peak lr")
"""Figures that are no counts of thousands and more."""


def text(record: dict[str, Any]) -> str:
    """All parts that were asked for."""
    parts = []
    if record["design"] is not None:
        design = record["design"]
        parts += [_head(design), _target(design), _certainty(design), _models(design)]
        if design["law"] is not None:
            parts.append(design_law_view.text(design))
        parts.append(_notes(design))
    if record["like"] is not None:
        parts.append(_placement(record["like"]))
    return "\n\n".join(part for part in parts if part)


def _head(design: dict[str, Any]) -> str:
    held = design["held"]
    low, high = design["fitted_range"]
    times = design["times_beyond"]
    range_ = f"{low:g} to {high:g} FLOPs of the fitted runs"
    where = (
        f"inside the {range_}"
        if times == 1
        else f"extrapolated, {_times(times)} times past the {range_}"
    )
    fixed = (
        f"{held['n_experts']} experts, {held['top_k']} and {held['n_shared']} shared active; "
        f"{_attention(held['attention'])}; "
        f"sequences of {held['seq_len']}; vocabulary {held['vocabulary']}"
    )
    return f"Budget: {design['flops']:.4g} FLOPs, {where}.\nFixed:  {fixed}."


def _attention(attention: dict[str, Any]) -> str:
    """How heads share keys and values."""
    if "kv_rank" not in attention:
        return f"{attention['n_heads'] // attention['n_kv_heads']} queries per kv head"
    query = f"{attention['q_rank']} and " if attention["q_rank"] else ""
    return f"MLA of rank {query}{attention['kv_rank']}"


def _times(times: float) -> str:
    return f"{times:,.0f}" if times >= 10 else f"{times:.3g}"


def _target(design: dict[str, Any]) -> str:
    rows = [
        (each["name"], _figure(each, design), each["origin"], each["rule"])
        for each in design["target"]
    ]
    return console.table(("target", "value", "from", "rule"), rows, left=(0, 2, 3))


def _certainty(design: dict[str, Any]) -> str:
    """Intervals and bands, of which only a fit has any."""
    own = design["shape_law"]
    if own is None:
        return ""
    rows = [
        (each["name"], _ends(each, each["interval"]), _ends(each, each["band"]))
        for each in design["target"]
        if each["interval"] or each["band"]
    ]
    return console.table(("target", f"{100 * own['level']:g} %", "near-optimal"), rows)


def _ends(figure: dict[str, Any], ends: Sequence[float] | None) -> str:
    if ends is None:
        return "-"
    low, high = (_value(figure["name"], end) for end in ends)
    return f"{low} to {high}"


def _figure(figure: dict[str, Any], design: dict[str, Any]) -> str:
    name, value = figure["name"], figure["value"]
    if name == "heads":
        return "{}x{}".format(*design["held"]["heads"])
    return _value(name, value)


def _value(name: str, value: float) -> str:
    return f"{value:.4g}" if name in PLAIN else format_count(value)


def _models(design: dict[str, Any]) -> str:
    headers = (
        "#", "layers", "dense", "d", "d_m", _criterion(design), "N total", "N active", "tokens",
        "ΔM", "ΔM/N_a", "ΔN/N_a", "training", "FLOPs/token", "KV/token",
    )  # fmt: skip
    rows = [_row(i, model) for i, model in enumerate(design["models"], start=1)]
    return console.table(headers, rows, left=())


def _criterion(design: dict[str, Any]) -> str:
    """What models are told apart by, besides their errors."""
    return "ratio" if design["models"][0]["loss_rise"] is None else "Δloss"


def _row(i: int, model: dict[str, Any]) -> tuple[str, ...]:
    shape, errors = model["architecture"], model["errors"]
    return (
        str(i),
        str(shape["n_layers"]),
        str(shape["n_dense_layers"]),
        str(shape["d_model"]),
        str(shape["experts"]["width"]),
        f"{model['width_ratio']:.2f}"
        if model["loss_rise"] is None
        else f"{100 * model['loss_rise']:+.2f}%",
        format_count(model["n_total"]),
        format_count(model["n_active"]),
        format_count(model["tokens"]),
        *(f"{100 * errors[name]:+.1f}%" for name in ("flops_per_token", "density", "expansion")),
        format_bytes(model["training_bytes"]),
        format_count(model["inference_flops_per_token"]),
        format_bytes(model["kv_cache_bytes_per_token"]),
    )


def _notes(design: dict[str, Any]) -> str:
    low, high = design["d_range"]
    per_gpu = design["models"][0]["training_bytes_per_gpu"]
    gpu = "" if per_gpu is None else f", {format_bytes(per_gpu)} on each GPU for the first"
    notes = [
        "1 has the hidden size of the target, the others have other layers or dense ones. Δ is the "
        f"error against the target. {_ranking(design)} {_flatness(design)}",
        f"{_meaning(design)}This M, N_a and N have layers of both kinds for d of "
        f"{low:.0f} to {high:.0f}. N counts embeddings; tokens spend the budget at the "
        f"model's own {'M' if design['law'] is None else 'exact FLOPs'}.",
        f"training is weights, gradients and AdamW in bf16 mixed{gpu}, without activations; "
        "FLOPs/token are of inference, KV in bf16.",
        f"A batch is {design['batch_sequences']} sequences, a multiple of 16. Dense layers are "
        f"{design['held']['dense_ratio']:g} d wide.",
        *_copies(design["held"]),
        *_sources(design),
    ]
    return "\n".join(_wrapped(f"* {note}") for note in notes)


def _copies(held: dict[str, Any]) -> list[str]:
    """Where more devices share a layer than there are kv heads."""
    copies = held["kv_copies"]
    if copies == 1:
        return []
    count, devices = held["attention"]["n_kv_heads"], held["divisors"]["tensor"]
    return [
        f"Each of the {count} kv heads is on {copies} of the {devices} tensor-parallel devices, as "
        "Megatron-LM and vLLM place them; N and KV/token count it once."
    ]


def _ranking(design: dict[str, Any]) -> str:
    if design["law"] is not None and design["shape_law"] is None:
        return "The law's loss ranks the others."
    if _criterion(design) == "ratio":
        return "The largest of the three ranks the others."
    names = [each["name"] for each in design["target"] if each["band"]]
    counted = ", ".join(name for name in names if name in NUMBERS)
    return (
        f"Δloss is how far the fit puts the loss above its least, by {counted} of the whole "
        "numbers, and ranks the others."
    )


def _meaning(design: dict[str, Any]) -> str:
    return "Ratio is (K + shared) d_m / d. " if _criterion(design) == "ratio" else ""


def _flatness(design: dict[str, Any]) -> str:
    """What is known of how much the loss changes around the target."""
    own, notes = design["shape_law"], []
    if own is not None:
        notes.append(
            f"Near-optimal is within {100 * own['tolerance']:g} % of the least loss, one number "
            "moved at a time."
        )
    if design["d_band"] is not None:
        notes.append("All but the first have a d that is near-optimal.")
    elif design["law"] is None:
        notes.append(
            "The paper prints no losses and no widths of its near-optimal bands, so no law here "
            f"predicts a penalty; it found less than 0.5 % over ratios of {FLAT_RATIO}, as all but "
            "the first have."
        )
    return " ".join(notes)


def _sources(design: dict[str, Any]) -> list[str]:
    """Each source once, behind the numbers that it gave."""
    names: dict[str, list[str]] = {}
    for each in design["target"]:
        if each["source"]:
            names.setdefault(each["source"], []).append(each["name"])
    return [f"{', '.join(which)}: {source}" for source, which in names.items()]


def _placement(like: dict[str, Any]) -> str:
    lines = [
        f"{like['model']} at {like['seq_len']} tokens, counted as the paper counts:",
        f"M {format_count(like['flops_per_token'])}, N_a {format_count(like['n_active'])}, "
        f"N {format_count(like['n_total'])}",
        f"N/N_a {like['expansion']:.2f}: {like['side']} the flat zone of {FLAT}, in which the "
        f"paper's loss changes by less than 1 %; its experts allow {like['max_expansion']:.2f} "
        "at most",
        f"M/N_a {like['density']:.2f}{_advice(like)}",
        f"(K + shared) d_m / d {like['width_ratio']:.2f}, beside the paper's {FLAT_RATIO}",
    ]
    return "\n".join(_wrapped(line) for line in lines)


def _advice(like: dict[str, Any]) -> str:
    if like["advised_density"] is None:
        return "; its training tokens are not known here"
    return (
        f", beside {like['advised_density']:.2f} by the re-fitted law at its "
        f"{like['flops']:.3g} FLOPs (extrapolated)"
    )


def _wrapped(line: str) -> str:
    return textwrap.fill(line, 100, subsequent_indent="  ", break_on_hyphens=False)
