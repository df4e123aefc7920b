"""The ytopt study of the generalized law's authors: coefficients of a law inside a box.

Their benchmark searches for the coefficients that make a published law *predict* the least
loss at one fixed model (N = 18.8e9, D = 110.2e9, S = 0.98, the same N given to every law,
whatever it means there). No data enters, so this is no fit: the prediction is monotone in each
coefficient and the least value lies in a corner of the box. It is kept as a test of searches
and as a report of how far each box reaches; `autotune fit` fits laws to runs.

Boxes are theirs. ConfigSpace no longer has their step `q`, so coefficients are continuous; all
corners lie on their grid. They round the value to four digits; here it is not rounded.
Their search: 32 evaluations, RF, gp_hedge, kappa 1.96, cl_max, 10 initial points, seed 2345.
"""

import itertools
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from ConfigSpace import ConfigurationSpace, Float

from autotune.laws import catalogue
from autotune.problem import Problem, Reference
from autotune.types import Floats, Value

SIZE, TOKENS, SPARSITY = 18.8e9, 110.2e9, 0.98

BOXES = {
    "hoffmann": {
        "E": (1.6, 1.7),
        "A": (350.0, 450.0),
        "B": (350.0, 450.0),
        "alpha": (0.3, 0.5),
        "beta": (0.2, 0.5),
    },
    "frantar": {
        "c": (0.6, 0.7),
        "a_S": (15.0, 18.0),
        "b_S": (0.6, 0.8),
        "c_S": (30.0, 50.0),
        "b_N": (0.1, 0.3),
        "a_D": (6e8, 7.5e8),
        "b_D": (0.1, 0.3),
    },
    "abnar": {
        "e": (0.8, 1.0),
        "a": (16000.0, 17000.0),
        "b": (5300.0, 5500.0),
        "c": (0.4, 0.5),
        "d": (15.0, 20.0),
        "alpha": (0.4, 0.8),
        "beta": (0.2, 0.6),
        "lambda_": (-0.2, 0.2),
        "delta": (0.1, 0.2),
        "gamma": (0.1, 0.2),
    },
}
PRESETS = {"hoffmann": "hoffmann2022", "frantar": "frantar2023-t5", "abnar": "abnar2025"}

# Their N is what each formula calls N: the total for Abnar's law, which has n_active here.
INPUTS = {
    "hoffmann": (SIZE, TOKENS, 0.0),
    "frantar": (SIZE, TOKENS, SPARSITY),
    "abnar": (SIZE * (1 - SPARSITY), TOKENS, SPARSITY),
}


def problem(*, law: Literal["hoffmann", "frantar", "abnar"] = "abnar") -> Problem:
    """Find the coefficients in a box with the least loss predicted at one fixed model.

    Args:
        law: Whose form and box.
    """
    preset, box = catalogue.preset(PRESETS[law]), BOXES[law]

    def loss(coefficients: dict[str, Any]) -> Floats:
        return replace(preset, **coefficients).loss(*INPUTS[law])

    def objective(config: dict[str, Value]) -> float:
        return float(loss(dict(config)))

    def best_known() -> Reference:
        corners = np.array(list(itertools.product(*box.values())))
        values = loss(dict(zip(box, corners.T, strict=True)))
        i = int(values.argmin())
        config: dict[str, Value] = dict(zip(box, map(float, corners[i]), strict=True))
        how = "exact: the least corner; the loss is monotone in each coefficient"
        return Reference(float(values[i]), config, how)

    space = ConfigurationSpace(name="law_coefficients")
    space.add(
        Float(name, ends, default=getattr(preset, name), log=False) for name, ends in box.items()
    )
    return Problem(
        name="law_coefficients",
        summary=f"Least loss that {law}'s law can be made to predict inside a box (not a fit).",
        space=space,
        objective=objective,
        unit=preset.source.loss_unit,
        source="boxes and settings of ytopt's hpo4llm benchmark; form: " + preset.source.citation,
        best_known=best_known,
    )
