"""A plan as a file: what `autotune plan --json` printed, asked again so that it can be drawn."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from autotune.cli import plan_request
from autotune.cli.law_names import NamedLaw
from autotune.cli.plan_request import Request
from autotune.curves.case import Case, Draws
from autotune.errors import InputError
from autotune.planning.plan import Plan

KEY = "asked"
NOT_ASKED = {"json", "csv"}


def asked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a call as its JSON document keeps them."""
    plain = {name: value for name, value in given.items() if name not in NOT_ASKED}
    return plain | {"storage": str(given["storage"])}


def cases(path: Path) -> list[Case]:
    """Ask again what a document of `autotune plan --json` was the answer to.

    Raises:
        InputError: If the file is no such document, or a law of it is gone.
    """
    try:
        given = dict(json.loads(path.read_text(encoding="utf-8"))[KEY])
        given["storage"] = Path(given["storage"])
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is not what autotune plan prints with --json. Make one: "
            "autotune plan --flops 1e22 --json > plan.json."
        ) from error
    plan_request.refuse_clashes(given)
    request = plan_request.read(given)
    answer = plan_request.answer(request)
    laws = {named.name: named for named in request.laws}
    return [_case(request, laws[plan.law], plan) for plan in answer.plans]


def _case(request: Request, named: NamedLaw, plan: Plan) -> Case:
    budget = request.budget
    if request.shape is not None:
        budget = replace(budget, cost=request.shape.family(named.law).cost(plan.n_active))
    draws = None
    if named.fit is not None and len(named.fit.result.draws):
        fit = named.fit.result
        draws = Draws(fit.draws, fit.settings.level, fit.tail)
    return Case(
        law=named.law, budget=budget, question=request.question, constraints=request.constraints,
        plan=plan, draws=draws,
    )  # fmt: skip
