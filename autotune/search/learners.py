"""scikit-optimize's surrogates, with settings measured here."""

from typing import Any

import numpy as np


def learner(name: str, *, n_features: int, seed: int) -> Any:  # noqa: ANN401 - sklearn is untyped
    """Build an unfitted surrogate whose `predict(X, return_std=True)` gives mean and spread."""
    if name == "GP":
        return _gaussian_process(n_features, seed)
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
