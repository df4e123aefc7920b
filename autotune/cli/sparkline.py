"""A line of blocks that shows how a number fell."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.store.study import Study

BLOCKS = "▁▂▃▄▅▆▇█"
WIDTH = 48


def sparkline(values: Sequence[float], width: int = WIDTH) -> str:
    """Draw numbers as blocks, the last one of each share of them; not-a-number is a blank.

    Args:
        values: In their order.
        width: Most blocks.
    """
    n = len(values)
    shown = [values[(i + 1) * n // min(n, width) - 1] for i in range(min(n, width))]
    known = [value for value in shown if value == value] or [0.0]
    low, span = min(known), max(known) - min(known)
    top = len(BLOCKS) - 1

    def block(value: float) -> str:
        if value != value:
            return " "
        return BLOCKS[round(top * (value - low) / span) if span else 0]

    return "".join(map(block, shown))


def best_so_far(study: "Study") -> str:
    """A study's best so far as blocks and its ends, one line; empty before there is a best."""
    from autotune.history.best_so_far import progression

    found = progression(study.outcomes, study.header.reaches_target)
    if not found.improvements:
        return ""
    best = found.best.tolist()
    first, last = best[found.improvements[0]], best[-1]
    latest = len(best) - 1 - found.improvements[-1]
    since = f"{latest} trial{'' if latest == 1 else 's'} ago" if latest else "just now"
    return f"best so far {sparkline(best)} {first:.6g} -> {last:.6g}, {since}"
