"""What `autotune design fit` prints for people."""

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from autotune.cli import console
from autotune.cli.design_fit_record import label
from autotune.fitting.shape_curves import TOGETHER
from autotune.fitting.shape_slices import RULE
from autotune.fitting.shape_steps import NEAR_BEST
from autotune.planning.own_figures import VARIED
from autotune.quantities import format_count

COUNTS = ("M", "batch_tokens")
"""Numbers in thousands and more."""
STEPS = ("lr", "batch_tokens")


def text(record: dict[str, Any], *, saved: Path | None) -> str:
    """Counts by budget, best values with their bands, the laws, and what to know."""
    share = 100 * record["settings"]["tolerance"]
    parts = [
        _head(record),
        "Runs in each curve:\n" + _counts(record),
        f"Best value, and where the loss is within {share:g} % of its least:\n"
        + _best_values(record, [name for name in _numbers(record) if name not in STEPS]),
        _settings(record),
        _laws(record),
        _predictions(record),
        "\n".join(_gates(record["budgets"])),
        _list("The runs do not settle everything:", record["weak"]),
        _list("Worth knowing:", record["warnings"]),
        _list("How runs were chosen:", _rules(record)),
        _next(saved),
    ]
    return "\n\n".join(part for part in parts if part)


def _head(record: dict[str, Any]) -> str:
    held, budgets = record["held"], record["budgets"]
    return (
        f"{record['n_runs']} runs of {record['data']} at {len(budgets)} budgets.\n"
        f"Fixed: {held['n_experts']} experts, {held['top_k']} and {held['n_shared']} shared "
        f"active; sequences of {held['seq_len']}; dense layers {held['dense_ratio']:g} d wide."
    )


def _numbers(record: dict[str, Any]) -> list[str]:
    return list(record["budgets"][0]["numbers"])


def _counts(record: dict[str, Any]) -> str:
    numbers = _numbers(record)
    rows = [
        (
            f"{budget['flops']:.3g}",
            str(budget["n_runs"]),
            "{n_heads}x{head_dim}".format(**budget["heads"]),
            *(str(budget["numbers"][number]["n_runs"]) for number in numbers),
        )
        for budget in record["budgets"]
    ]
    return console.table(("FLOPs", "runs", "heads", *map(label, numbers)), rows)


def _best_values(record: dict[str, Any], numbers: Sequence[str]) -> str:
    rows = [
        (
            f"{budget['flops']:.3g}",
            *(_best(number, budget["numbers"][number]) for number in numbers),
        )
        for budget in record["budgets"]
    ]
    return console.table(("FLOPs", *map(label, numbers)), rows)


def _settings(record: dict[str, Any]) -> str:
    numbers = [name for name in _numbers(record) if name in STEPS]
    if not numbers:
        return ""
    near = f"Middle of the runs within {100 * (NEAR_BEST - 1):.1g} % of the least loss, and ends:"
    return f"{near}\n{_best_values(record, numbers)}"


def _best(number: str, found: dict[str, Any]) -> str:
    if found["state"] != "fitted":
        return "-"
    value = _value(number, found["best"])
    low, high = found["band"]
    return value if high <= low * VARIED else f"{value} {_ends(number, (low, high))}"


def _laws(record: dict[str, Any]) -> str:
    made = f"{100 * record['settings']['level']:g} %"
    rows = [
        (
            label(number),
            law["best"]["rule"],
            _limits(law["best"]["c_interval"]),
            _limits(law["best"]["p_interval"]),
            str(len(law["budgets"])),
        )
        for number, law in record["laws"].items()
    ]
    headers = ("", "law over C", f"scale, {made}", f"exponent, {made}", "budgets")
    return console.table(headers, rows, left=(0, 1, 2, 3))


def _predictions(record: dict[str, Any]) -> str:
    made = f"{100 * record['settings']['level']:g} %"
    rows = [
        (
            f"{at['flops']:.3g}",
            label(number),
            _value(number, at["value"]),
            "-" if at["interval"] is None else _ends(number, at["interval"]),
            "-" if at["band"][1] <= at["band"][0] * VARIED else _ends(number, at["band"]),
        )
        for number, law in record["laws"].items()
        for at in law["predictions"]
    ]
    return console.table(("FLOPs", "", "by the law", made, "band"), rows, left=(0, 1))


def _value(number: str, value: float) -> str:
    return format_count(value, digits=4) if number in COUNTS else f"{value:.4g}"


def _ends(number: str, ends: Sequence[float]) -> str:
    return f"[{_value(number, ends[0])}, {_value(number, ends[1])}]"


def _limits(ends: Sequence[float] | None) -> str:
    return "-" if ends is None else "[{:.4g}, {:.4g}]".format(*ends)


def _gates(budgets: Iterable[dict[str, Any]]) -> Iterable[str]:
    for budget in budgets:
        found = budget["rank_preservation"]
        if found is not None:
            yield (
                f"Loss at the middle d against the least over d, {found['n_triplets']} triplets at "
                f"{found['flops']:.3g} FLOPs:\n  Pearson {found['pearson']:.3f}, Spearman "
                f"{found['spearman']:.3f}, Kendall {found['kendall']:.3f}; 0.9 or more lets ratios "
                "be chosen before d"
            )


def _rules(record: dict[str, Any]) -> list[str]:
    rules = [RULE, TOGETHER]
    if set(STEPS) & set(_numbers(record)):
        rules.append(
            "Learning rate and batch are of the runs within "
            f"{100 * (NEAR_BEST - 1):.1g} % of the least loss of their budget: between two "
            "parallel lines through the lowest and the highest, the line in the middle is the law."
        )
    return rules


def _next(saved: Path | None) -> str:
    if saved is None:
        return "Keep it with --save ID, and then: autotune design --flops C --shape-law ID"
    return f"Saved as {saved}. Now: autotune design --flops C --shape-law {saved.stem}"


def _list(head: str, sentences: Iterable[str]) -> str:
    lines = [
        textwrap.fill(
            each, 100, initial_indent="* ", subsequent_indent="  ", break_on_hyphens=False
        )
        for each in sentences
    ]
    return "\n".join([head, *lines]) if lines else ""
