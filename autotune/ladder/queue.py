"""The trunks that are left to do, in order, as a search proposes them."""

from collections import Counter
from collections.abc import Sequence

from autotune.ladder.trunk import Trunk
from autotune.trials import Completed, FailureKind, Outcome, Trial
from autotune.types import Value

FINAL = frozenset({FailureKind.DIVERGED, FailureKind.OUT_OF_MEMORY, FailureKind.INFEASIBLE})
"""Failures that would come again; the others are tried once more by the next call."""


class TrunkQueue:
    """Proposes each trunk once, unless its wanted budgets are done, failed for good, or running."""

    def __init__(self, trunks: Sequence[Trunk]) -> None:
        self._trunks = trunks
        self._asked: set[str] = set()
        self._running: set[str] = set()
        self._done: Counter[str] = Counter()
        self._failed: Counter[tuple[str, int]] = Counter()
        self._final: dict[str, int] = {}

    def ask(self) -> dict[str, Value] | None:
        """The next trunk with its number of budgets, None if there is none."""
        for trunk in self._trunks:
            if trunk.name not in self._asked | self._running and self.wants(trunk):
                self._asked.add(trunk.name)
                budgets = len(trunk.tokens)
                attempt = 1 + self._failed[trunk.name, budgets]
                return {"trunk": trunk.name, "budgets": budgets, "attempt": attempt}
        return None

    def wants(self, trunk: Trunk) -> bool:
        """Whether the trunk lacks a budget that another attempt could reach."""
        budgets = len(trunk.tokens)
        return self._done[trunk.name] < budgets < self._final.get(trunk.name, budgets + 1)

    def tell(self, outcome: Outcome) -> None:
        """Learn what became of a trunk."""
        name, budgets = _read(outcome.trial)
        self._running.discard(name)
        if isinstance(outcome, Completed):
            self._done[name] = max(self._done[name], budgets)
            return
        self._failed[name, budgets] += 1
        if outcome.kind in FINAL:
            self._final[name] = min(budgets, self._final.get(name, budgets))

    def pending(self, trial: Trial) -> None:
        """Learn that a trunk runs elsewhere."""
        self._running.add(_read(trial)[0])


def _read(trial: Trial) -> tuple[str, int]:
    return str(trial.config["trunk"]), int(trial.config["budgets"])
