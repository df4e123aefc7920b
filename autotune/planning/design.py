"""From what a model should cost to complete architectures that cost it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from autotune.architecture.backbone import complete
from autotune.architecture.conventions import CONVENTIONS
from autotune.architecture.count import Count, by_group, total
from autotune.architecture.divisors import MULTIPLES
from autotune.architecture.flops import per_token
from autotune.architecture.layer_stack import LayerStack, triad
from autotune.architecture.shape import Architecture
from autotune.architecture.triad import Triad
from autotune.architecture.triad_inverse import depth, solve, width_of_ratio, widths
from autotune.architecture.whole_stack import TOLERANCE, WholeStacks, near
from autotune.errors import InfeasibleError
from autotune.laws.sparse_shape import FLAT_WIDTH_RATIO
from autotune.planning import own_penalty
from autotune.planning.design_question import DesignQuestion
from autotune.planning.design_target import Target
from autotune.types import Floats, Interval

FEW_STEPS = 10
"""Widths of experts in steps so large that half of one is 5 % of them: the tolerance."""
NEAR_WIDTH = 0.02
"""The design itself has a hidden size within this share of the target's, where one divides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Relative errors of whole numbers against the target."""

    flops_per_token: float
    density: float
    expansion: float

    @property
    def largest(self) -> float:
        """The largest of the three, in size."""
        return max(abs(self.flops_per_token), abs(self.density), abs(self.expansion))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A complete architecture near the target.

    Attributes:
        model: The architecture.
        triad: Its M, N_a and N.
        errors: How far they are off.
        width_ratio: (K + shared) d_m / d.
        tokens: Training tokens that spend the whole budget at its M.
        count: Every parameter, embeddings included.
        inference_flops: FLOPs per token of one forward pass, by the exact convention.
        loss_rise: How far a fit puts its loss above the least, as a share; None without one.
    """

    model: Architecture
    triad: Triad
    errors: Errors
    width_ratio: float
    tokens: float
    count: Count
    inference_flops: float
    loss_rise: float | None


def candidates(question: DesignQuestion, asked: Target, *, top: int) -> list[Candidate]:
    """The design, then its neighbours by what a fit says of their loss, or by their largest error.

    The design has the smallest error among hidden sizes near the target's. Its neighbours lie in
    the band that a fit has of d, or where the paper found the loss flat over (K + shared) d_m / d;
    of each pair of depth and dense layers,
    the one with the smallest error is kept.

    Raises:
        InfeasibleError: If no whole numbers come within the tolerance and under the cap.
    """
    closest = max(question.hidden_step, NEAR_WIDTH * asked.d_model)
    about = _near(question, asked, (asked.d_model - closest, asked.d_model + closest))
    found = list(
        islice(_within(question, asked, about, ratios=(0, math.inf), seen=set(), by_error=True), 1)
    )
    if not found:
        raise InfeasibleError(_reason(question, asked, about))
    low, high, ratios = _flat(asked)
    flat = _near(question, asked, (min(low, asked.d_model), max(high, asked.d_model)))
    seen = {(found[0].model.n_layers, found[0].model.n_dense_layers)}
    others = _within(question, asked, flat, ratios=ratios, seen=seen)
    found.extend(islice(others, top - 1))
    return found


def _flat(asked: Target) -> tuple[float, float, Interval]:
    """Between what hidden sizes, and of what (K + shared) d_m / d, neighbours are."""
    if asked.d_band is not None:
        return *asked.d_band, (0, math.inf)
    low, high = (
        float(width_of_ratio(asked.triad, ratio, constants=asked.constants))
        for ratio in reversed(FLAT_WIDTH_RATIO)
    )
    return low, high, FLAT_WIDTH_RATIO


def _within(
    question: DesignQuestion,
    asked: Target,
    stacks: WholeStacks,
    *,
    ratios: Interval,
    seen: set[tuple[int, int]],
    by_error: bool = False,
) -> Iterator[Candidate]:
    """Candidates within tolerance and cap, best first, one of each depth and its dense layers.

    They are in the order of their largest error, or of the rise of the loss where a fit says.
    """
    stack, error = stacks.stack, stacks.error
    ratio = asked.constants.n_used * stack.expert_width / stack.d_model
    fits = (error <= TOLERANCE) & (ratio >= ratios[0]) & (ratio <= ratios[1])
    order = error if by_error else _order(question, asked, stacks)
    for i in np.argsort(np.where(fits, order, np.inf), kind="stable")[: np.count_nonzero(fits)]:
        kind = (int(stack.n_layers[i]), int(stack.n_dense_layers[i]))
        if kind in seen:
            continue
        candidate = _candidate(question, asked, _pick(stacks, int(i)))
        if question.max_total is None or candidate.count.total <= question.max_total:
            seen.add(kind)
            yield candidate


def _order(question: DesignQuestion, asked: Target, stacks: WholeStacks) -> Floats:
    """What ranks stacks: the rise of the loss where a fit says, or their largest error."""
    rise = _rise(question, asked, stacks.stack)
    return stacks.error if rise is None else rise


def _rise(question: DesignQuestion, asked: Target, stack: LayerStack) -> Floats | None:
    if question.own is None:
        return None
    cost = triad(stack, asked.constants)
    middle = sum(asked.d_range) / 2  # a fit of runs counts d in units of the middle possible one
    own = widths(cost, asked.constants).middle
    numbers = {
        "M": cost.flops_per_token, "M/N_a": cost.density, "N/N_a": cost.expansion,
        "d": stack.d_model * middle / own,
    }  # fmt: skip
    return own_penalty.rise(
        asked.figures, numbers, limit=asked.constants.max_expansion,
        tolerance=question.own.shape.tolerance,
    )  # fmt: skip


def _near(question: DesignQuestion, asked: Target, widths: Interval) -> WholeStacks:
    return near(
        asked.triad, _multiples(widths, question.hidden_step),
        constants=asked.constants, divisors=question.divisors,
    )  # fmt: skip


def _multiples(ends: Interval, step: int) -> Floats:
    """Multiples of a step between two ends, or the two around them if there is none."""
    low, high = ends
    first, last = math.ceil(low / step), math.floor(high / step)
    if first > last:
        first, last = last, first
    return step * np.arange(max(1, first), max(1, last) + 1, dtype=np.float64)


def _pick(stacks: WholeStacks, i: int) -> tuple[LayerStack, Errors]:
    stack = stacks.stack.pick(i)
    return stack, Errors(
        flops_per_token=float(stacks.flops_per_token[i]),
        density=float(stacks.density[i]),
        expansion=float(stacks.expansion[i]),
    )


def _candidate(
    question: DesignQuestion, asked: Target, picked: tuple[LayerStack, Errors]
) -> Candidate:
    stack, errors = picked
    held = asked.constants
    model = complete(stack, held, vocabulary=question.vocabulary, name=f"design-{question.flops:g}")
    got, rise = triad(stack, held), _rise(question, asked, stack)
    flops = per_token(model, CONVENTIONS["exact"], seq_len=question.seq_len)
    return Candidate(
        model=model,
        triad=got,
        errors=errors,
        width_ratio=held.n_used * float(stack.expert_width) / float(stack.d_model),
        tokens=question.flops / float(got.flops_per_token),
        count=total(by_group(model)),
        inference_flops=flops.forward,
        loss_rise=None if rise is None else float(rise),
    )


def _reason(question: DesignQuestion, asked: Target, stacks: WholeStacks) -> str:
    """Why there is no design."""
    layers = float(depth(asked.triad, asked.constants))
    heads = f"{asked.heads.n_heads}x{asked.heads.head_dim} heads"
    if layers < 1.5:
        return (
            f"the budget leaves {layers:.2g} layers of {heads}, and two are needed. "
            "Raise the budget, or pass fewer --heads."
        )
    if not stacks.error.size:
        return (
            f"no whole number of layers near {layers:.3g} divides into "
            f"{question.divisors.pipeline} stages, or no expert is {question.divisors.width_step} "
            f"wide. {_remedy(question, asked)}"
        )
    best = _pick(stacks, int(np.argmin(stacks.error)))[1]
    if best.largest <= TOLERANCE:
        return "every model within 5 % of the target is above the cap on all parameters. Raise it."
    return (
        f"no whole numbers come within {TOLERANCE:.0%} of the target: the nearest miss M by "
        f"{best.flops_per_token:+.1%}, M/N_a by {best.density:+.1%} and N/N_a by "
        f"{best.expansion:+.1%}. {_remedy(question, asked)}"
    )


def _remedy(question: DesignQuestion, asked: Target) -> str:
    """What leaves more whole numbers: smaller steps, wider experts, or heads."""
    by, held = question.divisors, asked.constants
    sizes = {
        "--multiple": by.multiple > MULTIPLES[0],
        "--tp": by.tensor > 1,
        "--pp": by.pipeline > 1,
    }
    lower = [name for name, large in sizes.items() if large]
    width = float(solve(asked.triad, asked.d_model, constants=held).expert_width)
    if width < FEW_STEPS * by.width_step:
        thin = f"{held.n_used} experts of a token would be {width:.3g} wide each"
        return f"{thin}, in steps of {by.width_step}. Lower {_or([*lower, '--shared', '--top-k'])}."
    return f"Lower {_or(lower)}, or pass other --heads." if lower else "Pass other --heads."


def _or(names: list[str]) -> str:
    return " or ".join([*filter(None, [", ".join(names[:-1])]), names[-1]])
