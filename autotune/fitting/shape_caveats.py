"""What runs do not settle about the best shape, and what is worth knowing, in sentences."""

from collections.abc import Iterator, Mapping

import numpy as np

from autotune.fitting import rank_gate, shape_powers
from autotune.fitting.shape_budget import STEPS, BudgetFit
from autotune.fitting.shape_curves import CURVED, CurveState, HeldAt
from autotune.fitting.shape_powers import Points
from autotune.fitting.shape_runs import ShapeRuns
from autotune.laws.fitted_shape import LABELS, Banded, ShapeNumber

UNEVEN = 2.0
"""Scatter of budgets about a law, in standard deviations of their noise, that is worth saying."""
WIDE_BUDGET = 1.02
"""Largest over least FLOPs of a budget from which that is worth saying."""
LOST = 0.05
"""Share of resamples without a minimum that is worth saying."""


def why_none(found: list[BudgetFit]) -> str:
    """Why no law can be fitted."""
    if len(found) < shape_powers.FEWEST_BUDGETS:
        return f"all runs share the budget of {found[0].flops:.3g} FLOPs"
    states = [
        f"{LABELS[number]} {curve.state.value}"
        for number, curve in found[0].curves.items()
        if curve.state is not CurveState.FITTED
    ]
    return f"at {found[0].flops:.3g} FLOPs: {'; '.join(states)}"


def weak(found: list[BudgetFit], laws: Mapping[ShapeNumber, Banded]) -> Iterator[str]:
    """Laws that are missing, budgets left out, orders lost."""
    for number in CURVED:
        left = [
            (each.flops, each.curves[number].state)
            for each in found
            if each.curves[number].state not in (CurveState.FITTED, CurveState.FEW)
        ]
        for flops, state in left:
            yield f"{LABELS[number]} at {flops:.3g} FLOPs is left out: {state.value}"
        if number not in laws:
            few = sum(each.curves[number].state is CurveState.FEW for each in found)
            yield (
                f"there is no law of {LABELS[number]}: it needs two budgets, and at {few} of "
                f"{len(found)} there are {CurveState.FEW.value}"
            )
    for each in found:
        if each.gate is not None and not each.gate.accepted:
            yield (
                f"at {each.flops:.3g} FLOPs Kendall's tau is {each.gate.kendall:.3f}, below "
                f"{rank_gate.ACCEPTED:g}: ratios chosen at the middle hidden size may not be the "
                "best ones"
            )


def warnings(
    runs: ShapeRuns,
    found: list[BudgetFit],
    laws: Mapping[ShapeNumber, Banded],
    points: Mapping[ShapeNumber, Points],
) -> Iterator[str]:
    """Unequal budgets and heads, laws that go through little, and what was not tested."""
    for each in found:
        flops = runs.flops[each.rows]
        if flops.max() > WIDE_BUDGET * flops.min():
            yield (
                f"the runs of {each.flops:.3g} FLOPs spend {flops.min():.4g} to {flops.max():.4g}: "
                "what more compute does to the loss is taken for the shape's doing"
            )
        heads = {runs.held[i].attention for i in each.rows}
        if len(heads) > 1:
            yield f"the runs of {each.flops:.3g} FLOPs have {len(heads)} choices of heads"
        yield from _triplet(each)
    for number, law in laws.items():
        yield from _law_warnings(number, law, found, points[number])
    if not any(each.gate for each in found):
        yield (
            "no budget has several hidden sizes for "
            f"{rank_gate.FEWEST_TRIPLETS} triplets: whether ratios may be chosen before d is "
            "not tested"
        )


def _triplet(budget: BudgetFit) -> Iterator[str]:
    """Of what M, M/N_a and N/N_a a best hidden size is, where these runs have no best ones."""
    curve = budget.curves["width"]
    if curve.state is not CurveState.FITTED:
        return
    for held_at, whose in (
        (HeldAt.LAW, "by law over budgets: the runs there have no best value"),
        (HeldAt.RUN, "as run: there is no best value, and no law"),
    ):
        names = " and ".join(LABELS[n] for n, at in curve.held_at.items() if at is held_at)
        if names:
            yield f"d at {budget.flops:.3g} FLOPs is at {names} {whose}"


def _law_warnings(
    number: ShapeNumber, law: Banded, found: list[BudgetFit], points: Points
) -> Iterator[str]:
    name = LABELS[number]
    if len(law.budgets) == shape_powers.FEWEST_BUDGETS:
        yield f"the law of {name} goes through two budgets, and nothing shows whether it is one"
    if number in STEPS:
        tried = sum(each.steps[number].n_values > 1 for each in found)
        if tried < len(found):
            yield f"{name} was varied at {tried} of {len(found)} budgets: elsewhere it is as set"
        return
    off = shape_powers.scatter(law.best, points)
    if off > UNEVEN:
        yield (
            f"budgets lie {off:.1f} standard deviations of their noise off the law of {name}: its "
            "intervals are too narrow"
        )
    lost = ~np.isfinite(law.best.draws).all(axis=1)
    if lost.size and lost.mean() > LOST:
        yield f"{lost.mean():.0%} of resamples have no best {name} at some budget, and are left out"
