"""How laws of the best shape are fitted."""

from dataclasses import dataclass

from autotune import checks
from autotune.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeSettings:
    """How a fit is made.

    Attributes:
        tolerance: How far above its least the loss may be in a band, as a share.
        bootstrap: Resamples.
        level: Coverage of intervals.
        seed: Of the resamples.
    """

    tolerance: float = 1e-3
    bootstrap: int = 1000
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not 0 < self.tolerance < 1:
            raise InputError(f"tolerance {self.tolerance:g}: it is a share of the least loss.")
        if not 0 < self.level < 1:
            raise InputError(f"level {self.level:g}: a coverage lies between 0 and 1.")
        checks.at_least("bootstrap", self.bootstrap, 0, hint="0 for no intervals.")
        checks.at_least("seed", self.seed, 0, hint="Any whole number.")
