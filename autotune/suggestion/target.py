"""What could be trained with the target budget: the choice that a plan has to make."""

from collections.abc import Sequence

import numpy as np

from autotune import checks
from autotune.fitting.runs import RunTable
from autotune.suggestion.grid import joined
from autotune.suggestion.layouts import Layout

SIZES = 65
TOKENS_PER_PARAM = (0.5, 2000.0)
END = 1.001
"""Within this factor a configuration is at an end of them."""


def choices(table: RunTable, kinds: Sequence[Layout], flops: float) -> RunTable:
    """Configurations that spend a budget exactly, C = 6 N_active D, for every layout.

    Args:
        table: Finished runs, for their further inputs.
        kinds: The layouts that may be trained.
        flops: The target budget.
    """
    checks.positive("target", flops, hint="A budget is in FLOPs, such as 1e24.")
    low, high = (np.sqrt(flops / (6 * ratio)) for ratio in reversed(TOKENS_PER_PARAM))
    n_active = np.geomspace(low, high, SIZES)
    return joined(table, [(kind, n_active, flops / (6 * n_active)) for kind in kinds])


def open_end(n_active: float, tokens: float) -> tuple[str, ...]:
    """A sentence where a configuration is the first or last of `choices`; none elsewhere.

    Args:
        n_active: Parameters used per token of what looks best.
        tokens: What the target trains it on.
    """
    (low, high), ratio = TOKENS_PER_PARAM, tokens / n_active
    if low * END < ratio < high / END:
        return ()
    end = "largest" if ratio <= low * END else "smallest"
    return (
        f"The best size is the {end} one that is considered ({low:g} to {high:g} tokens per active "
        "parameter): these runs do not tell where it lies. Train runs of more sizes.",
    )
