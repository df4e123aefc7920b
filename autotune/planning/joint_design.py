"""The shape of least loss by a law of N_a, N and tokens, at exact FLOPs and under a cap."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from autotune.architecture.flops import TRAINING
from autotune.architecture.layer_stack import LayerStack
from autotune.architecture.sparse_constants import TRAINING_FLOPS, SparseConstants
from autotune.architecture.stack_cost import stack_cost
from autotune.architecture.triad import Triad, of_ratios
from autotune.architecture.triad_inverse import solve, width_of_ratio, widths
from autotune.errors import InfeasibleError, InputError
from autotune.laws.base import ScalingLaw
from autotune.laws.sparse_shape import FLAT_WIDTH_RATIO, WIDTH_RATIO, Origin
from autotune.planning import design_figures, design_target, own_figures, sparse_loss
from autotune.planning.design import Candidate, candidates
from autotune.planning.design_question import DesignQuestion, Figure, WidthRule
from autotune.planning.design_target import Target
from autotune.planning.head_schedule import Heads, scheduled
from autotune.planning.sparse_loss import SparseLoss
from autotune.types import Floats, Interval

POINTS, ROUNDS = 40, 4
SIZE_REACH = 30.0
"""How far M may lie from its law, as a factor: the law decides between size and tokens."""
NEAR_DENSITY = 1.25
"""OUR choice: the same for M/N_a - 6, where shapes stay near the shape laws. The paper's band is in
a figure."""
FAR_DENSITY, FAR_EXPANSION = 8.0, (0.02, 0.98)
END = 0.01


class Over(StrEnum):
    """Which shapes are looked at."""

    NEAR = "near"  # M/N_a near its law, N/N_a in its flat zone
    ALL = "all"  # all that have layers of both kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """The best shape of a law.

    Attributes:
        target: What whole numbers have to come near.
        loss: The law.
        at: Its loss at the target, not yet whole.
        over: Which shapes were looked at.
        n_designs: How many designs were compared.
        ends: Which ranges stopped the law, `M/N_a low` for example; empty for none.
    """

    target: Target
    loss: SparseLoss
    at: float
    over: Over
    n_designs: int
    ends: tuple[str, ...]

    def spent(self, model: Candidate, flops: float) -> Candidate:
        """The model with the tokens that a budget of exact FLOPs buys it."""
        return replace(model, tokens=flops / (TRAINING * model.inference_flops))

    def value(self, model: Candidate) -> float:
        """The law's loss of a model after its tokens."""
        experts = model.model.experts
        assert experts is not None
        stack = LayerStack(
            n_layers=np.asarray(model.model.n_layers),
            n_dense_layers=np.asarray(model.model.n_dense_layers),
            d_model=np.asarray(model.model.d_model), expert_width=np.asarray(experts.width),
        )  # fmt: skip
        return float(self.loss(model.triad, stack, model.tokens))


def joint(
    question: DesignQuestion, law: str, over: Over = Over.NEAR, *, fit: ScalingLaw | None = None
) -> Joint:
    """Compare designs over M, M/N_a and N/N_a, on a grid that closes in on the best.

    A law of N_a, N and tokens gives models of one M, N_a and N the same loss, but for what router
    and head cost. So the hidden size is that of the width rule, which has to leave one dense layer,
    and heads are scheduled anew for the law's own M, N_a and N while these then leave it a design.

    Args:
        question: The budget and what is fixed; the law's M, N_a and N replace those of its laws.
        law: Name of a preset, or of `fit`.
        over: Which shapes are looked at.
        fit: The law itself, where it is no preset.

    Raises:
        InputError: If the law cannot tell sparse models of one size apart, or as `target`.
        InfeasibleError: If no design has both kinds of layers and stays under the cap.
    """
    start = design_target.target(replace(question, max_total=None))
    loss = sparse_loss.named(law, start.constants, law=fit)
    found = _scan(question, start, loss, _ranges(question, start, over))
    if found is None:
        raise InfeasibleError(_nothing(question, start, law))
    tried = {start.heads.n_heads}
    while (heads := _heads(question, start, found[0])).n_heads not in tried:
        tried.add(heads.n_heads)
        held = replace(start.constants, attention=heads.attention)
        other = replace(start, heads=heads, constants=held)
        again = _scan(question, other, loss, _ranges(question, other, over))
        if again is None or not _divides(question, held):
            break
        start, found = other, again
    best, value, ends = found
    return Joint(
        target=_target(question, start, best, f"least loss by {law}"), loss=loss, over=over,
        at=value, n_designs=ROUNDS * POINTS**3, ends=ends,
    )  # fmt: skip


def _heads(question: DesignQuestion, start: Target, sizes: Triad) -> Heads:
    """Heads for some M, N_a and N; `start` has those that these sizes were found with."""
    if question.heads is not None:
        return start.heads
    schedule = own_figures.schedule(question)
    return scheduled(question.flops, sizes, constants=start.constants, schedule=schedule)


def _divides(question: DesignQuestion, held: SparseConstants) -> bool:
    try:
        question.divisors.refuse_remainders(held)
    except InputError:
        return False
    return True


def _scan(
    question: DesignQuestion, start: Target, loss: SparseLoss, ranges: Mapping[str, Interval]
) -> tuple[Triad, float, tuple[str, ...]] | None:
    """The best triad, its loss, and the ends of ranges that it lies at; None if there is none."""
    low, high = (np.log(np.array(side)) for side in zip(*ranges.values(), strict=True))
    ends = low, high
    for _ in range(ROUNDS):
        axes = [np.linspace(a, b, POINTS) for a, b in zip(low, high, strict=True)]
        grid = np.stack([each.ravel() for each in np.meshgrid(*axes, indexing="ij")])
        values = _losses(question, start, loss, _triads(grid))
        best = int(np.argmin(values))
        if not np.isfinite(values[best]):
            return None
        at, reach = grid[:, best], 2 * (high - low) / (POINTS - 1)
        low, high = np.maximum(ends[0], at - reach), np.minimum(ends[1], at + reach)
    return _triads(at), float(values[best]), _stopped(tuple(ranges), at, ends)


def models(question: DesignQuestion, found: Joint, *, top: int) -> list[Candidate]:
    """Whole numbers near the best shape: the nearest first, then by the law's loss.

    Tokens are those that the budget pays for at the exact FLOPs of each.

    Raises:
        InfeasibleError: If none come near enough.
    """
    nearest = candidates(question, found.target, top=top)
    first, *rest = (found.spent(each, question.flops) for each in nearest)
    return [first, *sorted(rest, key=found.value)]


def by_shape_laws(question: DesignQuestion, found: Joint) -> Candidate | None:
    """What the shape laws alone give, at the same exact FLOPs; None where they give nothing."""
    try:
        (model,) = candidates(question, design_target.target(question), top=1)
    except InfeasibleError:
        return None
    return found.spent(model, question.flops)


def width_effect(question: DesignQuestion, found: Joint) -> float:
    """Relative change of the law's loss over the flat zone of width ratios, at one M, N_a and N.

    The law does not see the width. Router and head cost what they cost, and that takes tokens.
    """
    sizes, held = found.target.triad, found.target.constants
    room = widths(sizes, held)
    d = np.minimum(width_of_ratio(sizes, np.array(FLAT_WIDTH_RATIO), constants=held), room.high)
    stack = solve(sizes, d, constants=held)
    cost = stack_cost(stack, held, vocabulary=question.vocabulary)
    one, other = found.loss(sizes, stack, question.flops / cost.flops_per_token)
    return float(abs(other / one - 1))


def _ranges(question: DesignQuestion, start: Target, over: Over) -> dict[str, Interval]:
    """M, M/N_a - 6 and N/N_a - 1: where they begin and end."""
    figures = {figure.name: figure.value for figure in start.figures}
    above, limit = figures["M/N_a"] - TRAINING_FLOPS, start.constants.max_expansion
    size = figures["M"] / SIZE_REACH, figures["M"] * SIZE_REACH
    if over is Over.ALL:
        share = FAR_EXPANSION[0] * (limit - 1), FAR_EXPANSION[1] * (limit - 1)
        return {"M": size, "M/N_a - 6": _about(above, FAR_DENSITY), "N/N_a - 1": share}
    low, high = design_figures.flat_expansion(question, start.constants)
    return {
        "M": size, "M/N_a - 6": _about(above, NEAR_DENSITY), "N/N_a - 1": (low - 1, high - 1),
    }  # fmt: skip


def _about(middle: float, factor: float) -> Interval:
    return middle / factor, middle * factor


def _triads(logs: Floats) -> Triad:
    """Triads of logarithms of M, M/N_a - 6 and N/N_a - 1, shape (3, ...)."""
    size, above, more = np.exp(logs)
    return of_ratios(size, density=TRAINING_FLOPS + above, expansion=1 + more)


def _losses(question: DesignQuestion, start: Target, loss: SparseLoss, sizes: Triad) -> Floats:
    """The law's loss, elementwise; infinite where a design is none or above the cap."""
    held = start.constants
    d = _widths(question, sizes, start)
    stack = solve(sizes, d, constants=held)
    cost = stack_cost(stack, held, vocabulary=question.vocabulary)
    possible = (stack.n_layers >= 2) & (stack.n_dense_layers >= 1) & (stack.n_moe_layers >= 1)
    if question.max_total is not None:
        possible = possible & (cost.n_total <= question.max_total)
    values = np.full(np.shape(possible), np.inf)
    kept = Triad(
        flops_per_token=np.asarray(sizes.flops_per_token)[possible],
        n_active=sizes.n_active[possible], n_total=sizes.n_total[possible],
    )  # fmt: skip
    picked = LayerStack(
        n_layers=stack.n_layers[possible], n_dense_layers=stack.n_dense_layers[possible],
        d_model=stack.d_model[possible], expert_width=stack.expert_width[possible],
    )  # fmt: skip
    values[possible] = loss(kept, picked, question.flops / cost.flops_per_token[possible])
    return values


def _widths(question: DesignQuestion, sizes: Triad, start: Target) -> Floats:
    """Hidden sizes by the width rule."""
    if question.width_rule is not WidthRule.SWEEP:
        return width_of_ratio(sizes, WIDTH_RATIO, constants=start.constants)
    figure = design_figures.width(question, start.triad, start.constants)
    return np.full(np.shape(sizes.n_active), figure.value)


def _target(question: DesignQuestion, start: Target, best: Triad, rule: str) -> Target:
    """The design's target with the law's sizes in the place of those of the shape laws."""
    held = start.constants
    figure = design_figures.width(question, best, held)
    stack = solve(best, figure.value, constants=held)
    cost = float(stack_cost(stack, held, vocabulary=question.vocabulary).flops_per_token)

    def scanned(name: str, value: Floats) -> Figure:
        return Figure(name=name, value=float(value), rule=rule, origin=Origin.SCAN)

    kept = {each.name: each for each in start.figures}
    spent = Figure(
        name="D", value=question.flops / cost, rule="C over exact FLOPs", origin=Origin.ALGEBRA
    )
    m, dense = scanned("M", best.flops_per_token), scanned("M/N_a", best.density)
    wide = scanned("N/N_a", best.expansion)
    figures = (
        m, spent, dense, wide, *design_figures.sizes(question, (m, dense, wide), held),
        design_figures.heads(start.heads), figure,
        kept["peak lr"], kept["batch"],
    )  # fmt: skip
    room = widths(best, held)
    return replace(
        start, figures=figures, triad=best, d_model=figure.value,
        d_range=(float(room.low), float(room.high)),
    )  # fmt: skip


def _stopped(names: tuple[str, ...], at: Floats, ends: tuple[Floats, Floats]) -> tuple[str, ...]:
    """The ranges at whose ends the best design lies."""
    said = []
    for name, value, low, high in zip(names, at, *ends, strict=True):
        place = (value - low) / (high - low)
        if not END < place < 1 - END:
            said.append(f"{name.split(' ')[0]} {'low' if place < 0.5 else 'high'}")
    return tuple(said)


def _nothing(question: DesignQuestion, start: Target, law: str) -> str:
    heads = f"{start.heads.n_heads}x{start.heads.head_dim}"
    cap = "" if question.max_total is None else " and stays under the cap on all parameters"
    return (
        f"no design of {heads} heads near the shape laws has layers of both kinds{cap}, so that "
        f"{law} has none to choose from. Pass fewer heads, raise the cap, or give --over all."
    )
