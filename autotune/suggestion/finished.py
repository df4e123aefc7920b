"""Outcomes of a study as a table of finished runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeGuard

import numpy as np

from autotune.fitting.runs import RunTable
from autotune.problem import Problem
from autotune.suggestion.offer import SEED, as_runs, costs
from autotune.trials import Completed, Outcome
from autotune.types import Value

Place: TypeAlias = tuple[float, ...]
"""N_active, n_total, tokens and further inputs of a law."""

AT = "loss@"
"""Metrics of this name and a token count are losses of the same run at fewer tokens."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a study has trained.

    Attributes:
        runs: Every loss, those of one run at fewer tokens included; None before the first.
        spent: FLOPs of all trials, failed ones included.
        tried: How often each configuration was tried, its seed aside.
        failed: Configurations that failed.
        seeds: Seeds that gave a loss at a place, by the place; empty without seeds.
        largest: FLOPs of the largest trial that gave a loss; 0 before the first.
        repeated: Losses left out of `runs` because a branch and another run of that seed gave the
            same one, bit for bit: one observation, known twice.
    """

    runs: RunTable | None
    spent: float
    tried: dict[str, int]
    failed: frozenset[str]
    seeds: Mapping[Place, frozenset[int]] = field(default_factory=dict)
    largest: float = 0.0
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class _Loss:
    """One loss of a trial: at the end, or at the end of a branch."""

    config: dict[str, Value]
    value: float
    tokens: float | None


def finished(problem: Problem, outcomes: Sequence[Outcome]) -> Finished:
    """Read what was trained, and what it cost."""
    losses = [each for outcome in outcomes for each in _losses(outcome)]
    tried: dict[str, int] = {}
    for outcome in outcomes:
        name = label(outcome.trial.config)
        tried[name] = tried.get(name, 0) + 1
    lost = [o for o in outcomes if not _usable(o)]
    paid = costs(problem, [o.trial.config for o in outcomes]) if outcomes else np.zeros(0)
    usable = np.array([_usable(o) for o in outcomes], dtype=bool)
    runs = _table(problem, losses) if losses else None
    kept = _kept(losses, runs) if runs is not None else []
    return Finished(
        runs=None if runs is None else runs.take(np.array(kept)),
        spent=float(paid.sum()),
        tried=tried,
        failed=frozenset(label(o.trial.config) for o in lost),
        seeds={} if runs is None else _seeds(losses, runs),
        largest=float(np.max(paid, where=usable, initial=0.0)),
        repeated=len(losses) - len(kept),
    )


def label(config: dict[str, Value]) -> str:
    """A configuration without its seed."""
    return repr(sorted((name, value) for name, value in config.items() if name != SEED))


def places(runs: RunTable) -> list[Place]:
    """What tells the runs of a table apart for a law."""
    columns = (runs.n_active, runs.n_total, runs.tokens, *runs.factors.values())
    return [tuple(map(float, row)) for row in zip(*columns, strict=True)]


def _usable(outcome: Outcome) -> TypeGuard[Completed]:
    return isinstance(outcome, Completed) and outcome.value > 0


def _losses(outcome: Outcome) -> list[_Loss]:
    if not _usable(outcome):
        return []
    config = outcome.trial.config
    return [
        _Loss(config, outcome.value, None),
        *(
            _Loss(config, value, float(name.removeprefix(AT)))
            for name, value in outcome.metrics.items()
            if name.startswith(AT) and np.isfinite(value) and value > 0
        ),
    ]


def _kept(losses: Sequence[_Loss], runs: RunTable) -> list[int]:
    """The losses that are observations of their own, as indices.

    Training is deterministic: the branch of a trunk repeats the run of that length and seed. So a
    loss that another trial of the same seed had there already counts once, if one is a branch's.
    """
    found: list[int] = []
    seen: dict[tuple[Place, Value | None, float], bool] = {}
    for i, (loss, place) in enumerate(zip(losses, places(runs), strict=True)):
        key = (place, loss.config.get(SEED), loss.value)
        branch = loss.tokens is not None
        if key not in seen or not (branch or seen[key]):
            found.append(i)
        seen[key] = branch or seen.get(key, False)
    return found


def _seeds(losses: Sequence[_Loss], runs: RunTable) -> dict[Place, frozenset[int]]:
    found: dict[Place, set[int]] = {}
    for loss, place in zip(losses, places(runs), strict=True):
        if SEED in loss.config:
            found.setdefault(place, set()).add(int(loss.config[SEED]))
    return {place: frozenset(seeds) for place, seeds in found.items()}


def _table(problem: Problem, losses: Sequence[_Loss]) -> RunTable:
    runs = as_runs(problem, [each.config for each in losses])
    tokens = np.array(
        [
            end if each.tokens is None else each.tokens
            for each, end in zip(losses, runs.tokens.tolist(), strict=True)
        ]
    )
    return replace(
        runs,
        tokens=tokens,
        flops=runs.flops * tokens / runs.tokens,
        loss=np.array([each.value for each in losses]),
        name=f"the study of {problem.name}",
    )
