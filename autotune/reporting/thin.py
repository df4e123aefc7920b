"""Large studies in fewer points, so that a page stays small."""

from collections.abc import Sequence

import numpy as np

from autotune.reporting.records import StudyRecord
from autotune.trials import Completed, Outcome

MOST = 2000


def thinned(study: StudyRecord, most: int = MOST) -> tuple[Sequence[Outcome], str]:
    """The outcomes to draw, oldest first, and a sentence that says how many are left out."""
    kept, said = positions(study, most)
    return [study.outcomes[i] for i in kept], said


def positions(study: StudyRecord, most: int = MOST) -> tuple[list[int], str]:
    """Which outcomes to draw, from 0, and a sentence that says how many are left out.

    The best quarter of what is kept is whole; of the others every n-th is kept.
    """
    outcomes = study.outcomes
    if len(outcomes) <= most:
        return list(range(len(outcomes))), ""
    value = np.array([o.value if isinstance(o, Completed) else np.inf for o in outcomes])
    kept = set(np.argsort(value, kind="stable")[: most // 4].tolist())
    others = [i for i in range(len(outcomes)) if i not in kept]
    step = -(-len(others) // (most - len(kept)))
    kept.update(others[::step])
    left = len(outcomes) - len(kept)
    return sorted(kept), f" {left} of {len(outcomes)} trials are not drawn."
