"""A released model beside the plan that a law would have made for its budget."""

from collections.abc import Mapping
from dataclasses import dataclass

from autotune.laws import catalogue
from autotune.laws.base import ScalingLaw
from autotune.planning import planner, selection
from autotune.planning.budget import Budget
from autotune.planning.objective import Objective
from autotune.planning.plan import Plan
from autotune.planning.question import Hold, Question
from autotune.planning.released import ReleasedModel

REFERENCE = "hoffmann2022"  # the law that most of these models were planned with or against


@dataclass(frozen=True, slots=True)
class Comparison:
    """One model and one law.

    Attributes:
        model: What was trained.
        plan: The law's optimum at the model's budget.
        trained_loss: The law's loss for what was trained.
    """

    model: ReleasedModel
    plan: Plan
    trained_loss: float


def laws_for(question: Question) -> list[str]:
    """The laws that apply to a question about a released model."""
    names = selection.applicable(question)
    if question.hold is Hold.SPARSITY and REFERENCE not in names:
        names.append(REFERENCE)
    return names


def compare(model: ReleasedModel, laws: Mapping[str, ScalingLaw] | None = None) -> list[Comparison]:
    """Plan at a model's budget and sparsity, with each law that applies.

    Args:
        model: A released model whose tokens are known.
        laws: Laws by name; by default every preset that applies.

    Raises:
        InputError: If the model's tokens are not known.
    """
    budget = Budget(flops=model.flops, origin=f"what {model.name} took")
    question = Question(sparsity=model.sparsity)
    chosen = laws or {name: catalogue.preset(name) for name in laws_for(question)}
    made = []
    for name, law in chosen.items():
        plan = planner.plan(law, budget, question=question, name=name)
        made.append(Comparison(model, plan, trained_loss(model, law)))
    return made


def trained_loss(model: ReleasedModel, law: ScalingLaw, **factors: float) -> float:
    """What a law predicts for a model as it was trained.

    Raises:
        InputError: If the model's tokens are not known.
    """
    objective = Objective.of(law, factors, unique_tokens=None)
    return objective.loss(model.n_active, model.trained_tokens, model.sparsity)
