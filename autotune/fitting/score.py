"""How well a law predicts the runs of a table."""

import numpy as np

from autotune.errors import InputError
from autotune.fitting.predict import predict
from autotune.fitting.result import Score
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention
from autotune.laws.base import ScalingLaw
from autotune.types import Floats


def score(law: ScalingLaw, table: RunTable, convention: Convention) -> Score:
    """Compare predicted with observed losses, every run alike.

    Raises:
        InputError: If the table is empty or lacks an input of the law.
    """
    return score_of(predict(law, table, convention), table.loss)


def score_of(predicted: Floats, observed: Floats) -> Score:
    """Errors of predicted losses, shape (n,); a loss predicted <= 0 has infinite log error."""
    if not len(observed):
        raise InputError("there are no runs to score a law on. Loosen the filter or the split.")
    ratio = np.maximum(predicted / observed, 0.0)
    with np.errstate(divide="ignore"):
        residual = np.log(ratio)
    return Score(
        mre=float(np.abs(predicted / observed - 1).mean()),
        log_rmse=float(np.sqrt((residual**2).mean())),
        bias=float(residual.mean()),
        n_runs=len(observed),
    )
