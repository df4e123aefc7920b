"""The rounds of a closed loop as a study's record has them: what was known, what was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autotune.suggestion.finished import AT
from autotune.trials import Completed, Outcome
from autotune.types import Interval, Value

ROUND = "round"
"""Where the first line of a journal keeps the decision that its trials follow from."""


@dataclass(frozen=True, slots=True)
class Place:
    """The run that a configuration is.

    Attributes:
        n_active: Parameters used per token.
        tokens: Training tokens.
        flops: What it costs.
    """

    n_active: float
    tokens: float
    flops: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a round knew of the target.

    Attributes:
        n_active: The size that looks best.
        tokens: What the target trains it on.
        band: Limits of the best size.
        band_promised: Those expected once the runs of the round have ended.
        regret: Expected regret, nats per token.
        regret_promised: What is expected of it once the runs have ended.
        loss: Expected of the size that looks best.
        loss_interval: Its limits.
        laws: How much each law is believed, by name; they sum to 1.
    """

    n_active: float
    tokens: float
    band: Interval
    band_promised: Interval
    regret: float
    regret_promised: float
    loss: float
    loss_interval: Interval
    laws: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One round.

    Attributes:
        number: From 1 on.
        target: The budget that is planned for, FLOPs.
        settle: Expected regret at which the plan is settled; 0 for none.
        trained: Losses known when it was decided.
        spent: FLOPs spent until then.
        why: Why it stops, or what its runs are for.
        configs: What it asked to train.
        places: The runs that those are.
        known: What was known; None before laws could be fitted.
    """

    number: int
    target: float
    settle: float
    trained: int
    spent: float
    why: str
    configs: tuple[Mapping[str, Value], ...]
    places: tuple[Place, ...]
    known: Known | None


@dataclass(frozen=True, slots=True)
class PlacedLoss:
    """One loss of a trial, or none, where its run lies.

    Attributes:
        number: The round that asked for it.
        outcome: The trial.
        place: The run; where a run has losses at several budgets, cut off at one of them.
        loss: None if the trial failed.
    """

    number: int
    outcome: Outcome
    place: Place
    loss: float | None


def on_record(jobs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rounds among the start records of a study's jobs, oldest first, as they were written."""
    searches = ((job.get("search") or {}) for job in jobs)
    return [search[ROUND] for search in searches if ROUND in search]


def decisions(jobs: Sequence[Mapping[str, Any]]) -> tuple[Decision, ...]:
    """The same, read."""
    searches = [s for s in ((job.get("search") or {}) for job in jobs) if ROUND in s]
    return tuple(_decision(i, search) for i, search in enumerate(searches, start=1))


def placed(rounds: Sequence[Decision], outcomes: Sequence[Outcome]) -> list[PlacedLoss]:
    """Where the trials of a study lie, oldest first; those that no round asked for are left out.

    A configuration that several rounds asked for belongs to the last of them: the others ended
    before they came to it.
    """
    asked = {
        _key(config): (each.number, place)
        for each in rounds
        for config, place in zip(each.configs, each.places, strict=False)
    }
    found = []
    for outcome in outcomes:
        number, place = asked.get(_key(outcome.trial.config), (0, None))
        if place is not None:
            found += [PlacedLoss(number, outcome, *each) for each in _losses(outcome, place)]
    return found


def _losses(outcome: Outcome, place: Place) -> list[tuple[Place, float | None]]:
    if not isinstance(outcome, Completed):
        return [(place, None)]
    found: list[tuple[Place, float | None]] = [(place, outcome.value)]
    for name, loss in outcome.metrics.items():
        if name.startswith(AT):
            tokens = float(name.removeprefix(AT))
            share = tokens / place.tokens
            found.append((Place(place.n_active, tokens, share * place.flops), loss))
    return found


def _key(config: Mapping[str, Value]) -> str:
    return repr(sorted(config.items()))


def _decision(number: int, search: Mapping[str, Any]) -> Decision:
    step = search[ROUND]
    return Decision(
        number=number,
        target=float(search["target"]),
        settle=float(search.get("settle") or 0.0),
        trained=int(step["trained"]),
        spent=float(step["spent"]),
        why=str(step["why"]),
        configs=tuple(step["runs"]),
        places=tuple(
            Place(each["n_active"], each["tokens"], each["flops"])
            for each in step.get("places", ())
        ),
        known=_known(step) if "best" in step else None,
    )


def _known(step: Mapping[str, Any]) -> Known:
    best = step["best"]
    return Known(
        n_active=best["n_active"],
        tokens=best["tokens"],
        band=_pair(step["band"]),
        band_promised=_pair(step["band_expected"]),
        regret=step["regret"],
        regret_promised=step["regret_expected"],
        loss=step["loss"],
        loss_interval=_pair(step["loss_interval"]),
        laws=dict(step.get("laws", {})),
    )


def _pair(ends: Sequence[float]) -> Interval:
    low, high = ends
    return float(low), float(high)
