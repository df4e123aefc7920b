"""From the options of `autotune ladder` to a ladder, cut to its budget."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autotune import checks
from autotune.errors import InputError
from autotune.ladder.description import BUDGETS, PRESETS, Description
from autotune.ladder.pace import PACES, Pace
from autotune.ladder.plan import LadderBudget, LadderPlan, plan
from autotune.quantities import parse_count, parse_seconds
from autotune.training.trunk_problem import shape_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a call asks.

    Attributes:
        description: The whole ladder, which names the study.
        plan: What the budget has room for.
        pace: What its expected times are taken from.
        workers: Trunks at once.
        folder: The study's folder.
        out: Where the run table goes.
        corpus: Paths of the text; none for the standard library.
        tokenizer: What it is read with, None for bytes.
        seconds: When to stop, None for when all is done.
    """

    description: Description
    plan: LadderPlan
    pace: Pace
    workers: int
    folder: Path
    out: Path
    corpus: tuple[Path, ...]
    tokenizer: Path | None
    seconds: float | None


def read(given: Mapping[str, Any]) -> Request:
    """Turn options into what is to be trained.

    Raises:
        InputError: If a value cannot be read, or makes no ladder.
        InfeasibleError: If the budget has no room for any run.
    """
    preset = checks.one_of("preset", given["preset"], PRESETS)
    description = _description(given, PRESETS[preset])
    workers = given.get("workers", _workers(description.device))
    checks.at_least("--workers", workers, 1, hint="One worker trains one trunk at a time.")
    pace = PACES[description.device]
    budget = _budget(given.get("budget", BUDGETS[preset]), workers)
    name = given.get("name", f"ladder-{preset}")
    if name in {"", ".", ".."} or "/" in name:
        raise InputError(f"a study's name is one folder's name, not {name!r}.")
    folder = given["storage"] / name
    return Request(
        description=description,
        plan=plan(description.trunks(shape_of), budget, pace),
        pace=pace,
        workers=workers,
        folder=folder,
        out=given.get("out", folder / "runs.csv"),
        corpus=tuple(given.get("corpus", ())),
        tokenizer=given.get("tokenizer"),
        seconds=parse_seconds(given["timeout"]) if "timeout" in given else None,
    )


def _description(given: Mapping[str, Any], preset: Description) -> Description:
    changes: dict[str, Any] = {
        name: given[name] for name in ("top_k", "seeds", "device") if name in given
    }
    checks.one_of("device", changes.get("device", preset.device), PACES)
    for name in ("sizes", "tokens", "experts"):
        if name in given:
            numbers = sorted({parse_count(part) for part in given[name].split(",")})
            changes[name] = tuple(numbers)
    if "experts" in changes:
        changes["experts"] = tuple(_whole(number) for number in changes["experts"])
    return replace(preset, **changes)


def _whole(number: float) -> int:
    if number < 1 or number != int(number):
        raise InputError(f"--experts takes whole numbers, 1 for dense, not {number:g}.")
    return int(number)


def _workers(device: str) -> int:
    return 1 if device == "cuda" else len(os.sched_getaffinity(0))


def _budget(text: str, workers: int) -> LadderBudget:
    """A duration has a unit; anything else is a count of FLOPs."""
    try:
        flops = parse_count(text)
    except InputError:
        try:
            return LadderBudget(seconds=parse_seconds(text), workers=workers)
        except InputError:
            raise InputError(
                f"cannot read the budget {text!r}. Write a duration such as 10min, or FLOPs such "
                "as 1e14."
            ) from None
    checks.positive("--budget", flops, hint="It is in FLOPs, or a duration such as 10min.")
    return LadderBudget(flops=flops, workers=workers)
