"""Fits made by hand, for tests of what happens to a fit afterwards."""

from dataclasses import replace

import numpy as np

from autotune.fits.saved import SavedFit
from autotune.fitting.result import FitResult, FitStatus, Score
from autotune.fitting.settings import Convention, FitSettings
from autotune.laws.generalized import GENERALIZED_MOE
from autotune.laws.source import FittedRange


def fit_of(law=GENERALIZED_MOE, *, n_draws=50, spread=0.01, convention=None, **changes):
    """A fit of a law whose draws scatter around it by a relative `spread`."""
    center = np.array(list(law.coefficients.values()))
    noise = np.random.default_rng(0).normal(size=(n_draws, center.size))
    result = FitResult(
        law=law,
        convention=convention or Convention("active"),
        settings=FitSettings(bootstrap=n_draws, fix={"c": 1.0}, bounds={"gamma": (-3.0, np.inf)}),
        n_runs=120,
        objective_sum=0.00123456789012345,
        score=Score(mre=0.01, log_rmse=0.012, bias=-1e-4, n_runs=120),
        interval={"alpha": (0.07, 0.09), "beta": (0.3, np.inf)},
        interval_methods={"alpha": "profile", "beta": "rows"},
        draws=center * (1 + spread * noise),
        tail=0.021,
        ends=center * (1 + spread * noise[:4]),
        status=FitStatus.CONVERGED,
        starts=(200, 17),
        condition=1.5e4,
        weak=("a and alpha: runs of one size more would separate them",),
        warnings=("something", "something else"),
    )
    return replace(result, **changes)


def saved(name="mine", **changes):
    return SavedFit(id=name, result=fit_of(**changes), data="runs.csv", data_hash="sha256:abc")


RANGE = FittedRange(n_active=(1e8, 1e9), tokens=(1e9, 1e10), factors={"n_experts": (1.0, 64.0)})
