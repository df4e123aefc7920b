"""How plans read: tables for people, a document for programs."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

from autotune.cli import console, plan_certainty, plan_exact
from autotune.cli.plan_request import Answer, Request
from autotune.planning import comparison
from autotune.planning.plan import Plan
from autotune.planning.question import Hold
from autotune.planning.released import ReleasedModel
from autotune.quantities import format_count

INCOMPARABLE = (
    "Losses of different laws are not comparable: they come from different data, tokenizers "
    "and objectives."
)
WIDTH = 100


def document(request: Request, answer: Answer) -> dict[str, Any]:
    """The answer as one JSON document."""
    laws = {named.name: named for named in request.laws}
    plans = [plan.to_json() | plan_certainty.document(laws[plan.law]) for plan in answer.plans]
    if request.like is not None:
        for plan in plans:
            plan["trained"] = _trained(request.like, plan["law"], request)
    made: dict[str, Any] = {"plans": plans, "budget": str(request.budget)}
    if len(plans) > 1:
        made["note"] = INCOMPARABLE
    if answer.failed:
        made["without_plan"] = dict(answer.failed)
    return made


def text(request: Request, answer: Answer) -> str:
    """The answer as tables and notes."""
    plans = answer.plans
    parts = [f"Budget: {request.budget}.\nAsked:  {_asked(request)}.", optima(plans)]
    percent = f"{100 * request.question.tolerance:g} %"
    parts.append(f"Within {percent} of the least loss, all else as above:\n{_bands(plans)}")
    parts.extend([plan_exact.text(plans), plan_certainty.text(plans)])
    if request.like is not None:
        parts.append(_beside(request.like, plans, request))
    parts.append(_notes(plans, request))
    return "\n\n".join(part for part in parts if part)


def optima(plans: Sequence[Plan]) -> str:
    """One row for each plan."""
    headers = (
        "law", "N active", "N total", "sparsity", "tokens", "D/N", "loss", "fitted range", "FLOPs",
    )  # fmt: skip
    rows = [
        (
            plan.law,
            format_count(plan.n_active),
            format_count(plan.n_total),
            f"{plan.sparsity:.4g}",
            format_count(plan.tokens),
            f"{plan.tokens_per_param:.4g}",
            f"{plan.loss:.5g}",
            fitted_range(plan),
            f"{plan.flops:.4g} = {plan.flop_convention}",
        )
        for plan in plans
    ]
    return console.table(headers, rows, left=(0, 7, 8))


def fitted_range(plan: Plan) -> str:
    """Whether a plan lies inside its law's range, and how far outside at worst."""
    if plan.in_range is None:
        return "not stated"
    worst = max(times for times in plan.extrapolation.values() if times is not None)
    return "inside" if plan.in_range else f"outside, {worst:.3g} x"


def _bands(plans: Sequence[Plan]) -> str:
    rows = [
        (
            plan.law,
            plan_certainty.span(*map(format_count, plan.band.n_active)),
            plan_certainty.span(*map(format_count, plan.band.tokens)),
            plan_certainty.span(*(f"{end:.4g}" for end in plan.band.sparsity)),
        )
        for plan in plans
    ]
    return console.table(("law", "N active", "tokens", "sparsity"), rows)


def _beside(model: ReleasedModel, plans: Sequence[Plan], request: Request) -> str:
    head = (
        f"{model.name} was trained with {format_count(model.n_active)} of "
        f"{format_count(model.n_total)} parameters active, sparsity {model.sparsity:.4g}, on "
        f"{format_count(model.trained_tokens)} tokens ({model.sure}; "
        f"{model.source}):"
    )
    rows = []
    for plan in plans:
        trained = _trained(model, plan.law, request)
        rows.append(
            (
                plan.law,
                f"{trained['loss']:.5g}",
                f"{plan.loss:.5g}",
                f"{trained['loss'] - plan.loss:+.4f}",
                f"{model.n_active / plan.n_active:.3g}",
                f"{trained['tokens'] / plan.tokens:.3g}",
            )
        )
    headers = ("law", "loss as trained", "loss as planned", "gap", "N trained/planned", "D ratio")
    return f"{fill(head, WIDTH)}\n{console.table(headers, rows)}"


def _trained(model: ReleasedModel, name: str, request: Request) -> dict[str, Any]:
    law = next(named.law for named in request.laws if named.name == name)
    return {
        "model": model.name,
        "n_active": model.n_active,
        "n_total": model.n_total,
        "sparsity": model.sparsity,
        "tokens": model.tokens,
        "loss": comparison.trained_loss(model, law, **request.question.factors),
        "sure": str(model.sure),
        "source": model.source,
    }


def _notes(plans: Sequence[Plan], request: Request) -> str:
    """Each warning once, with the laws it belongs to."""
    named = {law.name: law for law in request.laws}
    laws: dict[str, list[str]] = {}
    for plan in plans:
        for warning in (*plan.warnings, *plan_certainty.notes(plan, named[plan.law])):
            laws.setdefault(warning, []).append(plan.law)
    notes = [f"{', '.join(names)}: {warning}" for warning, names in laws.items()]
    if len(plans) > 1:
        notes.insert(0, INCOMPARABLE)
    return "\n".join(
        fill(note, WIDTH, initial_indent="* ", subsequent_indent="  ") for note in notes
    )


def _asked(request: Request) -> str:
    question = request.question
    if question.hold is Hold.SPARSITY:
        model = (
            f"a model of sparsity {question.sparsity:.5g}" if question.sparsity else "a dense model"
        )
        return f"the best N active and tokens of {model}{_constrained(request)}"
    held = {
        Hold.TOKENS: f"n_active {format_count(question.n_active or 0)} and the tokens held",
        Hold.TOTAL: f"n_total {format_count(question.n_total or 0)} held",
        Hold.NOTHING: "nothing held",
    }[question.hold]
    return f"the best sparsity, with {held}{_constrained(request)}"


def _constrained(request: Request) -> str:
    limits = request.constraints
    found = [
        f"{name} {format_count(value)}"
        for name in ("max_tokens", "max_total", "max_active", "unique_tokens")
        if (value := getattr(limits, name)) is not None
    ]
    for name in ("sparsity_range", "tokens_per_param"):
        pair = getattr(limits, name)
        if pair is not None:
            found.append(f"{name} {pair[0]:g} .. {pair[1]:g}")
    return f", {', '.join(found)}" if found else ""
