"""How many trials ended how, over time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotune.trials import Failed, Outcome
from autotune.types import Floats

COMPLETED = "completed"
BINS = 24


@dataclass(frozen=True, slots=True)
class Endings:
    """Counts of trials by how they ended, in equal spans of time.

    Attributes:
        edges: Ends of the spans, seconds after the first trial began, shape (n + 1,).
        counts: By `completed` and the kinds of failure that there are, each shape (n,).
    """

    edges: Floats
    counts: dict[str, Floats]


def endings(outcomes: Sequence[Outcome], bins: int = BINS) -> Endings:
    """Count how trials ended, one or more of them, by when they ended."""
    end = np.array([each.timing.finished_at for each in outcomes])
    first = min(each.timing.finished_at - each.timing.seconds for each in outcomes)
    edges = np.linspace(0.0, max(float(end.max()) - first, 1e-9), bins + 1)
    how = np.array([e.kind.value if isinstance(e, Failed) else COMPLETED for e in outcomes])
    kinds = [COMPLETED, *sorted(set(how.tolist()) - {COMPLETED})]
    counts = {
        kind: np.histogram((end - first)[how == kind], edges)[0].astype(np.float64)
        for kind in kinds
    }
    return Endings(edges, counts)
