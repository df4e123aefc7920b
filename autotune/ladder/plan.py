"""A ladder cut to a budget: which trunks with which token budgets, in which order."""

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from autotune.errors import InfeasibleError
from autotune.ladder.pace import Pace
from autotune.ladder.trunk import Trunk
from autotune.quantities import format_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderBudget:
    """What a ladder may cost: seconds on so many workers, FLOPs, or both.

    Attributes:
        seconds: Expected wall time, infinite for any.
        flops: Exact training FLOPs, infinite for any.
        workers: Trunks at once.
    """

    seconds: float = math.inf
    flops: float = math.inf
    workers: int = 1

    def allows(self, trunks: Sequence[Trunk], pace: Pace) -> bool:
        """Whether trunks, in this order, are expected to fit."""
        if sum(trunk.flops for trunk in trunks) > self.flops:
            return False
        return math.isinf(self.seconds) or makespan(trunks, pace, self.workers) <= self.seconds

    def cost(self, pace: Pace) -> Callable[[Trunk], float]:
        """What is scarce: seconds if they are limited, else FLOPs."""
        return (lambda trunk: trunk.flops) if math.isinf(self.seconds) else pace.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderPlan:
    """Trunks in the order in which they are begun, and what they are expected to cost.

    Attributes:
        trunks: What is trained.
        dropped: Runs of the description that the budget has no room for.
        seconds: Expected wall time.
        worker_seconds: Expected time of all workers.
    """

    trunks: tuple[Trunk, ...]
    dropped: int
    seconds: float
    worker_seconds: float

    @property
    def n_runs(self) -> int:
        """Losses that come out."""
        return sum(len(trunk.tokens) for trunk in self.trunks)

    @property
    def flops(self) -> float:
        """Exact training FLOPs."""
        return sum(trunk.flops for trunk in self.trunks)

    @property
    def saving(self) -> float:
        """FLOPs of the same runs without shared trunks, over those with."""
        separate = sum(trunk.flops_per_token * trunk.separate_tokens for trunk in self.trunks)
        return separate / self.flops


def plan(trunks: Sequence[Trunk], budget: LadderBudget, pace: Pace) -> LadderPlan:
    """Drop the costliest run until the rest fits, so that less budget never adds a run.

    Costly is what takes long, or what takes many FLOPs if only those are limited.

    Args:
        trunks: Every trunk of the description.
        budget: What they may cost.
        pace: How long they take.

    Raises:
        InfeasibleError: If not even the cheapest run fits.
    """
    kept, cost = in_order(trunks), budget.cost(pace)
    n_runs = sum(len(trunk.tokens) for trunk in kept)
    while not budget.allows(kept, pace):
        if sum(len(trunk.tokens) for trunk in kept) == 1:
            raise InfeasibleError(_too_small(kept[0], pace))
        kept = in_order(_without_costliest(kept, cost))
    return LadderPlan(
        trunks=tuple(kept),
        dropped=n_runs - sum(len(trunk.tokens) for trunk in kept),
        seconds=makespan(kept, pace, budget.workers),
        worker_seconds=sum(pace.seconds(trunk) for trunk in kept),
    )


def in_order(trunks: Sequence[Trunk]) -> list[Trunk]:
    """Trunks so that those done first span the sizes: seed by seed, ends before middles."""
    sizes = sorted({trunk.flops_per_token for trunk in trunks if trunk.model.experts is None})
    sizes = sizes or sorted({trunk.flops_per_token for trunk in trunks})
    rank = {place: i for i, place in enumerate(_ends_first(len(sizes)))}

    def key(trunk: Trunk) -> tuple[int, int, float]:
        near = min(range(len(sizes)), key=lambda i: abs(math.log(trunk.flops_per_token / sizes[i])))
        return trunk.seed, rank[near], trunk.flops_per_token

    return sorted(trunks, key=key)


def makespan(trunks: Sequence[Trunk], pace: Pace, workers: int) -> float:
    """Expected wall time if each worker takes the next trunk as soon as it is free."""
    free = [0.0] * workers
    for trunk in trunks:
        heapq.heappush(free, heapq.heappop(free) + pace.seconds(trunk))
    return max(free)


def _ends_first(n: int) -> list[int]:
    """0, n - 1, then the middle of each gap, widest first: 0 4 2 1 3."""
    found = list(dict.fromkeys([0, n - 1]))
    while len(found) < n:
        known = sorted(found)
        gaps = [(right - left, -left) for left, right in pairwise(known)]
        width, negative = max(gaps)
        found.append(-negative + width // 2)
    return found


def _without_costliest(trunks: Sequence[Trunk], cost: Callable[[Trunk], float]) -> list[Trunk]:
    """Without the last token budget that costs most; of equals, the last seed's."""
    costs = [
        (cost(trunk) - (cost(_shorter(trunk)) if len(trunk.tokens) > 1 else 0.0), trunk.seed)
        for trunk in trunks
    ]
    at = max(range(len(trunks)), key=lambda i: (*costs[i], i))
    rest = [_shorter(trunks[at])] if len(trunks[at].tokens) > 1 else []
    return [*trunks[:at], *rest, *trunks[at + 1 :]]


def _shorter(trunk: Trunk) -> Trunk:
    return replace(trunk, tokens=trunk.tokens[:-1])


def _too_small(trunk: Trunk, pace: Pace) -> str:
    return (
        f"the budget is too small for any run: the cheapest, {trunk.name} on "
        f"{trunk.tokens[0]:,.0f} tokens, takes {trunk.flops:.3g} FLOPs and about "
        f"{format_seconds(pace.seconds(trunk))}. "
        "Give a larger --budget or smaller sizes."
    )
