"""Which shapes a law chooses from: between what values of M, M/N_a and N/N_a."""

from enum import StrEnum

from autotune.architecture.sparse_constants import TRAINING_FLOPS
from autotune.planning import design_figures
from autotune.planning.design_question import DesignQuestion
from autotune.planning.design_target import Target
from autotune.types import Interval

SIZE_REACH = 30.0
"""How far M may lie from its law, as a factor: the law decides between size and tokens."""
NEAR_DENSITY = 1.25
"""OUR choice: the same for M/N_a - 6, where shapes stay near the shape laws. The paper's band is in
a figure."""
FAR_DENSITY, FAR_EXPANSION = 8.0, (0.02, 0.98)


class Over(StrEnum):
    """Which shapes are looked at."""

    NEAR = "near"  # M/N_a near its law, N/N_a in its flat zone
    ALL = "all"  # all that have layers of both kinds


def ranges(question: DesignQuestion, start: Target, over: Over) -> dict[str, Interval]:
    """M, M/N_a - 6 and N/N_a - 1: where they begin and end.

    Laws of a team's own runs give both ratios, so that these have one value each.
    """
    figures = {figure.name: figure.value for figure in start.figures}
    above, more = figures["M/N_a"] - TRAINING_FLOPS, figures["N/N_a"] - 1
    limit = start.constants.max_expansion
    size = figures["M"] / SIZE_REACH, figures["M"] * SIZE_REACH
    if question.own is not None:
        return {"M": size, "M/N_a - 6": (above, above), "N/N_a - 1": (more, more)}
    if over is Over.ALL:
        share = FAR_EXPANSION[0] * (limit - 1), FAR_EXPANSION[1] * (limit - 1)
        return {"M": size, "M/N_a - 6": _about(above, FAR_DENSITY), "N/N_a - 1": share}
    low, high = design_figures.flat_expansion(question, start.constants)
    return {
        "M": size, "M/N_a - 6": _about(above, NEAR_DENSITY), "N/N_a - 1": (low - 1, high - 1),
    }  # fmt: skip


def _about(middle: float, factor: float) -> Interval:
    return middle / factor, middle * factor
