"""The next runs worth training, and what they are expected to settle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from autotune.errors import InputError
from autotune.fitting.runs import FLOPS_PER_PARAMETER_AND_TOKEN, RunTable
from autotune.suggestion import classical
from autotune.suggestion.belief import Belief
from autotune.suggestion.expected import Expected, expect
from autotune.suggestion.greedy import Criterion, Purse, d_optimal, greedy, regret_fall
from autotune.suggestion.limits import TOKENS_PER_PARAM
from autotune.suggestion.menu import Menu, as_menu
from autotune.suggestion.outlook import outlook
from autotune.suggestion.regret import Standing, standing
from autotune.types import Interval

Design = Literal["regret", "d-optimal", "isoflop", "ladder", "random", "largest"]
LIKELY = 0.5
"""How likely the best size lies between the sizes whose tokens per parameter runs may have."""

CRITERIA: Mapping[str, Criterion] = MappingProxyType(
    {"regret": regret_fall, "d-optimal": d_optimal}
)
DESIGNS: tuple[Design, ...] = ("regret", "d-optimal", "isoflop", "ladder", "random", "largest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """The next runs.

    Attributes:
        runs: The runs, without losses, most useful first; replicates are rows of their own.
        picks: Index of each among the candidates.
        best: The configuration that looks best now, a table of one row.
        band: Limits of the best active parameters now, at `LEVEL`.
        band_after: Those expected once the runs have ended, around the same middle.
        regret: Expected regret now, nats per token.
        regret_after: Expected once the runs have ended, nats per token; at most `regret`.
        loss: Loss expected of the best, nats per token.
        loss_band: Limits of that loss now, at `LEVEL`.
    """

    runs: RunTable
    picks: tuple[int, ...]
    best: RunTable
    band: Interval
    band_after: Interval
    regret: float
    regret_after: float
    loss: float
    loss_band: Interval

    @property
    def spent(self) -> float:
        """FLOPs of all suggested runs."""
        return float(self.runs.flops.sum())


def suggest(
    belief: Belief,
    candidates: RunTable | Menu,
    *,
    spend: float,
    n: int = 8,
    design: Design = "regret",
    once: bool = False,
    seed: int = 0,
) -> Suggestion:
    """Choose the next runs.

    Args:
        belief: What finished runs say of the target.
        candidates: The runs that could be trained, with what they bring if that is more than one
            loss.
        spend: FLOPs for all of them.
        n: Most runs; a classical design has as many as it is made of.
        design: How they are chosen; `regret` lowers the expected regret most per FLOP.
        once: Whether each candidate can be run at most once.
        seed: Of simulated outcomes and of random designs.

    Raises:
        InputError: If no candidate can be paid for.
    """
    offered = as_menu(candidates)
    runs = offered.runs
    if runs.flops.min() > spend:
        raise InputError(
            f"the cheapest of {len(runs)} candidate runs costs "
            f"{runs.flops.min():.3g} FLOPs, more than the {spend:.3g} to spend. "
            "Raise --spend, or lower --smallest."
        )
    state = outlook(belief, offered, seed=seed)
    if design in CRITERIA:
        purse, criterion = Purse(spend, n), CRITERIA[design]
        picks = greedy(state, runs.flops, purse, criterion=criterion, once=once)
    else:
        picks = planned_design(runs, spend, design=design, seed=seed)
    return _described(belief, runs, picks, expect(state, belief, picks))


def of_picks(
    belief: Belief, candidates: RunTable | Menu, picks: Sequence[int], *, seed: int = 0
) -> Suggestion:
    """What given runs are expected to settle.

    Args:
        belief: What finished runs say of the target.
        candidates: As in `suggest`.
        picks: Which of them.
        seed: Of simulated outcomes.
    """
    offered = as_menu(candidates)
    after = expect(outlook(belief, offered, seed=seed), belief, picks)
    return _described(belief, offered.runs, list(picks), after)


def now_of(belief: Belief) -> Standing:
    """What is known of the target now."""
    return standing(
        [view.log_loss for view in belief.views], belief.weights, np.log(belief.choices.n_active)
    )


def tokens_per_param(belief: Belief) -> Interval:
    """Tokens per active parameter that runs are offered at, fewest and most.

    Those of `TOKENS_PER_PARAM`, and those between which the plan lies with `LIKELY`: a law that
    no run near the plan supports is not corrected by any number of other runs.
    """
    sizes = np.exp(now_of(belief).limits(LIKELY))
    target = float(np.median(belief.choices.flops))
    most, fewest = (target / (FLOPS_PER_PARAMETER_AND_TOKEN * sizes**2)).tolist()
    return min(TOKENS_PER_PARAM[0], fewest), max(TOKENS_PER_PARAM[1], most)


def planned_design(candidates: RunTable, spend: float, *, design: Design, seed: int) -> list[int]:
    """Indices of a design that no belief enters."""
    if design == "isoflop":
        return classical.isoflop(candidates, spend)
    if design == "ladder":
        return classical.ladder(candidates, spend)
    if design == "largest":
        return classical.largest(candidates, spend)
    return classical.at_random(candidates, spend, np.random.default_rng(seed))


def _described(
    belief: Belief, candidates: RunTable, picks: list[int], after: Expected
) -> Suggestion:
    now = now_of(belief)
    level = float(np.exp(now.log_loss))
    (low, high), middle = now.limits(), now.middle
    band_after = (max(middle - after.low, low), min(middle + after.high, high))
    return Suggestion(
        runs=candidates.take(np.array(picks, dtype=np.int64)),
        picks=tuple(picks),
        best=belief.choices.take(np.array([now.best])),
        band=(float(np.exp(low)), float(np.exp(high))),
        band_after=(float(np.exp(band_after[0])), float(np.exp(band_after[1]))),
        regret=level * now.regret,
        regret_after=level * min(after.regret, now.regret),
        loss=level,
        loss_band=(float(np.exp(now.losses[0])), float(np.exp(now.losses[1]))),
    )
