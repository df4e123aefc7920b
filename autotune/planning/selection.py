"""Which published laws a question may be put to when the user names none."""

from collections.abc import Mapping

from autotune.laws import catalogue
from autotune.laws.base import ScalingLaw
from autotune.planning.question import Hold, Question

HEADLINE = "besiroglu2024"
AUTOREGRESSIVE = "nats per token"


def applicable(question: Question, *, unique_tokens: float | None = None) -> list[str]:
    """Name the headline law and every preset whose conventions apply, in catalogue order.

    A law applies if its loss is that of an autoregressive language model per token, it has a
    data term, no input it needs is missing, and it was made for such models: dense laws for a
    dense model, sparse ones otherwise.

    Args:
        question: What is asked.
        unique_tokens: Distinct tokens there are, which one law takes as an input.
    """
    given = {**question.factors, "unique_tokens": unique_tokens}
    seeks = question.hold is not Hold.SPARSITY
    experts_alone = not seeks and not question.sparsity and _routed(question)
    sparse = seeks or question.sparsity > 0 or experts_alone
    names = [
        name
        for name, law in catalogue.PRESETS.items()
        if name != HEADLINE and _speaks_of_language(law) and _applies(law, given, sparse=sparse)
    ]
    if seeks:
        return [name for name in names if catalogue.PRESETS[name].reads_sparsity]
    if experts_alone:
        names = [name for name in names if "n_experts" in catalogue.PRESETS[name].factors]
    return [HEADLINE, *names]


def _routed(question: Question) -> bool:
    return question.factors.get("n_experts", 1) > 1


def _speaks_of_language(law: ScalingLaw) -> bool:
    return law.source.loss_unit == AUTOREGRESSIVE and law.fixed_tokens is None


def _applies(law: ScalingLaw, given: Mapping[str, float | None], *, sparse: bool) -> bool:
    made_for_dense = law.dense or law.source.sparsity == "none"
    optional = {"unique_tokens"}  # without it, data are plentiful
    missing = [name for name in law.factors if name not in given and name not in optional]
    return not missing and made_for_dense is not sparse
