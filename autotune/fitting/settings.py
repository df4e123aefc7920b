"""What a fit minimises, under which conventions, and how its intervals are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from autotune.types import Interval


@dataclass(frozen=True, slots=True)
class Convention:
    """What the N and the S of a law's formula are taken from.

    Attributes:
        n: `active` or `total` parameters.
        sparsity: `param` for 1 - n_active/n_total, `expert` for 1 - top_k/n_experts.
    """

    n: Literal["active", "total"]
    sparsity: Literal["param", "expert"] = "param"


@dataclass(frozen=True, slots=True, kw_only=True)
class FitSettings:
    """How to fit.

    Attributes:
        objective: Applied to the residual of log loss (`huber`, `mse`, `mae`).
        delta: Where Huber's loss turns from quadratic to linear.
        emphasis: Power of its compute that each run's weight is multiplied with, >= 0.
        bootstrap: Resamples for intervals; 0 for none.
        resample: What a resample draws anew: the `residuals` of the fit, or the `rows`; `auto`
            for residuals where their size varies with no input.
        profile: Coefficients whose limits come from a profile of the objective, of those that
            have no unit; None for all of them. The others keep percentiles of the draws.
        level: Coverage of the intervals.
        fix: Coefficients held at a value.
        bounds: Limits of coefficients, in place of those of `Structure.domain`.
        seed: Seed of starts and resamples.
    """

    objective: Literal["huber", "mse", "mae"] = "huber"
    delta: float = 1e-3
    emphasis: float = 0.0
    bootstrap: int = 0
    resample: Literal["auto", "residuals", "rows"] = "auto"
    profile: tuple[str, ...] | None = None
    level: float = 0.95
    fix: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, Interval] = field(default_factory=dict)
    seed: int = 0
