"""How many trials to propose ahead of free workers: enough to hide the manager, and no more."""

import math
from collections.abc import Sequence
from statistics import median

MEASURED = 8
"""Outcomes before the first judgement."""
MEMORY = 32
"""Outcomes that a mean remembers, about."""
NEGLIGIBLE = 0.005
"""Share of a trial's time that a worker may wait for a proposal without one being ready."""
TURNAROUND_SECONDS = 0.05
"""What a worker may wait between the end of a trial and the next one, on a loaded machine."""
SHORT_SECONDS = 0.5
GATHER_SECONDS = 0.005
"""How long both sides sleep where trials are so short that several travel in a message."""
MOST_HELD = 384
GATHERS = 8
LITTLE = 0.002
"""Share of a trial's time that the manager may sleep between two looks at its messages."""
BURST_SECONDS = 0.02
MOST_IN_BURST = 128
OVERHEAD_SECONDS = 1e-4
"""What a child adds to a trial, about."""


class Pace:
    """Measured seconds of a trial and of a proposal, and what follows from them.

    A proposal made ahead knows less: it does not know the outcomes that come before a worker
    takes it. So none is made ahead while trials are long beside proposals.
    """

    def __init__(self) -> None:
        self._trial = 0.0
        self._proposal = 0.0
        self._outcomes = 0

    def outcome(self, seconds: float) -> None:
        """Take in how long a trial ran."""
        self._outcomes += 1
        self._trial += (seconds - self._trial) / min(self._outcomes, MEMORY)

    def proposal(self, seconds: float) -> None:
        """Take in how long the loop took from one call of the evaluator to the next trial.

        The largest counts, and is forgotten slowly: a queue must last over the slow ones.
        """
        self._proposal += max(seconds - self._proposal, (seconds - self._proposal) / MEMORY)

    def ahead(self, workers: int) -> int:
        """Proposals to have ready: four times what all workers take while one is made.

        None if a worker would hardly wait without: workers that are free at random moments queue
        for one who makes proposals of one length (M/D/1).
        """
        taken = workers * self._proposal / max(self._trial, 1e-6)
        queue = taken / (2 * (1 - taken)) if taken < 1 else math.inf
        if self._outcomes < MEASURED or self._proposal * (1 + queue) <= NEGLIGIBLE * self._trial:
            return 0
        return min(workers, math.ceil(1 + 4 * taken))

    def held(self) -> int:
        """Trials that each worker should hold beside the one that it runs."""
        if self._outcomes < MEASURED or self._trial >= SHORT_SECONDS:
            return 0
        return min(MOST_HELD, math.ceil(TURNAROUND_SECONDS / max(self._trial, 1e-6)))

    @property
    def nap(self) -> float:
        """Seconds for the manager to let messages gather: as many as no worker would notice."""
        if self.held() > GATHERS:
            return GATHER_SECONDS
        return min(GATHER_SECONDS, LITTLE * self._trial) if self._outcomes >= MEASURED else 0.0


def burst(seconds: Sequence[float]) -> int:
    """How many trials to hand a child at once, by how long the last ones ran.

    The median counts: where cores are shared, a very short trial now and then takes long.
    """
    if len(seconds) < MEASURED:
        return 1
    return max(1, min(MOST_IN_BURST, int(BURST_SECONDS / (median(seconds) + OVERHEAD_SECONDS))))
