"""Random search: a Sobol start, then uniform draws; the baseline every learner must beat."""

import numpy as np

from autotune.search.base import BaseSearch
from autotune.types import Value


class RandomSearch(BaseSearch):
    """Proposes legal configurations without looking at their values."""

    def _next(self, rng: np.random.Generator) -> dict[str, Value] | None:
        return self._sampler.uniform(rng)
