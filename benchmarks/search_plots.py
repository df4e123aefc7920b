"""Best-so-far regret of every search on one problem: medians over seeds, quartiles as bands."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from problems.bench import Bench
from search_record import Row

from autotune.types import Floats

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "autotune"  # the same figure is the same file
from matplotlib import pyplot as plt  # noqa: E402 - after the choice of a backend

BAND = 5  # seeds from which quartiles are drawn
LEAST = 1e-12
OURS = "autotune"
LINES = ("-", "--", ":", "-.")


def draw(bench: Bench, rows: Sequence[Row], evaluations: int, folder: Path) -> None:
    """Write `<problem>.png` and `<problem>.svg`."""
    if not rows:
        return
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    number = np.arange(1, evaluations + 1)
    for i, (peer, curves) in enumerate(_by_median(rows, evaluations)):
        own = peer.startswith(OURS)
        low, high = np.quantile(curves, [0.25, 0.75], axis=0, method="nearest")
        colour = "black" if peer == OURS else f"C{i % 10}"
        axes.plot(
            number,
            np.median(curves, axis=0),
            LINES[0 if own else 1 + i % 3],
            color=colour,
            drawstyle="steps-post",
            linewidth=2.2 if own else 1.2,
            label=f"{peer} ({len(curves)})",
        )
        if len(curves) >= BAND:
            axes.fill_between(
                number, low, high, color=colour, alpha=0.2 if own else 0.08, lw=0, step="post"
            )
    axes.set_yscale("log")
    axes.set(xlabel="evaluations", ylabel="regret", xlim=(1, evaluations))
    axes.set_title(_title(bench), fontsize=9)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=8, title="search (seeds)", title_fontsize=8)
    figure.savefig(folder / f"{bench.name}.png", dpi=110, metadata={"Software": None})
    figure.savefig(folder / f"{bench.name}.svg", metadata={"Date": None})
    plt.close(figure)


def _title(bench: Bench) -> str:
    """The problem, and what about it is not real."""
    parts = [f"{bench.name}: median best so far; bands are quartiles of {BAND} or more seeds"]
    if bench.noise:
        parts.append(f"noise of sd {bench.noise:g}")
    if bench.failures:
        parts.append(f"{bench.failures:.0%} of the evaluations fail")
    parts[-1] += "; regret is without it" if bench.noise else ""
    if "routing cost" in bench.caveat:
        parts.append("the routing cost is invented")
    return parts[0] + "".join(f"\n{part}" for part in parts[1:])


def _by_median(rows: Sequence[Row], evaluations: int) -> list[tuple[str, Floats]]:
    """Curves of each search, shape (seeds, evaluations), the best at the end first.

    On a logarithmic axis, no regret at all is drawn a factor of three below the least there is.
    """
    groups: dict[str, list[Floats]] = {}
    positive = [regret for row in rows for _, regret in row.steps if regret > 0]
    floor = max(min(positive, default=LEAST) / 3, LEAST)
    for row in rows:
        groups.setdefault(row.peer, []).append(np.maximum(row.curve(evaluations), floor))
    found = [(peer, np.array(curves)) for peer, curves in groups.items()]
    return sorted(found, key=lambda each: (float(np.median(each[1][:, -1])), each[0]))
