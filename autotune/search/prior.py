"""What is believed of an objective before its first trial: laws, and studies of other budgets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autotune.types import Floats

Columns: TypeAlias = Mapping[str, NDArray[Any]]
"""Values by parameter, shape (m,) each; not-a-number where a condition switches it off."""

Source: TypeAlias = Callable[[Columns], Floats]
"""Predicts the objective, shape (m,); not-a-number where it cannot."""


@dataclass(frozen=True, slots=True)
class Prior:
    """Predictions of one or more sources.

    Attributes:
        sources: What predicts, k of them.
        blank: What stands for each one's not-a-number, shape (k,): its worst prediction.
        centre: Median prediction of each, shape (k,).
        spread: Interquartile range of each, shape (k,).
    """

    sources: tuple[Source, ...]
    blank: Floats
    centre: Floats
    spread: Floats

    def score(self, predictions: Floats) -> Floats:
        """One number for predictions (m, k), lower is better: their mean in units of spread."""
        return np.asarray(((predictions - self.centre) / self.spread).mean(axis=1))

    def __call__(self, columns: Columns) -> Floats:
        """Predictions, shape (m, k), all of them finite."""
        raw = np.stack([source(columns) for source in self.sources], axis=1)
        return np.where(np.isfinite(raw), raw, self.blank)
