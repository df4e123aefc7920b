"""The parameters of trials as columns of numbers, whatever their kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autotune.trials import Outcome
from autotune.types import Floats


@dataclass(frozen=True, slots=True)
class Column:
    """One parameter over trials.

    Attributes:
        name: Its name.
        values: A number for each trial, shape (n,): the value, or the position among `choices`;
            not-a-number where the parameter was not active.
        choices: Values that are no numbers, in order; empty for a numeric parameter.
        log: Whether equal factors are equal steps in the space.
    """

    name: str
    values: Floats
    choices: tuple[str, ...] = ()
    log: bool = False

    @property
    def varies(self) -> bool:
        """Whether there are two values or more."""
        return len(np.unique(self.values[~np.isnan(self.values)])) > 1


def columns(outcomes: Sequence[Outcome], space: Mapping[str, Any]) -> list[Column]:
    """Every parameter that varies, in the order of the space, then as they came.

    Args:
        outcomes: The trials.
        space: The space as a study's header has it; an empty one is fine.
    """
    entries = {str(each["name"]): each for each in space.get("hyperparameters", ())}
    names = dict.fromkeys([*entries, *(name for o in outcomes for name in o.trial.config)])
    made = [_column(name, outcomes, entries.get(name, {})) for name in names]
    return [column for column in made if column.varies]


def _column(name: str, outcomes: Sequence[Outcome], entry: Mapping[str, Any]) -> Column:
    found = [outcome.trial.config.get(name) for outcome in outcomes]
    given = [value for value in found if value is not None]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in given):
        values = np.array([np.nan if v is None else v for v in found], dtype=np.float64)
        positive = min(map(float, given), default=0.0) > 0
        return Column(name, values, log=bool(entry.get("log")) and positive)
    stated = [str(each) for each in entry.get("choices", entry.get("sequence", ()))]
    choices = tuple(dict.fromkeys([*stated, *sorted(map(str, given))]))
    place = {choice: float(i) for i, choice in enumerate(choices)}
    return Column(name, np.array([place.get(str(v), np.nan) for v in found]), choices)
