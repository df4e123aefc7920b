"""One round of the closed loop: from what was trained to what to train next, or to stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np

from autotune.errors import FitError
from autotune.fitting.candidates import EVERYTHING, Wanted
from autotune.problem import Problem
from autotune.suggestion.belief import Belief, believe
from autotune.suggestion.finished import Finished, label, places
from autotune.suggestion.first import FIRST, first_runs
from autotune.suggestion.layouts import layouts
from autotune.suggestion.long_run import long_runs
from autotune.suggestion.menu import NONE
from autotune.suggestion.offer import SEED, Offer
from autotune.suggestion.suggest import Suggestion, of_picks, suggest
from autotune.suggestion.target import choices
from autotune.types import Value

FEWEST = 8
"""Losses that laws are fitted to at least."""

ROUND_SHARE = 0.5
"""Of what is left, the most that one round spends: what it teaches changes the next."""

LEAST_GAIN = 0.05
"""Of the expected regret, the least that runs must promise to take away, unless a user says else.

The same promise made with other simulated outcomes differs by 0.01 to 0.03.
"""

LOOKED_AT = 16
"""Runs that are looked at together before a study ends for want of a promise."""

FIRST_RUNS = "first runs"
LONG_RUN = "the long run"
REGRET = "regret"
SPENT = "the spend is gone"
SETTLED = "the plan is settled"
NO_PROMISE = "further runs promise nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a study is for.

    Attributes:
        target: The budget to plan for, FLOPs.
        spend: FLOPs of all runs.
        settle: Expected regret at the target, nats per token, at which it is settled; 0 for never.
        largest: Most FLOPs of one run; None for no limit but the spend.
        n: Most runs of a round.
        least_gain: Least share of the expected regret that runs must promise to take away; a study
            ends where not even all runs that can be paid for do. 0 for any.
        wanted: Which laws.
        seed: Of everything random.
    """

    target: float
    spend: float
    settle: float = 0.0
    largest: float | None = None
    n: int = 4
    least_gain: float = LEAST_GAIN
    wanted: Wanted = EVERYTHING
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """What a round found, and what it asks for.

    Attributes:
        trained: Losses known when it was decided.
        spent: FLOPs spent until then.
        asked: What to train; empty to stop.
        why: Why it stops, or what the runs are for.
        view: What is known of the target; None before a law can be fitted.
        laws: How much each law is believed, by name.
        repeated: Losses that were known twice and count once.
    """

    trained: int
    spent: float
    asked: Offer
    why: str
    view: Suggestion | None = None
    laws: Mapping[str, float] = field(default_factory=dict)
    repeated: int = 0

    @property
    def configs(self) -> tuple[dict[str, Value], ...]:
        """What to train; empty to stop."""
        return self.asked.configs

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
            "laws": dict(self.laws),
        }  # fmt: skip
        own = {
            "trained": self.trained,
            "repeated": self.repeated,
            "spent": self.spent,
            "why": self.why,
        }
        runs = [dict(config) for config in self.configs]
        return own | known | {"runs": runs, "places": _places(self.asked)}


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
        return _first(_fresh(open_, done), done, trained, count=count, spend=left)
    every = choices(runs, layouts(runs), aim.target)
    try:
        belief = believe(runs, every, wanted=aim.wanted, seed=aim.seed)
    except FitError:
        fresh = _fresh(open_, done)
        payable = int((np.cumsum(np.sort(fresh.runs.flops)) <= left).sum())
        if not payable:
            raise
        return _first(fresh, done, trained, count=min(aim.n, payable), spend=left)
    return _judged(problem, belief, open_, done=done, aim=aim)


def _judged(problem: Problem, belief: Belief, open_: Offer, *, done: Finished, aim: Aim) -> Round:
    """A round that follows from fitted laws: runs, or a reason to stop."""
    costs, left = open_.runs.flops, aim.spend - done.spent
    pool = open_.take(np.flatnonzero(costs <= left))
    longest = long_runs(costs, spend=aim.spend, left=left, trained=done.largest)
    if not pool.configs:
        why, view = SPENT, suggest(belief, belief.table, spend=np.inf, n=0, seed=aim.seed)
    elif len(longest):  # alone: what it teaches changes the next
        why, pool = LONG_RUN, open_.take(longest)
        view = suggest(belief, pool.menu, spend=left, n=1, seed=aim.seed)
    else:
        view, promising = _suggested(belief, pool, left, aim, once=SEED not in problem.space)
        why = REGRET if promising else NO_PROMISE
    if why != SPENT and view.regret < aim.settle:
        why = SETTLED
    picks = view.picks if why in (REGRET, LONG_RUN) else ()
    asked = _seeded(pool.take(np.array(picks, dtype=np.int64)), done)
    laws = {str(each.candidate): each.weight for each in belief.views}
    return Round(len(belief.table), done.spent, asked, why, view, laws, done.repeated)


def _suggested(
    belief: Belief, affordable: Offer, left: float, aim: Aim, *, once: bool
) -> tuple[Suggestion, bool]:
    """Runs for a part of what is left, or for all of it, and whether they promise anything.

    What a round learns changes the next, so it spends a part. But where a few small runs change
    nothing, what is left may pay for a larger run, or for as many as it takes.
    """
    menu = affordable.menu
    part = max(ROUND_SHARE * left, float(affordable.runs.flops.min()))
    view = suggest(belief, menu, spend=part, n=aim.n, once=once, seed=aim.seed)
    if _promises(view, aim):
        return view, True
    n = max(aim.n, LOOKED_AT)
    whole = suggest(belief, menu, spend=left, n=n, once=once, seed=aim.seed)
    if not _promises(whole, aim):
        return whole, False
    return of_picks(belief, menu, whole.picks[: aim.n], seed=aim.seed), True


def _promises(view: Suggestion, aim: Aim) -> bool:
    """Whether the runs are expected to take enough of the regret away to be worth their cost."""
    fall = view.regret - view.regret_after
    return aim.least_gain == 0 or (fall > 0 and fall >= aim.least_gain * view.regret)


def _places(asked: Offer) -> list[dict[str, Any]]:
    """What each run is, for those who read the record without the problem."""
    runs = asked.runs
    columns = {
        "n_active": runs.n_active,
        "n_total": runs.n_total,
        "tokens": runs.tokens,
        "flops": runs.flops,
    }
    found = [{name: float(v[i]) for name, v in columns.items()} for i in range(len(runs))]
    if not asked.branches:
        return found
    return [
        own | {"branches": list(tokens)} for own, tokens in zip(found, asked.branches, strict=True)
    ]


def _open(problem: Problem, offered: Offer, done: Finished) -> Offer:
    """What may be trained: nothing that failed, and nothing again unless seeds tell runs apart."""
    closed = done.failed if SEED in problem.space else done.failed | done.tried.keys()
    kept = [i for i, config in enumerate(offered.configs) if label(config) not in closed]
    return offered.take(np.array(kept, dtype=np.int64))


def _fresh(offered: Offer, done: Finished) -> Offer:
    """Those that were never tried."""
    rows = [i for i, config in enumerate(offered.configs) if label(config) not in done.tried]
    return offered.take(np.array(rows, dtype=np.int64))


def _first(fresh: Offer, done: Finished, trained: int, *, count: int, spend: float) -> Round:
    picks = first_runs(fresh.runs, spend, count=min(count, max(len(fresh.configs), 1)))
    asked = _seeded(fresh.take(np.array(picks, dtype=np.int64)), done)
    return Round(trained, done.spent, asked, FIRST_RUNS, repeated=done.repeated)


def _seeded(asked: Offer, done: Finished) -> Offer:
    """The same with a seed of its own for every run that brings a loss where another run does.

    A trunk of the same seed would repeat that loss bit for bit.
    """
    menu = asked.menu
    where = places(menu.places)
    taken = {place: set(seeds) for place, seeds in done.seeds.items()}
    found = []
    for config, brings in zip(asked.configs, menu.brings.tolist(), strict=True):
        if SEED in config:
            own = [where[place] for place in brings if place != NONE]
            used: set[int] = set().union(*(taken.get(place, ()) for place in own))
            seed = int(config[SEED])
            while seed in used:
                seed += 1
            config = {**config, SEED: seed}
            for place in own:
                taken.setdefault(place, set()).add(seed)
        found.append(config)
    return Offer(tuple(found), asked.runs, asked.branches)


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
