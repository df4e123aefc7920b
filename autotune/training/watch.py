"""What a caller sees of a run, and says to it, while it goes on."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a caller sees and says while a run goes on.

    Attributes:
        stop: Asked before every step; true ends the run with a checkpoint.
        see: Called after every look at the loss: steps done on this budget, its steps, the loss.
        clock: Seconds that only grow.
    """

    stop: Callable[[], bool] = lambda: False
    see: Callable[[int, int, float], None] = lambda _step, _steps, _loss: None
    clock: Callable[[], float] = time.monotonic
