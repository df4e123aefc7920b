"""What a study recorded of each phase of its search."""

from typing import TYPE_CHECKING, Any

from autotune.phase import METRIC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.phase import Phase
    from autotune.store.study import Study


def plan(phases: "Sequence[Phase]") -> str:
    """`ratios (40 trials: density, expansion), then hidden size (place)`."""
    return ", then ".join(
        f"{phase.name} ({f'{phase.trials} trials: ' if phase.trials else ''}"
        f"{', '.join(phase.free)})"
        for phase in phases
    )


def record(study: "Study") -> list[dict[str, Any]]:
    """Completed trials and the best value of each phase, in order; empty if there are none."""
    values: dict[int, list[float]] = {}
    for outcome in study.completed:
        if METRIC in outcome.metrics:
            values.setdefault(int(outcome.metrics[METRIC]), []).append(outcome.value)
    return [
        {"phase": phase, "completed": len(found), "best_value": min(found)}
        for phase, found in sorted(values.items())
    ]


def line(study: "Study") -> str:
    """The same in one line."""
    return "; ".join(
        f"phase {each['phase']}: {each['completed']} completed, best {each['best_value']:.6g}"
        for each in record(study)
    )
