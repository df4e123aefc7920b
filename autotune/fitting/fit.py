"""Fit a form to finished runs."""

import numpy as np
from numpy.typing import NDArray

from autotune.errors import FitError
from autotune.fitting.result import FitResult
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention, FitSettings
from autotune.laws.base import ScalingLaw

DEFAULTS = FitSettings()


def fit(
    form: type[ScalingLaw],
    table: RunTable,
    *,
    convention: Convention | None = None,
    settings: FitSettings = DEFAULTS,
    groups: NDArray[np.int64] | None = None,
) -> FitResult:
    """Find the coefficients of a form that minimise the objective over all runs.

    Args:
        form: The law's class, for example `FORMS["hoffmann"]`.
        table: Finished runs.
        convention: What N and S are taken from; None means the form's natural ones.
        settings: Objective, intervals, fixed and bounded coefficients, seed.
        groups: Label of each run's cluster, shape (n,): the bootstrap resamples clusters.

    Raises:
        InputError: If a setting names no coefficient of the form, or there are fewer runs than
            free coefficients, or the table lacks an input.
        FitError: If no start gives a finite objective.
    """
    raise FitError(f"{form.form}: not there yet ({len(table)}, {convention}, {settings}, {groups})")
