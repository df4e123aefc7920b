"""How sure a plan is: limits of everything it says, from draws of the law's coefficients."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autotune.types import Interval

OPTIMUM = ("flops", "n_active", "n_total", "sparsity", "tokens", "tokens_per_param", "loss")
BAND = ("n_active", "tokens", "sparsity")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInterval:
    """Limits at one level of each number of a plan; the law's own, not one run's noise.

    Attributes:
        level: Coverage of each pair of limits, for example 0.95.
        method: How the draws were made, for example `bootstrap`.
        draws: How many sets of coefficients were planned with.
        without_plan: How many of those have no optimum; the limits leave them out.
        ends: Plans at the ends of the fit's profiles, which the limits reach to.
        optimum: Limits by name, `OPTIMUM` all of them.
        band: Limits of the low and of the high end of the band, by name, `BAND` all of them.
    """

    level: float
    method: str
    draws: int
    without_plan: int
    ends: int
    optimum: Mapping[str, Interval]
    band: Mapping[str, tuple[Interval, Interval]]

    def to_json(self) -> dict[str, Any]:
        """The limits as a JSON object, with full precision."""
        return {
            "level": self.level,
            "method": self.method,
            "draws": self.draws,
            "without_plan": self.without_plan,
            "ends": self.ends,
            **{name: list(limits) for name, limits in self.optimum.items()},
            "band": {
                name: {"low": list(low), "high": list(high)}
                for name, (low, high) in self.band.items()
            },
        }
