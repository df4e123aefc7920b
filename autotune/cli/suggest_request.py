"""From the options of `autotune suggest` to suggested runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from autotune import checks
from autotune.architecture.shape import Architecture
from autotune.cli.law_names import refuse_lossless
from autotune.cli.open_runs import open_runs
from autotune.cli.suggest_shape import shapes
from autotune.errors import InputError
from autotune.fitting.candidates import EVERYTHING, Wanted
from autotune.fitting.runs import RunTable
from autotune.laws.catalogue import FORMS, PRESETS
from autotune.quantities import parse_count
from autotune.suggestion.belief import Belief, believe
from autotune.suggestion.grid import candidates
from autotune.suggestion.layouts import layouts
from autotune.suggestion.limits import Limits
from autotune.suggestion.offer import offer
from autotune.suggestion.suggest import DESIGNS, Design, Suggestion, suggest, tokens_per_param
from autotune.suggestion.target import choices, open_end
from autotune.types import Value

FEWEST_RUNS = 8
AUTO = "auto"
SPEND_SHARE = 1e-4
"""The cheapest run offered, as a share of the spend, where the finished runs are dearer still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a call asks.

    Attributes:
        runs: The argument that names the finished runs.
        where: Which of them to keep.
        target: The budget to plan for, FLOPs.
        spend: FLOPs of all suggested runs.
        n: Most runs.
        batch: Whether they start together.
        limits: What a run may be, by option; the smallest run may be left to the finished runs.
        problem: The problem that says what can be trained, or empty.
        options: Its options.
        wanted: Which laws.
        design: How runs are chosen.
        seed: Of everything random.
    """

    runs: str
    where: str
    target: float
    spend: float
    n: int
    batch: bool
    limits: Mapping[str, Any]
    problem: str
    options: Mapping[str, str]
    wanted: Wanted
    design: Design
    seed: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Suggested runs and what they rest on.

    Attributes:
        request: What was asked.
        belief: What the finished runs say.
        made: The suggestion.
        configs: The problem's configuration of each run; empty without a problem.
        shapes: A shape of each run without a problem; None where there is none.
        warnings: What a user must know, one sentence each.
    """

    request: Request
    belief: Belief
    made: Suggestion
    configs: tuple[dict[str, Value], ...]
    shapes: Sequence[Architecture | None]
    warnings: tuple[str, ...]


def read(given: Mapping[str, Any]) -> Request:
    """Turn options into what is asked.

    Raises:
        InputError: If one is missing, or cannot be read.
    """
    for name in ("target_flops", "spend"):
        if name not in given:
            raise InputError(f"--{name.replace('_', '-')} is missing: write it as 1e21.")
    checks.at_least("-n", given["n"], 1, hint="It is the most runs to suggest.")
    checks.at_least("--seed", given["seed"], 0, hint="0 is a seed.")
    target, spend = (parse_count(given[name]) for name in ("target_flops", "spend"))
    checks.positive("--target-flops", target, hint="A budget is in FLOPs, such as 1e24.")
    checks.positive("--spend", spend, hint="It is in FLOPs, such as 1e21.")
    if "options" in given and "problem" not in given:
        raise InputError("--set is of no use without --problem.")
    from autotune.problem_options import split

    return Request(
        runs=given["runs"],
        where=given["where"],
        target=target,
        spend=spend,
        n=given["n"],
        batch=given["batch"],
        limits=_limits(given),
        problem=given.get("problem", ""),
        options=split(given.get("options", ())),
        wanted=wanted(given["law"]),
        design=cast("Design", checks.one_of("--grid", given["grid"], DESIGNS)),
        seed=given["seed"],
    )


def wanted(laws: str) -> Wanted:
    """The laws that a comma-separated list, or `auto`, stands for.

    Raises:
        InputError: If a name is of no law that predicts a loss.
    """
    if laws == "auto":
        return EVERYTHING
    names = [name.strip() for name in laws.split(",")]
    for name in names:
        refuse_lossless(name)
        checks.one_of("law", name, ["auto", *FORMS, *PRESETS])
    forms = [PRESETS[name].form if name in PRESETS else name for name in names]
    return Wanted(forms=tuple(dict.fromkeys(forms)))


def answer(request: Request) -> Answer:
    """Read the runs, fit laws to them, and choose the next ones.

    Raises:
        InputError: If the runs are too few, or nothing can be trained within the limits.
        FitError: If no law can be fitted.
    """
    read_runs = open_runs(request.runs, where=request.where)
    table = read_runs.table
    if len(table) < FEWEST_RUNS:
        raise InputError(
            f"{table.name} has {len(table)} runs, too few to judge laws by: it takes at least "
            f"{FEWEST_RUNS}. Train some small ones first: autotune study does."
        )
    kinds = layouts(table)
    belief = believe(
        table, choices(table, kinds, request.target), wanted=request.wanted, seed=request.seed
    )
    if request.problem:
        offered, configs = _of_problem(request, table)
    else:
        own = {"tokens_per_param": tokens_per_param(belief), **request.limits}
        limits = _run_limits(replace(request, limits=own), table)
        offered, configs = candidates(table, kinds, limits), ()
    made = suggest(
        belief,
        offered,
        spend=request.spend,
        n=request.n,
        design=request.design,
        seed=request.seed,
    )
    best = (float(each[0]) for each in (made.best.n_active, made.best.tokens))
    return Answer(
        request,
        belief,
        made,
        configs=tuple(configs[i] for i in made.picks) if configs else (),
        shapes=[None] * len(made.picks) if configs else shapes(made.runs),
        warnings=(*read_runs.warnings, *_cautions(request, table), *open_end(*best)),
    )


def _of_problem(request: Request, table: RunTable) -> tuple[RunTable, tuple[dict[str, Value], ...]]:
    from autotune import problem_file

    offered = offer(problem_file.load(request.problem, request.options), seed=request.seed)
    missing = [name for name in table.factors if name not in offered.runs.factors]
    if missing:
        raise InputError(
            f"the runs have {', '.join(missing)}, which problem {request.problem} does not say of "
            "its configurations. Drop the columns, or give its Problem law_inputs for them."
        )
    limits = _run_limits(request, offered.runs)
    flops = offered.runs.flops
    kept = offered.take(np.flatnonzero((flops >= limits.smallest) & (flops <= limits.largest)))
    if not kept.configs:
        raise InputError(
            f"problem {request.problem} has no run between {limits.smallest:.3g} and "
            f"{limits.largest:.3g} FLOPs: its cheapest costs {flops.min():.3g}. Raise --spend."
        )
    return kept.runs, kept.configs


def _limits(given: Mapping[str, Any]) -> dict[str, Any]:
    ratios = given["tokens_per_param"]
    ends = [] if ratios == AUTO else [parse_count(text) for text in ratios.split(",")]
    if ends and (len(ends) != 2 or not 0 < ends[0] < ends[1]):
        raise InputError(f"--tokens-per-param takes LOW,HIGH, such as 5,400, not {ratios!r}.")
    named = {"smallest": "smallest", "largest": "largest", "max_tokens": "most_tokens"}
    found = {ours: parse_count(given[name]) for name, ours in named.items() if name in given}
    found |= {"batch_tokens": parse_count(given["batch_tokens"])}
    return found | ({"tokens_per_param": (ends[0], ends[1])} if ends else {})


def _run_limits(request: Request, runs: RunTable) -> Limits:
    largest = min(request.limits.get("largest", request.spend), request.spend)
    cheapest = min(float(runs.flops.min()), largest)
    smallest = max(cheapest, SPEND_SHARE * request.spend)
    return Limits(**{"smallest": smallest, **request.limits, "largest": largest})


def _cautions(request: Request, table: RunTable) -> Sequence[str]:
    most = float(table.flops.max())
    if request.target < most:
        return [
            f"the target of {request.target:.3g} FLOPs lies below the largest run, {most:.3g}: "
            "nothing is extrapolated"
        ]
    return []
