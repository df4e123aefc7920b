"""What a law cannot answer, and what a user must know about an answer."""

import math
from collections.abc import Iterator

from autotune.errors import InputError
from autotune.laws.base import ScalingLaw
from autotune.laws.source import Source
from autotune.planning.budget import Budget
from autotune.planning.objective import Objective
from autotune.planning.plan import Plan
from autotune.planning.question import Hold, Question
from autotune.quantities import format_count

PLAIN_FLOPS = ("6 N D", "6 N_active D")
MEANINGS = {
    "experts": "the share of inactive experts",
    "weights": "the share of weights that are zero",
}
PROPERTY = "It is a property of the problem, not of the search."
WHY_AT_MOST = {
    Hold.TOKENS: "With n_active and tokens held, further total parameters cost nothing, and this "
    f"law's loss falls to the end. {PROPERTY} Cap n_total, or hold it.",
    Hold.NOTHING: "With n_active free, this law's best loss falls with sparsity to the end. "
    f"{PROPERTY} Cap n_total, or hold it.",
    Hold.TOTAL: f"At this n_total the loss falls with sparsity to the end. {PROPERTY}",
}
FAR_SCALE, NEAR_RATIO = 2.0, 1.5
"""Beyond these, a plan is another model than its shape in size, and in N_total/N_active."""
WHY_AT_LEAST = f"Within the range, no sparsity is better than the least. {PROPERTY}"


def refuse_infinite(law: ScalingLaw) -> None:
    """Refuse a law without a loss, such as a fit whose runs let a coefficient run away.

    Raises:
        InputError: If a coefficient is not finite.
    """
    lost = {name: value for name, value in law.coefficients.items() if not math.isfinite(value)}
    if lost:
        said = ", ".join(f"{name} is {value:g}" for name, value in lost.items())
        raise InputError(
            f"{law.form} has no loss: {said}. If it is a fit, its runs do not settle that "
            "coefficient: fit another law, or bound the coefficients with --bounds."
        )


def refuse(law: ScalingLaw, question: Question) -> None:
    """Refuse a question about sparsity to a law that does not read it.

    Raises:
        InputError: If the law is blind to what is asked.
    """
    if question.hold is not Hold.SPARSITY and (law.dense or not law.reads_sparsity):
        why = "is a dense law" if law.dense else f"reads {', '.join(law.factors)} instead"
        raise InputError(
            f"{law.form} cannot choose a sparsity: it {why}. Give one with sparsity, "
            "or choose a law that reads it, for example abnar2025 or generalized-2025-08."
        )


def warnings(
    plan: Plan, objective: Objective, question: Question, *, budget: Budget
) -> tuple[str, ...]:
    """Sentences that belong to a plan, the most important first."""
    return (
        *_reading(plan, objective.law, given=bool(question.sparsity)),
        *_trust(plan, question),
        *_spending(plan, objective, budget=budget),
        *_conventions(plan, objective.law.source),
    )


def exact_flops(plan: Plan) -> Iterator[str]:
    """Where the shape behind exact FLOPs is not one that the plan would have."""
    exact = plan.exact_flops
    if exact is None:
        return
    if not 1 / FAR_SCALE <= exact.scale <= FAR_SCALE:
        yield (
            f"{exact.shape} is scaled to {exact.scale:.3g} times its width and depth, with its "
            "vocabulary and prediction head kept. A shape nearer in size has truer FLOPs."
        )
    apart = (1 - plan.sparsity) / (1 - exact.sparsity)
    if not 1 / NEAR_RATIO <= apart <= NEAR_RATIO:
        yield (
            f"{exact.shape} has a sparsity of {exact.sparsity:.4g}, the plan {plan.sparsity:.4g}: "
            "FLOPs follow active parameters, and the router's are those of the shape."
        )


def _reading(plan: Plan, law: ScalingLaw, *, given: bool) -> Iterator[str]:
    """How the law takes a sparsity that its formula does not mean."""
    if not plan.sparsity:
        return
    if law.dense:
        yield (
            "This dense law is blind to sparsity: it is read on active parameters, as if the "
            "other parameters did not exist."
        )
    elif not law.reads_sparsity:
        tie = "given" if given else "as in the models of the paper"
        yield f"The loss depends on {', '.join(law.factors)}; n_total follows n_active {tie}."
    elif law.source.sparsity == "none":
        yield "This set was fitted to dense models alone; its use of sparsity is a choice."
    elif law.source.sparsity in MEANINGS:
        yield (
            f"The source's sparsity is {MEANINGS[law.source.sparsity]}; here 1 - n_active/n_total "
            "stands for it."
        )


def _trust(plan: Plan, question: Question) -> Iterator[str]:
    """How far the law is stretched, and why the optimum lies where it does."""
    far = [f"{name} {x:.3g} times" for name, x in plan.extrapolation.items() if x and x > 1]
    if far:
        yield f"Extrapolates past the fitted range: {', '.join(far)}."
    if plan.in_range is None:
        yield "The source does not state the whole fitted range: extrapolation may go unmarked."
    if plan.at_bound:
        text = f"The optimum sits on a bound ({', '.join(plan.at_bound)})."
        if "sparsity_max" in plan.at_bound:
            text += f" {WHY_AT_MOST[question.hold]}"
        elif "sparsity_min" in plan.at_bound:
            text += f" {WHY_AT_LEAST}"
        yield text


def _spending(plan: Plan, objective: Objective, *, budget: Budget) -> Iterator[str]:
    """What the budget covers beyond fresh tokens in training."""
    if objective.unique_tokens and plan.effective_tokens < plan.tokens:
        yield (
            f"Repeats the data {plan.tokens / objective.unique_tokens:.3g} times; its worth is "
            f"that of {format_count(plan.effective_tokens)} fresh tokens (Muennighoff et al. 2023)."
        )
    if budget.inference_tokens:
        training = budget.cost.flops(plan.n_active, plan.tokens)
        yield (
            f"The {plan.flops:.4g} FLOPs cover training and serving "
            f"{format_count(budget.inference_tokens)} tokens; training alone takes {training:.4g}."
        )


def _conventions(plan: Plan, source: Source) -> Iterator[str]:
    """Where the source's units or counts are not those of the plan."""
    if source.loss_unit != "nats per token":
        yield f"The loss is in {source.loss_unit}."
    if source.without_embeddings:
        yield "N leaves embeddings out."
    if source.flops not in PLAIN_FLOPS:
        yield f"The source's FLOPs: {source.flops}. The plan's: {plan.flop_convention}."
    if source.caveat:
        yield source.caveat
