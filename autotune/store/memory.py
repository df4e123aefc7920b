"""A store that lives in memory, for searches that need not survive their process."""

from collections.abc import Sequence
from itertools import count

from autotune.trials import Outcome, Trial
from autotune.types import Value


class MemoryStore:
    """The `Store` port on a list; give it an earlier one's outcomes to continue.

    Attributes:
        outcomes: Every outcome, the earlier ones first.
    """

    def __init__(self, earlier: Sequence[Outcome] = ()) -> None:
        self.outcomes = list(earlier)
        self._new = list(earlier)
        self._ids = (f"m-{number:04d}" for number in count(len(earlier)))

    def append(self, outcome: Outcome) -> None:
        """Keep an outcome."""
        self.outcomes.append(outcome)

    def new(self) -> list[Outcome]:
        """The earlier outcomes, the first time."""
        fresh, self._new = self._new, []
        return fresh

    def trial(self, config: dict[str, Value]) -> Trial:
        """Name a configuration `m-<number>`."""
        return Trial(next(self._ids), config)
