"""How noisy a trial's value is known to be: a standard deviation, or the metric that holds it."""

import math
from dataclasses import dataclass

from autotune.errors import InputError
from autotune.trials import Completed, Outcome


@dataclass(frozen=True, slots=True)
class Noise:
    """The standard deviation of a trial's value about the objective, in the objective's unit.

    Attributes:
        deviation: The same for every trial; not-a-number where a metric has it.
        metric: The metric that every trial returns it as; empty if it is the same for all.
    """

    deviation: float
    metric: str = ""

    @classmethod
    def parse(cls, declared: float | str) -> "Noise | None":
        """Read a number or the name of a metric; empty text is no noise that is known.

        Raises:
            InputError: If a number is negative or not finite.
        """
        if declared == "":
            return None
        try:
            deviation = float(declared)
        except ValueError:
            return cls(math.nan, str(declared))
        if not 0 <= deviation < math.inf:
            raise InputError(
                f"noise must be a standard deviation >= 0, such as 0.005, or the name of a metric, "
                f"not {declared}."
            )
        return cls(deviation)

    def text(self, unit: str) -> str:
        """In words, with the unit of the objective."""
        if self.metric:
            return f"each trial's {self.metric}"
        return f"standard deviation {self.deviation:g} {unit}".rstrip()

    def of(self, outcome: Outcome) -> float:
        """An outcome's; not-a-number if it failed, or its metric is no number >= 0."""
        if not isinstance(outcome, Completed):
            return math.nan
        known = outcome.metrics.get(self.metric, math.nan) if self.metric else self.deviation
        return known if 0 <= known < math.inf else math.nan
