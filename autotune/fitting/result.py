"""The result of a fit: the law, its uncertainty, and the evidence to judge it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from autotune.fitting.settings import Convention, FitSettings
from autotune.laws.base import ScalingLaw
from autotune.types import Floats, Interval

METHODS = {
    "profile": "profile",
    "residuals": "bootstrap of residuals",
    "rows": "bootstrap of rows",
    "normal": "normal draws",
}


class FitStatus(Enum):
    """How a fit ended.  Every status still carries a usable estimate."""

    CONVERGED = "converged"
    STOPPED_EARLY = "ran out of iterations"
    AT_BOUND = "a coefficient sits on its bound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well a law predicts some runs.

    Attributes:
        mre: Mean of |predicted - observed| / observed.
        log_rmse: Root mean square of log(predicted / observed).
        bias: Mean of log(predicted / observed).
        n_runs: How many runs it was scored on.
    """

    mre: float
    log_rmse: float
    bias: float
    n_runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FitResult:
    """A fitted law with its uncertainty.

    Attributes:
        law: The law at the best estimate, ready to predict with.
        convention: What its N and S are taken from.
        settings: How it was fitted.
        n_runs: Runs the fit used.
        objective_sum: The objective summed over the runs, weights included.
        score: How well it reproduces the runs it was fitted to.
        interval: Limits at `settings.level` by coefficient, those held or fixed left out; empty
            without intervals, infinite where the runs give no limit.
        interval_methods: What each was made by: `profile` (likelihood), a bootstrap of
            `residuals` or `rows`, or `normal` draws.
        draws: Coefficients of the resamples, shape (draws, coefficients); empty without them.
        tail: Share of the draws beyond each limit of an interval made from them.
        ends: Coefficients at the limits of the profiles, shape (limits, coefficients): where
            the runs just bear with them. What follows from the law may lie there too.
        status: How the optimiser ended.
        starts: How many starts there were, and how many agree with the best objective.
        condition: Condition number of the column-scaled Jacobian at the estimate.
        weak: Groups of coefficients that the runs cannot tell apart, with what would.
        warnings: What a user must know, one sentence each.
    """

    law: ScalingLaw
    convention: Convention
    settings: FitSettings
    n_runs: int
    objective_sum: float
    score: Score
    interval: Mapping[str, Interval]
    interval_methods: Mapping[str, str]
    draws: Floats
    tail: float
    ends: Floats
    status: FitStatus
    starts: tuple[int, int]
    condition: float
    weak: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def interval_method(self) -> str:
        """What the intervals were made by, in words; `none` without them."""
        by: dict[str, list[str]] = {}
        for name, method in self.interval_methods.items():
            by.setdefault(METHODS[method], []).append(name)
        if len(by) == 1:
            return next(iter(by))
        return ", ".join(f"{method} ({', '.join(names)})" for method, names in by.items()) or "none"

    @property
    def converged(self) -> bool:
        """Whether the estimate needs no caveat."""
        return self.status is FitStatus.CONVERGED
