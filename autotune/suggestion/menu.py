"""What a run is bought for: its last loss, and those at the ends of its cooldown branches."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.runs import RunTable
from autotune.suggestion.noise import same_configuration
from autotune.types import Floats

NONE = -1
"""In `Menu.brings`, where a run brings fewer losses than another."""


@dataclass(frozen=True, slots=True)
class Menu:
    """Runs that can be bought, and the losses that each of them brings.

    Attributes:
        places: Where losses may be had, p rows: first the runs, then what branches alone give.
        brings: For each run the places of its losses, its own first, then `NONE`; shape (c, s).
    """

    places: RunTable
    brings: NDArray[np.int64]

    @property
    def runs(self) -> RunTable:
        """What can be bought, c rows."""
        return self.places.take(np.arange(len(self.brings)))


def menu(runs: RunTable, branches: Sequence[Sequence[float]]) -> Menu:
    """List what runs bring.

    Args:
        runs: What can be bought, c rows.
        branches: Token counts at which each gives a loss before its end.
    """
    if not any(branches):
        return alone(runs)
    rows = np.repeat(np.arange(len(runs)), [len(each) for each in branches])
    counts = np.array([tokens for each in branches for tokens in each])
    cut = _cut(runs.take(rows), counts)
    at = same_configuration(cut, runs)
    new = cut.take(at == NONE)
    own = same_configuration(new, new)  # the first of those alike
    kept, index = np.unique(own, return_inverse=True)
    at[at == NONE] = len(runs) + index
    brings = np.full((len(runs), 1 + max(len(each) for each in branches)), NONE)
    brings[:, 0] = np.arange(len(runs))
    for row, place in zip(rows.tolist(), at.tolist(), strict=True):
        if place not in brings[row]:
            brings[row, int(np.argmax(brings[row] == NONE))] = place
    return Menu(_stacked(runs, new.take(kept)), brings)


def alone(runs: RunTable) -> Menu:
    """Runs that bring their last loss and no other."""
    return Menu(runs, np.arange(len(runs))[:, None])


def as_menu(given: RunTable | Menu) -> Menu:
    """A menu as it is; runs without one bring their last loss."""
    return given if isinstance(given, Menu) else alone(given)


def _cut(runs: RunTable, tokens: Floats) -> RunTable:
    """The runs that end at fewer tokens."""
    return replace(runs, tokens=tokens, flops=runs.flops * tokens / runs.tokens)


def _stacked(one: RunTable, other: RunTable) -> RunTable:
    """Both tables, without columns that are in no law."""

    def both(name: str) -> Floats:
        return np.concatenate([getattr(one, name), getattr(other, name)])

    return RunTable(
        n_active=both("n_active"),
        n_total=both("n_total"),
        tokens=both("tokens"),
        loss=both("loss"),
        flops=both("flops"),
        weight=both("weight"),
        factors={n: np.concatenate([v, other.factors[n]]) for n, v in one.factors.items()},
        lines=np.concatenate([one.lines, other.lines]),
        name=one.name,
    )
