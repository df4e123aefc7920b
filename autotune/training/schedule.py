"""Warm-up, stable, decay: one trunk at full learning rate, a cooldown branch for each budget."""

from dataclasses import dataclass
from itertools import pairwise

from autotune.errors import InputError
from autotune.training.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A cooldown to zero.

    Attributes:
        start: Step at which it leaves the trunk.
        end: Steps that its budget has in all.
    """

    start: int
    end: int

    def factor(self, step: int) -> float:
        """Share of the full learning rate at a step."""
        return min(1.0, (self.end - step) / (self.end - self.start))


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What one run does: its trunk goes through the starts of its branches in rising order.

    Attributes:
        warmup: Steps over which the learning rate rises.
        branches: One for each token budget.
    """

    warmup: int
    branches: tuple[Branch, ...]

    def warm(self, step: int) -> float:
        """Share of the full learning rate on the trunk at a step."""
        return min(1.0, (step + 1) / max(1, self.warmup))

    @property
    def steps(self) -> int:
        """Steps in all: the trunk once, and every branch."""
        return self.branches[-1].start + sum(branch.end - branch.start for branch in self.branches)


def schedule(tokens: tuple[float, ...], settings: Settings) -> Schedule:
    """The schedule of a run, from settings that are resolved.

    Raises:
        InputError: If budgets do not rise, or one has no step.
    """
    if not tokens or any(later <= earlier for earlier, later in pairwise(tokens)):
        raise InputError("token budgets must be given in rising order, each once.")
    batch = settings.batch_tokens
    if tokens[0] < 2 * batch:
        raise InputError(
            f"{tokens[0]:,.0f} tokens are fewer than two batches of {batch:,}. "
            "Train on more tokens or take a smaller batch."
        )
    ends = [round(budget / batch) for budget in tokens]
    branches = tuple(
        Branch(start=end - max(1, round(settings.cooldown * end)), end=end) for end in ends
    )
    return Schedule(warmup=settings.warmup or 0, branches=branches)
