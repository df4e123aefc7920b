"""Laws side by side: one column for each, one row for each thing to know."""

from collections.abc import Mapping

from autotune.laws.base import ScalingLaw
from autotune.quantities import format_count
from autotune.reporting import numbers
from autotune.reporting.pages.table_view import TableView


def of(laws: Mapping[str, ScalingLaw]) -> TableView:
    """The laws that a report speaks of, by name."""
    letters = dict.fromkeys(name for law in laws.values() for name in law.coefficients)
    rows: list[tuple[str, ...]] = [
        ("formula", *(law.formula for law in laws.values())),
        *(
            (letter, *(_number(law.coefficients.get(letter)) for law in laws.values()))
            for letter in letters
        ),
        ("fitted range", *(_range(law) for law in laws.values())),
        ("N counts", *(law.source.n for law in laws.values())),
        ("sparsity is", *(law.source.sparsity for law in laws.values())),
        ("FLOP convention", *(law.source.flops for law in laws.values())),
        ("corpus", *(law.source.corpus for law in laws.values())),
        ("loss in", *(law.source.loss_unit for law in laws.values())),
        ("source", *(law.source.citation for law in laws.values())),
        ("where", *(law.source.where for law in laws.values())),
        ("caveat", *(law.source.caveat or "–" for law in laws.values())),
    ]
    return TableView(("", *laws), tuple(rows))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.6g}"


def _range(law: ScalingLaw) -> str:
    parts = []
    for name, (low, high) in law.source.range.limits().items():
        write = _share if name in ("sparsity", "shared_share") else _count
        write = numbers.flops if name == "flops" else write
        parts.append(f"{name} {write(low)} .. {write(high)}")
    return "; ".join(parts) or "not stated"


def _share(value: float) -> str:
    return f"{value:.4g}"


def _count(value: float) -> str:
    return format_count(value, digits=3)
