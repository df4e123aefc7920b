"""From the options of `autotune plan` to what the planner takes, and to its answers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from autotune import checks, quantities
from autotune.cli import plan_exact
from autotune.cli.law_names import STORAGE, NamedLaw, resolve
from autotune.errors import InfeasibleError, InputError
from autotune.laws.base import ScalingLaw
from autotune.laws.factors import check_experts
from autotune.models import trained
from autotune.planning import (
    accelerators,
    comparison,
    exact_plan,
    planner,
    selection,
    uncertainty,
)
from autotune.planning.budget import SECONDS_PER_DAY, Budget
from autotune.planning.constraints import Constraints
from autotune.planning.cost import SIX_ND
from autotune.planning.describe import Solved, describe
from autotune.planning.plan import Plan
from autotune.planning.question import Hold, Question
from autotune.planning.released import ReleasedModel
from autotune.types import Interval

DEFAULT_MFU = 0.4
FACTORS = ("n_experts", "granularity", "top_k", "shared_share")
HOLDS = {"tokens": Hold.TOKENS, "n-total": Hold.TOTAL, "nothing": Hold.NOTHING}
ONE_VALUE = 0.05  # relative spread below which runs do not vary in an input
BUDGETS = ("flops", "gpus", "target_loss", "like", "tokens")
NEEDS = {
    "gpu": "gpus",
    "days": "gpus",
    "mfu": "gpus",
    "dtype": "gpus",
    "n_active": "hold",
    "n_total": "hold",
    "tokens": "hold",
    "csv": "like",
    "seq_len": "exact_flops",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What a call asks: one question to one or several laws.

    Attributes:
        laws: The laws, in order.
        named: Whether the user named them.
        like: The released model whose budget it is, or None.
        shape: The shape whose exact FLOPs the budget pays for, None for 6 N_active D.
    """

    budget: Budget
    question: Question
    constraints: Constraints
    laws: tuple[NamedLaw, ...]
    named: bool
    like: ReleasedModel | None
    shape: plan_exact.Shape | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The plans, and why each law without one has none, by name."""

    plans: tuple[Plan, ...]
    failed: Mapping[str, str]


def refuse_clashes(given: Mapping[str, Any]) -> None:
    """Refuse options that make no sense together, naming the two.

    Raises:
        InputError: If there are such.
    """
    budgets = [name for name in BUDGETS if name in given]
    if len(budgets) > 1:
        raise _clash(budgets[0], budgets[1], "each sets the budget")
    if not budgets:
        raise InputError(
            "no budget. Give --flops, or --gpus with --gpu and --days, or --target-loss, "
            "or --like MODEL."
        )
    for name, needed in NEEDS.items():
        if name in given and needed not in given:
            raise InputError(f"{_flag(name)} is of no use without {_flag(needed)}.")
    number = given.get("sparsity", "best") != "best"
    for other in ("hold", "like"):
        if number and other in given:
            raise _clash("sparsity", other, "the other already settles the sparsity")
    if "tokens" in given and "exact_flops" in given:
        raise _clash("tokens", "exact_flops", "with tokens and n_active given, no budget is spent")
    if "tokens" in given and given["hold"] != "tokens":
        raise _clash("tokens", "hold", "only --hold tokens takes them")
    if given.get("hold") == "tokens" and "target_loss" in given:
        raise _clash("hold", "target_loss", "with tokens held, the budget is given")
    if given.get("like") == "all":
        extra = sorted(set(given) - {"like", "csv", "json", "law", "storage", "tolerance"})
        if extra:
            raise _clash("like", extra[0], "all models take their own")
    elif "csv" in given:
        raise InputError("--csv is of no use without --like all.")


def read(given: Mapping[str, Any]) -> Request:
    """Turn options into a budget, a question and constraints, and choose the laws.

    Raises:
        InputError: If a value cannot be read, or names something unknown.
    """
    like = trained.find(given["like"]) if "like" in given else None
    laws = named_laws(given)
    question = _question(given, like)
    constraints = Constraints(
        **{
            name: _count(given, name)
            for name in ("max_tokens", "max_total", "max_active", "unique_tokens")
        },
        sparsity_range=_pair(given, "sparsity_range"),
        tokens_per_param=_pair(given, "tokens_per_param"),
    )
    if not laws:
        names = (
            comparison.laws_for(question)
            if like
            else selection.applicable(question, unique_tokens=constraints.unique_tokens)
        )
        laws = [resolve(name) for name in names]
    _refuse_unused_factors(question, laws)
    shape = plan_exact.read(given)
    return Request(
        _budget(given, like, shape),
        question,
        constraints,
        laws=tuple(laws),
        named="law" in given,
        like=like,
        shape=shape,
    )


def answer(request: Request) -> Answer:
    """Plan with each law; a law without a plan is reported unless it is the only one.

    Raises:
        InputError, InfeasibleError: If no law has a plan, for the first one's reason.
    """
    plans, failed, first = [], {}, None
    for law in request.laws:
        try:
            plans.append(_plan(request, law))
        except (InputError, InfeasibleError) as error:
            failed[law.name] = str(error)
            first = first or error
    if first is not None and not plans:
        raise first
    return Answer(tuple(plans), failed)


def _plan(request: Request, named: NamedLaw) -> Plan:
    """The plan of one law, with its interval if the law is a fit with draws."""
    if named.fit is not None:
        _refuse_one_size(named)
    family = None if request.shape is None else request.shape.family(named.law)

    def plan(law: ScalingLaw, begin: Budget = request.budget) -> Plan:
        def solve(budget: Budget) -> Solved:
            return planner.solved(
                law, budget, question=request.question, constraints=request.constraints
            )

        if family is None:
            return describe(solve(begin), name=named.name)
        return exact_plan.settle(solve, begin, family, name=named.name)

    made = plan(named.law)
    if named.fit is None:
        return made
    fit, near = named.fit.result, replace(request.budget, near=made.flops)
    if family is not None:
        near = replace(near, cost=family.cost(made.n_active))
    found = uncertainty.interval(
        named.law,
        fit.draws,
        lambda law: plan(law, near),
        level=fit.settings.level,
        method="bootstrap",
        tail=fit.tail,
        ends=fit.ends,
    )
    return replace(made, interval=found)


def _refuse_one_size(named: NamedLaw) -> None:
    """Refuse to split a budget with a fit that saw one token count or one size only.

    Such a fit predicts well where its runs are, but the term of what did not vary is held at a
    value that means nothing elsewhere.
    """
    seen = named.law.source.range
    for what, limits in (("token count", seen.tokens), ("active size", seen.n_active)):
        if limits is not None and limits[1] <= limits[0] * (1 + ONE_VALUE):
            raise InputError(
                f"{named.name} was fitted to runs of one {what} ({limits[0]:.4g}), so it cannot "
                "trade size against tokens. Add runs that vary it, and fit again."
            )


def named_laws(given: Mapping[str, Any]) -> list[NamedLaw]:
    """The laws named with --law, comma separated or repeated, each once.

    Raises:
        InputError: If one is unknown; the message names the nearest.
    """
    names = [name.strip() for text in given.get("law", ()) for name in text.split(",")]
    return [resolve(name, given.get("storage", STORAGE)) for name in dict.fromkeys(names)]


def _budget(
    given: Mapping[str, Any], like: ReleasedModel | None, shape: plan_exact.Shape | None
) -> Budget:
    served = _count(given, "inference_tokens") or 0.0
    if like is not None and shape is not None:
        exact = shape.flops_of(like)
        return Budget(flops=exact, inference_tokens=served, origin=f"exact FLOPs of {like.name}")
    if like is not None:
        return Budget(
            flops=like.flops, inference_tokens=served, origin=f"6 N_active D of {like.name}"
        )
    if "target_loss" in given:
        return Budget(target_loss=given["target_loss"], inference_tokens=served)
    if "tokens" in given:
        size, tokens = _count(given, "n_active") or 0.0, _count(given, "tokens") or 0.0
        checks.positive("tokens", tokens, hint="Write 2T, or 2e12.")
        return Budget(flops=SIX_ND.flops(size, tokens, served=served), inference_tokens=served)
    if "flops" in given:
        return Budget(flops=_count(given, "flops"), inference_tokens=served)
    for name in ("gpu", "days"):
        if name not in given:
            raise InputError(f"--gpus needs {_flag(name)} too.")
    device = accelerators.find(given["gpu"], dtype=given.get("dtype", "bf16"))
    bought = Budget.from_devices(
        device,
        count=_count(given, "gpus") or 0.0,
        days=_days(given["days"]),
        mfu=given.get("mfu", DEFAULT_MFU),
    )
    return Budget(flops=bought.flops, inference_tokens=served, origin=bought.origin)


def _question(given: Mapping[str, Any], like: ReleasedModel | None) -> Question:
    factors = {name: given[name] for name in FACTORS if name in given}
    seeks = "hold" in given or "sparsity_range" in given or given.get("sparsity") == "best"
    fixed = given.get("sparsity", "best") != "best"
    if fixed or not seeks:
        sparsity = _share(given["sparsity"]) if fixed else like.sparsity if like else 0.0
        return Question(sparsity=sparsity, factors=factors, tolerance=given["tolerance"])
    held = given.get("hold", "nothing").replace("_", "-")
    hold = HOLDS[checks.one_of("thing to hold", held, HOLDS)]
    size, total = _count(given, "n_active"), _count(given, "n_total")
    if like is not None and hold is Hold.TOKENS:
        size = size or like.n_active
    if like is not None and hold is Hold.TOTAL:
        total = total or like.n_total
    return Question(
        hold=hold, n_active=size, n_total=total, factors=factors, tolerance=given["tolerance"]
    )


def _refuse_unused_factors(question: Question, laws: list[NamedLaw]) -> None:
    check_experts(question.factors)
    used = {factor for named in laws for factor in named.law.factors}
    for factor in question.factors:
        if factor not in used:
            names = ", ".join(named.name for named in laws)
            raise InputError(f"none of {names} uses {_flag(factor)}. Leave it out.")


def _count(given: Mapping[str, Any], name: str) -> float | None:
    return quantities.parse_count(given[name]) if name in given else None


def _days(text: str) -> float:
    if text.strip()[-1:].isalpha():
        return quantities.parse_seconds(text) / SECONDS_PER_DAY
    return quantities.parse_count(text)


def _share(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"--sparsity is a number in [0, 1) or best, not {text!r}.") from None


def _pair(given: Mapping[str, Any], name: str) -> Interval | None:
    if name not in given:
        return None
    numbers = [quantities.parse_count(part) for part in given[name].split(",")]
    if len(numbers) > 2 or (len(numbers) == 1 and name == "sparsity_range"):
        raise InputError(f"{_flag(name)} takes two numbers, LO,HI, not {given[name]!r}.")
    return numbers[0], numbers[-1]


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _clash(first: str, second: str, why: str) -> InputError:
    return InputError(f"{_flag(first)} and {_flag(second)} make no sense together: {why}.")
