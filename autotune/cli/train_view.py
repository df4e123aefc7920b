"""What `autotune train` prints for people."""

from pathlib import Path

from autotune.cli import console
from autotune.quantities import format_bytes, format_count, format_seconds
from autotune.training.result import RunResult, RunState


def sheet(results: list[RunResult], *, table: Path | None) -> str:
    """The run in full."""
    parts = [_head(results[0]), _rows(results), *_notes(results)]
    kept = sum(result.state is RunState.COMPLETED for result in results)
    if table is not None and kept:
        parts.append(f"{kept} rows in {table}: autotune fit {table}")
    return "\n\n".join(parts)


def _head(result: RunResult) -> str:
    size, facts = result.size, result.facts
    experts = (
        "dense" if size.n_experts is None else f"{size.n_experts} experts, {size.top_k} per token"
    )
    settings, place = facts["settings"], facts["environment"]
    lines = [
        f"{facts['model']}: {experts}; N {format_count(size.n_active)} active of "
        f"{format_count(size.n_total)} in matrices of the layers, {format_count(size.n_params)} "
        "parameters in all.",
        f"Corpus {facts['corpus']}, seed {facts['seed']}; {settings['sequences']} sequences of "
        f"{settings['context']} tokens a step; {settings['optimizer']}; {place['precision']} on "
        f"{place['device']}, {place['threads']} threads.",
    ]
    return "\n".join(lines)


def _rows(results: list[RunResult]) -> str:
    headers = ("tokens", "steps", "loss", "bits/byte", "FLOPs", "6 N D", "time", "tokens/CPU s",
               "ended")  # fmt: skip
    rows = [
        (
            format_count(result.tokens),
            f"{result.steps:,}",
            "-" if result.loss is None else f"{result.loss:.4f}",
            "-" if result.bits_per_byte is None else f"{result.bits_per_byte:.4f}",
            f"{result.flops:.3g}",
            f"{result.flops_6nd:.3g}",
            format_seconds(result.cost.seconds),
            f"{result.tokens / max(result.cost.cpu_seconds, 1e-9):,.0f}",
            str(result.state),
        )
        for result in results
    ]
    note = (
        "Loss is in nats per token of fixed validation text. FLOPs are exact: matrix products and "
        "the scores that\na causal mask shows, without the optimizer; N in 6 N D has no embedding "
        "and no head."
    )
    return f"{console.table(headers, rows, left=(8,))}\n\n{note}"


def _notes(results: list[RunResult]) -> list[str]:
    last = results[-1]
    notes = [f"Peak memory {format_bytes(last.cost.peak_bytes)}."]
    if last.expert_load:
        worst = [max(layer) for layer in last.expert_load]
        notes.append(
            "Load of the busiest expert over the mean, by layer: "
            + ", ".join(f"{load:.2f}" for load in worst)
            + "."
        )
    said = {warning for result in results for warning in result.warnings}
    failed = {f"{result.state}: {result.detail}" for result in results if result.detail}
    return ["\n".join(notes + sorted(said) + sorted(failed))]
