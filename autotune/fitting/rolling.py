"""Error beyond rolling origins: fitted to the smallest runs, scored on all larger ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotune.errors import FitError, InputError
from autotune.fitting.candidates import Candidate
from autotune.fitting.fit import fit
from autotune.fitting.predict import predict
from autotune.fitting.result import Score
from autotune.fitting.runs import RunTable
from autotune.fitting.score import score_of
from autotune.fitting.settings import Convention, FitSettings
from autotune.fitting.splits import Cut
from autotune.laws.base import ScalingLaw
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """How a form under a convention extrapolates from smaller runs to larger ones.

    Attributes:
        n_train: Runs fitted at each origin.
        predicted: Losses predicted beyond each origin; not-a-number where there was no fit.
        observed: Losses observed there.
    """

    n_train: tuple[int, ...]
    predicted: tuple[Floats, ...]
    observed: tuple[Floats, ...]

    @property
    def origins(self) -> tuple[Score, ...]:
        """Errors beyond each origin; infinite where there was no fit."""
        return tuple(map(_score, self.predicted, self.observed))

    @property
    def pooled(self) -> Score:
        """Errors over all predictions; a run beyond several origins counts several times."""
        return _score(np.concatenate(self.predicted), np.concatenate(self.observed))

    @property
    def error(self) -> float:
        """What laws are chosen by: the geometric mean of the origins' log-RMSE.

        It compares laws by the ratio of their errors at each origin, so that an early origin,
        at which every law errs most, does not decide alone.
        """
        errors = np.array([each.log_rmse for each in self.origins])
        if np.isinf(errors).any():
            return np.inf
        return float(np.prod(errors) ** (1 / len(errors)))


def roll(
    candidate: Candidate, table: RunTable, origins: Sequence[Cut], *, settings: FitSettings
) -> Rolling:
    """Fit a candidate at each origin and predict beyond it.

    An origin that leaves fewer runs than coefficients, or no usable fit, predicts nothing: the
    error is then infinite, so that such a candidate is never chosen.
    """
    return Rolling(
        n_train=tuple(len(each.train) for each in origins),
        predicted=tuple(_beyond(candidate, table, each, settings) for each in origins),
        observed=tuple(table.loss[each.test] for each in origins),
    )


def _beyond(candidate: Candidate, table: RunTable, origin: Cut, settings: FitSettings) -> Floats:
    try:
        fitted = fit(
            candidate.form,
            table.take(origin.train),
            convention=candidate.convention,
            settings=settings,
        )
    except (FitError, InputError):
        return np.full(len(origin.test), np.nan)
    return _predict(fitted.law, table.take(origin.test), candidate.convention)


def score_beyond(law: ScalingLaw, table: RunTable, convention: Convention) -> Score:
    """Errors on runs beyond the fitted ones; infinite where a prediction overflows.

    Raises:
        InputError: If the table lacks an input of the law.
    """
    return _score(_predict(law, table, convention), table.loss)


def _predict(law: ScalingLaw, table: RunTable, convention: Convention) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):  # an absurd extrapolation is a bad score
        return predict(law, table, convention)


def _score(predicted: Floats, observed: Floats) -> Score:
    if not np.isfinite(predicted).all():
        return Score(mre=np.inf, log_rmse=np.inf, bias=np.nan, n_runs=len(observed))
    return score_of(predicted, observed)
