"""The shape of least loss by a law of N_a, N and tokens, at exact FLOPs and under a cap."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
from autotune.planning import design_figures, design_target, joint_ranges, own_figures, sparse_loss
from autotune.planning.design import Candidate, candidates
from autotune.planning.design_question import DesignQuestion, Figure, WidthRule
from autotune.planning.design_target import Target
from autotune.planning.head_schedule import Heads, scheduled
from autotune.planning.joint_ranges import Over
from autotune.planning.sparse_loss import SparseLoss
from autotune.types import Floats, Interval

POINTS, ROUNDS = 40, 4
END = 0.01


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


@dataclass(frozen=True, slots=True)
class _Sought:
    """What is compared: designs of a question, around a target, by a law.

    Attributes:
        question: The budget and what is fixed.
        start: The target of the shape laws; heads may have been scheduled anew.
        loss: The law.
        depth: Hidden size over the middle of those possible, by a fit; None without its law of d.
    """

    question: DesignQuestion
    start: Target
    loss: SparseLoss
    depth: float | None


def joint(
    question: DesignQuestion, law: str, over: Over = Over.NEAR, *, fit: ScalingLaw | None = None
) -> Joint:
    """Compare designs over M, M/N_a and N/N_a, on a grid that closes in on the best.

    A law of N_a, N and tokens gives models of one M, N_a and N the same loss, but for what router
    and head cost. So the hidden size is that of the width rule, which has to leave one dense layer,
    and heads are scheduled anew for the law's own M, N_a and N while these then leave it a design.

    Laws of a team's own runs give both ratios, and how deep in its interval the hidden size is; the
    law then chooses M alone, and with it tokens.

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
    sought = _Sought(question, start, loss, _depth(question, start))
    offered = joint_ranges.ranges(question, start, over)
    found = _scan(sought, offered)
    if found is None:
        raise InfeasibleError(_nothing(question, start, law))
    tried = {start.heads.n_heads}
    while (heads := _heads(question, start, found[0])).n_heads not in tried:
        tried.add(heads.n_heads)
        held = replace(start.constants, attention=heads.attention)
        other = replace(sought, start=replace(start, heads=heads, constants=held))
        again = _scan(other, joint_ranges.ranges(question, other.start, over))
        if again is None or not _divides(question, held):
            break
        sought, start, found = other, other.start, again
    best, value, ends = found
    free = sum(low < high for low, high in offered.values())
    return Joint(
        target=_target(sought, best, f"least loss by {law}"), loss=loss, over=over,
        at=value, n_designs=ROUNDS * POINTS**free, ends=ends,
    )  # fmt: skip


def _depth(question: DesignQuestion, start: Target) -> float | None:
    if question.width_rule is not None or own_figures.law(question, "width") is None:
        return None
    return start.d_model / (sum(start.d_range) / 2)


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
    sought: _Sought, ranges: Mapping[str, Interval]
) -> tuple[Triad, float, tuple[str, ...]] | None:
    """The best triad, its loss, and the ends of ranges that it lies at; None if there is none."""
    low, high = (np.log(np.array(side)) for side in zip(*ranges.values(), strict=True))
    ends = low, high
    for _ in range(ROUNDS):
        axes = [
            np.linspace(a, b, POINTS if a < b else 1) for a, b in zip(low, high, strict=True)
        ]  # fmt: skip
        grid = np.stack([each.ravel() for each in np.meshgrid(*axes, indexing="ij")])
        values = _losses(sought, _triads(grid))
        best = int(np.argmin(values))
        if not np.isfinite(values[best]):
            return None
        at, reach = grid[:, best], 2 * (high - low) / (POINTS - 1)
        low, high = np.maximum(ends[0], at - reach), np.minimum(ends[1], at + reach)
    return _triads(at), float(values[best]), _stopped(tuple(ranges), at, ends)


def models(question: DesignQuestion, found: Joint, *, top: int) -> list[Candidate]:
    """Whole numbers near the best shape: the nearest first, then by the law's loss.

    A fit of own runs ranks shapes by what it knows of them, as without a law.

    Tokens are those that the budget pays for at the exact FLOPs of each.

    Raises:
        InfeasibleError: If none come near enough.
    """
    nearest = candidates(question, found.target, top=top)
    first, *rest = (found.spent(each, question.flops) for each in nearest)
    return [first, *(rest if question.own is not None else sorted(rest, key=found.value))]


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


def _triads(logs: Floats) -> Triad:
    """Triads of logarithms of M, M/N_a - 6 and N/N_a - 1, shape (3, ...)."""
    size, above, more = np.exp(logs)
    return of_ratios(size, density=TRAINING_FLOPS + above, expansion=1 + more)


def _losses(sought: _Sought, sizes: Triad) -> Floats:
    """The law's loss, elementwise; infinite where a design is none or above the cap."""
    question, held = sought.question, sought.start.constants
    d = _widths(sought, sizes)
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
    values[possible] = sought.loss(kept, picked, question.flops / cost.flops_per_token[possible])
    return values


def _widths(sought: _Sought, sizes: Triad) -> Floats:
    """Hidden sizes by the width rule, or as deep in their interval as a fit has the best one."""
    question, start = sought.question, sought.start
    if sought.depth is not None:
        return np.asarray(sought.depth * widths(sizes, start.constants).middle)
    if question.width_rule is not WidthRule.SWEEP:
        return width_of_ratio(sizes, WIDTH_RATIO, constants=start.constants)
    figure = design_figures.width(question, start.triad, start.constants)
    return np.full(np.shape(sizes.n_active), figure.value)


def _target(sought: _Sought, best: Triad, rule: str) -> Target:
    """The design's target with the law's sizes in the place of those of the shape laws."""
    question, start = sought.question, sought.start
    held = start.constants
    figure = _width(sought, best)
    stack = solve(best, figure.value, constants=held)
    cost = float(stack_cost(stack, held, vocabulary=question.vocabulary).flops_per_token)

    def scanned(name: str, value: Floats) -> Figure:
        return Figure(name=name, value=float(value), rule=rule, origin=Origin.SCAN)

    kept = {each.name: each for each in start.figures}
    spent = Figure(
        name="D", value=question.flops / cost, rule="C over exact FLOPs", origin=Origin.ALGEBRA
    )
    m = scanned("M", best.flops_per_token)
    dense, wide = kept["M/N_a"], kept["N/N_a"]
    if question.own is None:
        dense, wide = scanned("M/N_a", best.density), scanned("N/N_a", best.expansion)
    figures = (
        m, spent, dense, wide, *design_figures.sizes(question, (m, dense, wide), held),
        design_figures.heads(start.heads), figure,
        kept["peak lr"], kept["batch"],
    )  # fmt: skip
    room = widths(best, held)
    possible = float(room.low), float(room.high)
    return replace(
        start, figures=figures, triad=best, d_model=figure.value, d_range=possible,
        d_band=design_target.shared(figure.band, possible),
    )  # fmt: skip


def _width(sought: _Sought, best: Triad) -> Figure:
    """The hidden size, which a fit has at its own M: as deep in the interval of this one."""
    figure = design_figures.width(sought.question, best, sought.start.constants)
    if sought.depth is None:
        return figure
    times = sought.depth * float(widths(best, sought.start.constants).middle) / figure.value
    if np.isclose(times, 1, rtol=1e-9):
        return figure
    rule = f"{figure.rule}, times {times:.4g} for this M"
    return own_figures.moved(figure, lambda d: d * times, rule=rule)


def _stopped(names: tuple[str, ...], at: Floats, ends: tuple[Floats, Floats]) -> tuple[str, ...]:
    """The ranges at whose ends the best design lies."""
    said = []
    for name, value, low, high in zip(names, at, *ends, strict=True):
        if low == high:
            continue
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
