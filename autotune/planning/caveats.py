"""What a law cannot answer, and what a user must know about an answer."""

from autotune.errors import InputError
from autotune.laws.base import ScalingLaw
from autotune.planning.budget import Budget
from autotune.planning.objective import Objective
from autotune.planning.plan import Plan
from autotune.planning.question import Hold, Question

PROPERTY = "It is a property of the problem, not of the search."
WHY_AT_MOST = {
    Hold.TOKENS: "With n_active and tokens held, further total parameters cost nothing, and this "
    f"law's loss falls to the end. {PROPERTY} Cap n_total, or hold it.",
    Hold.NOTHING: "With n_active free, this law's best loss falls with sparsity to the end. "
    f"{PROPERTY} Cap n_total, or hold it.",
    Hold.TOTAL: f"At this n_total the loss falls with sparsity to the end. {PROPERTY}",
}
WHY_AT_LEAST = f"Within the range, no sparsity is better than the least. {PROPERTY}"


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
    """Sentences that belong to a plan."""
    law, found = objective.law, []
    if law.dense and plan.sparsity > 0:
        found.append(
            "This dense law is blind to sparsity: it is read on active parameters, as if the "
            "other parameters did not exist."
        )
    elif law.source.sparsity == "none" and plan.sparsity > 0 and law.reads_sparsity:
        found.append("This set was fitted to dense models alone; its use of sparsity is a choice.")
    if not law.dense and not law.reads_sparsity and plan.sparsity > 0:
        found.append(
            f"The loss depends on {', '.join(law.factors)}; sparsity only ties n_total to n_active"
            + (", as in the models of the paper." if not question.sparsity else ".")
        )
    far = {name: times for name, times in plan.extrapolation.items() if times and times > 1}
    if far:
        text = ", ".join(f"{name} {times:.3g} times" for name, times in far.items())
        found.append(f"Extrapolates past the fitted range: {text}.")
    if plan.in_range is None:
        found.append("The source states no fitted range of sizes: extrapolation is not marked.")
    if plan.at_bound:
        found.append(_bound(plan, question))
    if plan.effective_tokens < plan.tokens and objective.unique_tokens:
        epochs = plan.tokens / objective.unique_tokens
        found.append(
            f"Repeats the data {epochs:.3g} times; its worth is that of "
            f"{plan.effective_tokens:.4g} fresh tokens (Muennighoff et al. 2023)."
        )
    if budget.inference_tokens:
        found.append(
            f"The {plan.flops:.4g} FLOPs cover training and serving "
            f"{budget.inference_tokens:.4g} tokens; training alone takes "
            f"{6 * plan.n_active * plan.tokens:.4g}."
        )
    if law.source.loss_unit != "nats per token":
        found.append(f"The loss is in {law.source.loss_unit}.")
    if "embeddings not counted" in law.source.n or "no embeddings" in law.source.n:
        found.append("N leaves embeddings out, in the sizes and in the FLOPs.")
    if law.source.caveat:
        found.append(law.source.caveat)
    return tuple(found)


def _bound(plan: Plan, question: Question) -> str:
    text = f"The optimum sits on a bound ({', '.join(plan.at_bound)})."
    if "sparsity_max" in plan.at_bound:
        text += f" {WHY_AT_MOST[question.hold]}"
    elif "sparsity_min" in plan.at_bound:
        text += f" {WHY_AT_LEAST}"
    return text
