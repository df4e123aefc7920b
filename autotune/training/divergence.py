"""When a run has diverged: a loss that is no number, or one that has left and does not return."""

import math
from dataclasses import dataclass

SMOOTHING = 0.9
MARGIN = 0.5  # nats above a uniform guess
FACTOR = 1.5  # times the least smoothed loss
PATIENCE, FEWEST = 0.05, 10  # share of the steps, and steps, that a loss may stay away


@dataclass(slots=True)
class Watchdog:
    """Follows the training loss.

    Attributes:
        ceiling: Loss of a uniform guess, nats per token.
        steps: Steps of the longest budget.
        smooth: Smoothed loss, None before the first.
        least: The least of it.
        away: Steps in a row that it was too high.
    """

    ceiling: float
    steps: int
    smooth: float | None = None
    least: float = math.inf
    away: int = 0

    def see(self, loss: float, norm: float) -> str | None:
        """Take the loss of a step and the norm of its gradient; say why it diverged, if it did."""
        if not math.isfinite(loss):
            return f"the loss is {loss}"
        if not math.isfinite(norm):
            return f"the gradient is {norm}"
        self.smooth = (
            loss if self.smooth is None else SMOOTHING * self.smooth + (1 - SMOOTHING) * loss
        )
        self.least = min(self.least, self.smooth)
        far = self.smooth > self.ceiling + MARGIN or self.smooth > FACTOR * self.least
        self.away = self.away + 1 if far else 0
        if self.away > max(FEWEST, PATIENCE * self.steps):
            return (
                f"the loss stays at {self.smooth:.3g} nats after a least of {self.least:.3g}; "
                f"a uniform guess costs {self.ceiling:.3g}"
            )
        return None
