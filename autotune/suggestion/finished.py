"""Outcomes of a study as a table of finished runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autotune.fitting.runs import RunTable
from autotune.problem import Problem
from autotune.suggestion.offer import SEED, as_runs
from autotune.trials import Completed, Outcome
from autotune.types import Value

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
    """

    runs: RunTable | None
    spent: float
    tried: dict[str, int]
    failed: frozenset[str]


def finished(problem: Problem, outcomes: Sequence[Outcome]) -> Finished:
    """Read what was trained, and what it cost."""
    configs: list[dict[str, Value]] = []
    losses: list[float] = []
    tokens: list[float] = []
    for outcome in outcomes:
        if isinstance(outcome, Completed) and outcome.value > 0:
            budgets = _budgets(outcome)
            configs += [outcome.trial.config] * (len(budgets) + 1)
            losses += [outcome.value, *budgets.values()]
            tokens += [np.nan, *budgets]
    tried: dict[str, int] = {}
    for outcome in outcomes:
        name = label(outcome.trial.config)
        tried[name] = tried.get(name, 0) + 1
    lost = [o for o in outcomes if not (isinstance(o, Completed) and o.value > 0)]
    every = [outcome.trial.config for outcome in outcomes]
    spent = float(as_runs(problem, every).flops.sum()) if every else 0.0
    runs = _table(problem, configs, losses, tokens) if configs else None
    return Finished(runs, spent, tried, frozenset(label(o.trial.config) for o in lost))


def label(config: dict[str, Value]) -> str:
    """A configuration without its seed."""
    return repr(sorted((name, value) for name, value in config.items() if name != SEED))


def _budgets(outcome: Completed) -> dict[float, float]:
    """Losses of one run at fewer tokens, by tokens."""
    return {
        float(name.removeprefix(AT)): value
        for name, value in outcome.metrics.items()
        if name.startswith(AT) and np.isfinite(value) and value > 0
    }


def _table(
    problem: Problem, configs: list[dict[str, Value]], losses: list[float], tokens: list[float]
) -> RunTable:
    runs = as_runs(problem, configs)
    counts = np.array(tokens)
    kept = np.where(np.isnan(counts), runs.tokens, counts)
    flops = runs.flops * kept / runs.tokens
    return replace(
        runs, tokens=kept, flops=flops, loss=np.array(losses), name=f"the study of {problem.name}"
    )
