"""The second objective of a search: a number that outcomes have beside their value."""

import math
from dataclasses import dataclass

from autotune.errors import InputError
from autotune.trials import Completed, Outcome

SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class SecondObjective:
    """What is minimised beside the objective.

    Attributes:
        name: A metric that the objective returns, a numeric parameter, or `seconds`, the wall
            time of the evaluation; the first of them that an outcome has.
        log: Whether its logarithm to base 10 counts: for what spans decades.
    """

    name: str
    log: bool

    @classmethod
    def parse(cls, text: str) -> "SecondObjective":
        """Read `NAME` or `NAME:log`.

        Raises:
            InputError: If there is no name, or something else than `log` after the colon.
        """
        name, colon, how = text.partition(":")
        if not name or (colon and how != "log"):
            raise InputError(
                f"a second objective is written NAME or NAME:log, such as inference_flops:log, "
                f"not {text!r}."
            )
        return cls(name, bool(colon))

    def measured(self, outcome: Completed) -> float:
        """The number itself; not-a-number if the outcome has none of that name."""
        if self.name in outcome.metrics:
            return outcome.metrics[self.name]
        value = outcome.trial.config.get(self.name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        return outcome.timing.seconds if self.name == SECONDS else math.nan

    def of(self, outcome: Outcome) -> float:
        """What counts, so the logarithm if asked for; not-a-number if there is none."""
        value = self.measured(outcome) if isinstance(outcome, Completed) else math.nan
        return self.scaled(value) if math.isfinite(value) else math.nan

    def scaled(self, value: float) -> float:
        """A finite number as it counts; not-a-number for the logarithm of none."""
        if not self.log:
            return value
        return math.log10(value) if value > 0 else math.nan

    def unscaled(self, value: float) -> float:
        """Back from what counts to the number itself."""
        return 10.0**value if self.log else value
