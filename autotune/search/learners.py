"""The surrogates: scikit-optimize's, with settings measured here, and a repaired GBRT."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import GradientBoostingRegressor

from autotune.types import Floats

LOW, MIDDLE, HIGH = 0.16, 0.5, 0.84


def learner(name: str, *, n_features: int, seed: int) -> Any:  # noqa: ANN401 - sklearn is untyped
    """Build an unfitted surrogate whose `predict(X, return_std=True)` gives mean and spread."""
    if name == "GP":
        return _gaussian_process(n_features, seed)
    if name == "GBRT":
        return QuantileBoosting(random_state=seed)
    from skopt.learning import ExtraTreesRegressor, RandomForestRegressor

    forest = {"RF": RandomForestRegressor, "ET": ExtraTreesRegressor}[name]
    return forest(n_estimators=100, min_samples_leaf=3, random_state=seed)


def _gaussian_process(n_features: int, seed: int) -> Any:  # noqa: ANN401
    from skopt.learning import GaussianProcessRegressor
    from skopt.learning.gaussian_process.kernels import ConstantKernel, Matern

    scale = Matern(
        length_scale=np.ones(n_features), length_scale_bounds=[(0.01, 100)] * n_features, nu=2.5
    )
    return GaussianProcessRegressor(
        kernel=ConstantKernel(1.0, (0.01, 1000.0)) * scale,
        normalize_y=True,
        noise="gaussian",
        n_restarts_optimizer=0,
        random_state=seed,
    )


class QuantileBoosting(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Gradient boosting that predicts a median and, from two quantiles, a standard deviation.

    scikit-optimize's own class lists its bases in an order that scikit-learn no longer takes
    for a regressor, so it cannot be used.
    """

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, X: Floats, y: Floats) -> Self:  # noqa: N803 - sklearn's name
        """Fit the quantiles of a normal distribution's centre and of one deviation around it."""
        self.regressors_ = [
            GradientBoostingRegressor(
                loss="quantile", alpha=alpha, n_estimators=30, random_state=self.random_state
            ).fit(X, y)
            for alpha in (LOW, MIDDLE, HIGH)
        ]
        return self

    def predict(
        self,
        X: Floats,  # noqa: N803 - sklearn's name
        return_std: bool = False,  # noqa: FBT001, FBT002 - skopt's calling convention
    ) -> Floats | tuple[Floats, Floats]:
        """Predict the median, and half the distance between the outer quantiles if asked."""
        low, middle, high = (regressor.predict(X) for regressor in self.regressors_)
        return (middle, np.maximum(high - low, 0) / 2) if return_std else middle
