"""One round of the closed loop: from what was trained to what to train next, or to stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from autotune.errors import FitError
from autotune.fitting.candidates import EVERYTHING, Wanted
from autotune.problem import Problem
from autotune.suggestion.belief import believe
from autotune.suggestion.finished import Finished, label
from autotune.suggestion.first import FIRST, first_runs
from autotune.suggestion.layouts import layouts
from autotune.suggestion.offer import SEED, Offer
from autotune.suggestion.suggest import Suggestion, suggest
from autotune.suggestion.target import choices
from autotune.types import Value

FEWEST = 8
"""Losses that laws are fitted to at least."""

ROUND_SHARE = 0.5
"""Of what is left, the most that one round spends: what it teaches changes the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a study is for.

    Attributes:
        target: The budget to plan for, FLOPs.
        spend: FLOPs of all runs.
        settle: Expected regret at the target, nats per token, at which it is settled; 0 for never.
        largest: Most FLOPs of one run; None for no limit but the spend.
        n: Most runs of a round.
        wanted: Which laws.
        seed: Of everything random.
    """

    target: float
    spend: float
    settle: float = 0.0
    largest: float | None = None
    n: int = 4
    wanted: Wanted = EVERYTHING
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """What a round found, and what it asks for.

    Attributes:
        trained: Losses known when it was decided.
        spent: FLOPs spent until then.
        configs: What to train; empty to stop.
        why: Why it stops, or what the runs are for.
        view: What is known of the target; None before a law can be fitted.
    """

    trained: int
    spent: float
    configs: tuple[dict[str, Value], ...]
    why: str
    view: Suggestion | None = None

    def to_json(self) -> dict[str, Any]:
        """The record of the round, plain data."""
        view = self.view
        known = {} if view is None else {
            "best": {
                "n_active": float(view.best.n_active[0]),
                "n_total": float(view.best.n_total[0]),
                "tokens": float(view.best.tokens[0]),
            },
            "band": list(view.band),
            "band_expected": list(view.band_after),
            "regret": view.regret,
            "regret_expected": view.regret_after,
            "loss": view.loss,
            "loss_interval": list(view.loss_band),
        }  # fmt: skip
        own = {"trained": self.trained, "spent": self.spent, "why": self.why}
        return own | known | {"runs": [dict(config) for config in self.configs]}


def decide(problem: Problem, offered: Offer, done: Finished, aim: Aim) -> Round:
    """Say what to train next.

    Args:
        problem: What trains the runs.
        offered: What it can train.
        done: What it has trained.
        aim: What the study is for.

    Raises:
        InputError: If the spend does not pay for the first runs.
        FitError: If no law can be fitted to all that was trained.
    """
    runs, left = done.runs, aim.spend - done.spent
    trained = 0 if runs is None else len(runs)
    open_ = _open(problem, offered, done)
    if aim.largest is not None:
        open_ = open_.take(np.flatnonzero(open_.runs.flops <= aim.largest))
    if runs is None or trained < FEWEST:
        each = max(trained / max(sum(done.tried.values()), 1), 1.0)
        count = min(ceil((FIRST - trained) / each), aim.n if runs is None else FIRST)
        return _first(open_, done, trained, count=count, spend=left)
    every = choices(runs, layouts(runs), aim.target)
    try:
        belief = believe(runs, every, wanted=aim.wanted, seed=aim.seed)
    except FitError:
        if not _affordable(open_, left):
            raise
        return _first(open_, done, trained, count=aim.n, spend=left)
    affordable = open_.take(np.flatnonzero(open_.runs.flops <= left)) if open_.configs else open_
    if not affordable.configs:
        view = suggest(belief, offered.runs, spend=np.inf, n=0, seed=aim.seed)
        return Round(trained, done.spent, (), "the spend is gone", view)
    part = max(ROUND_SHARE * left, float(affordable.runs.flops.min()))
    once = SEED not in problem.space
    view = suggest(belief, affordable.runs, spend=part, n=aim.n, once=once, seed=aim.seed)
    if view.regret < aim.settle:
        return Round(trained, done.spent, (), "the plan is settled", view)
    picked = [affordable.configs[i] for i in view.picks]
    return Round(trained, done.spent, _seeded(picked, done), "regret", view)


def _open(problem: Problem, offered: Offer, done: Finished) -> Offer:
    """What may be trained: nothing that failed, and nothing again unless seeds tell runs apart."""
    closed = done.failed if SEED in problem.space else done.failed | done.tried.keys()
    kept = [i for i, config in enumerate(offered.configs) if label(config) not in closed]
    return offered.take(np.array(kept, dtype=np.int64))


def _affordable(offered: Offer, left: float) -> bool:
    return bool(offered.configs) and bool((offered.runs.flops <= left).any())


def _first(offered: Offer, done: Finished, trained: int, *, count: int, spend: float) -> Round:
    fresh = [i for i, config in enumerate(offered.configs) if label(config) not in done.tried]
    kept = offered.take(np.array(fresh, dtype=np.int64))
    picks = first_runs(kept.runs, spend, count=min(count, max(len(fresh), 1)))
    return Round(trained, done.spent, tuple(kept.configs[i] for i in picks), "first runs")


def _seeded(configs: Sequence[dict[str, Value]], done: Finished) -> tuple[dict[str, Value], ...]:
    """The configurations with a seed of their own where one was tried before."""
    count = dict(done.tried)
    found = []
    for config in configs:
        name = label(config)
        again = count.get(name, 0)
        found.append({**config, SEED: int(config[SEED]) + again} if SEED in config else config)
        count[name] = again + 1
    return tuple(found)


class Queue:
    """A search that proposes given configurations in their order, and then nothing."""

    def __init__(self, configs: Sequence[dict[str, Value]]) -> None:
        self._left = list(configs)

    def ask(self) -> dict[str, Value] | None:
        """The next configuration."""
        return dict(self._left.pop(0)) if self._left else None

    def tell(self, outcome: object) -> None:
        """Nothing is learned between the runs of a round."""

    def pending(self, trial: object) -> None:
        """Nor from what others run."""
