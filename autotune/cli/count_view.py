"""What `autotune count` prints for people."""

import textwrap
from typing import Any

from autotune.cli import console
from autotune.quantities import format_bytes, format_count


def sheet(record: dict[str, Any]) -> str:
    """One model in full."""
    parts = [_head(record), _groups(record), _conventions(record), _cache(record), _memory(record)]
    return "\n\n".join(parts)


def catalogue(rows: list[dict[str, Any]]) -> str:
    """The released models, a row each."""
    headers = ("model", "layers", "d", "experts", "top k", "N total", "N active", "published")
    body = [
        (
            row["model"],
            row["n_layers"],
            row["d_model"],
            row["n_experts"] or "-",
            row["top_k"] or "-",
            f"{row['n_total']:,}",
            f"{row['n_active']:,}",
            _published(row["published"]),
        )
        for row in rows
    ]
    note = "N total leaves out a multi-token-prediction head; N active is what the report counts."
    return f"{console.table(headers, body, left=(0, 7))}\n\n{note}"


def _published(said: dict[str, Any] | None) -> str:
    return "-" if said is None else f"{said['total']} / {said['active']}, {said['source']}"


def _head(record: dict[str, Any]) -> str:
    shape, attention = record["architecture"], record["architecture"]["attention"]
    heads = (
        f"{attention['n_heads']} latent heads (kv rank {attention['kv_rank']})"
        if attention["kind"] == "Latent"
        else f"{attention['n_heads']} heads of {attention['head_dim']}, "
        f"{attention['n_kv_heads']} for keys and values"
    )
    facts = [f"{shape['n_layers']} layers", f"d {shape['d_model']}", heads, *_ffn(shape)]
    if shape["n_window_layers"]:
        kind = "chunks" if shape["chunked"] else "a window"
        facts.append(f"{shape['n_window_layers']} layers with {kind} of {shape['window']}")
    facts.append(f"vocabulary {shape['vocabulary']}" + (", tied" if shape["tied"] else ""))
    lines = [_wrapped(f"{record['model']}: {'; '.join(facts)}.", indent=2)]
    if record["published"]:
        said = record["published"]
        lines.append(f"Published: {said['total']} / {said['active']} active ({said['source']}).")
        if said["checked"]:
            lines.append(f"Shape checked against {said['checked']}.")
    if record["left_out"]:
        lines.append(f"The language model alone; not counted: {', '.join(record['left_out'])}.")
    return "\n".join(lines)


def _ffn(shape: dict[str, Any]) -> list[str]:
    facts = []
    if shape["ffn"] and shape["n_dense_layers"]:
        some = "" if shape["n_dense_layers"] == shape["n_layers"] else f"{shape['n_dense_layers']} "
        facts.append(f"{some}dense of FFN width {shape['ffn']['width']}")
    if shape["experts"]:
        experts = shape["experts"]
        shared = f" and {experts['n_shared']} shared" if experts["n_shared"] else ""
        facts.append(
            f"{experts['n_experts']} experts{shared} of width {experts['width']}, "
            f"top {experts['top_k']}"
        )
    if shape["n_mtp_layers"]:
        facts.append(f"{shape['n_mtp_layers']} more for multi-token prediction")
    return facts


def _groups(record: dict[str, Any]) -> str:
    counts = record["groups"]
    rows = [(group, f"{n['total']:,}", f"{n['active']:,}") for group, n in counts.items()]
    sums = (sum(n[key] for n in counts.values()) for key in ("total", "active"))
    return console.table(
        ("parameters", "total", "active"), [*rows, ("all", *(f"{n:,}" for n in sums))]
    )


def _conventions(record: dict[str, Any]) -> str:
    rows = [
        (
            each["name"],
            f"{each['n_total']:,}",
            f"{each['n_active']:,}",
            *(
                format_count(each[f"{phase}_flops{scores}"])
                for phase in ("forward", "training")
                for scores in ("_without_scores", "")
            ),
        )
        for each in record["conventions"]
    ]
    headers = ("convention", "N total", "N active", "forward", "+ scores", "training", "+ scores")
    width = max(len(each["name"]) for each in record["conventions"])
    meanings = "\n".join(
        _wrapped(
            f"{each['name']:<{width}}  {each['meaning']}; scores over {each['scores']}"
            + (f" ({each['source']})" if each["source"] else ""),
            indent=width + 2,
        )
        for each in record["conventions"]
    )
    title = f"FLOPs per token, without and with attention scores at {record['seq_len']} tokens:"
    return f"{title}\n{console.table(headers, rows)}\n\n{meanings}"


def _cache(record: dict[str, Any]) -> str:
    parts = [
        f"{_size(size['bytes_per_token'])} per token in {dtype}, "
        f"{_size(size['bytes_of_sequence'])} at {record['seq_len']} tokens"
        for dtype, size in record["kv_cache"].items()
    ]
    return _wrapped(f"KV cache: {'; '.join(parts)}.", indent=2)


def _memory(record: dict[str, Any]) -> str:
    columns = ("weights", "gradients", "optimizer", "training")
    rows = [
        (row["dtype"], *(_size(row[column]) for column in columns), row["meaning"])
        for row in record["memory"]
    ]
    headers = ("memory", *columns, "AdamW keeps")
    return console.table(headers, rows, left=(0, len(headers) - 1))


def _wrapped(text: str, *, indent: int) -> str:
    return textwrap.fill(text, 100, subsequent_indent=" " * indent, break_on_hyphens=False)


def _size(n: float | None) -> str:
    return "-" if n is None else format_bytes(n)
