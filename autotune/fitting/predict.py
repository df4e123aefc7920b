"""Predict the losses of a table of runs with a law."""

from autotune.fitting.design import design
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention
from autotune.laws.base import ScalingLaw
from autotune.types import Floats


def predict(law: ScalingLaw, table: RunTable, convention: Convention) -> Floats:
    """Losses in nats per token, shape (n,).

    Raises:
        InputError: If the table lacks an input of the law.
    """
    return design(type(law), table, convention).loss(law)
