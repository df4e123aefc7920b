"""A scaling law as a prior: its loss at the models that configurations describe."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.laws.base import ScalingLaw
from autotune.laws.factors import FACTORS
from autotune.problem import LawInputs, Problem
from autotune.search.prior import Columns
from autotune.types import Floats


@dataclass(frozen=True, slots=True)
class LawSource:
    """A law's loss; a dense law is asked about the active parameters alone.

    Attributes:
        law: The law.
        inputs: From values by parameter to the law's inputs.
    """

    law: ScalingLaw
    inputs: LawInputs

    def __call__(self, columns: Columns) -> Floats:
        """Predict, shape (m,); not-a-number where the inputs are out of the law's domain."""
        m = len(next(iter(columns.values())))
        given = _arrays(self.inputs(columns), m)
        names = ["n_active", "tokens", "sparsity", *self.law.factors]
        if self.law.dense:
            given["sparsity"] = np.zeros(m)
        inside = _inside({name: given[name] for name in names})
        predicted = np.full(m, np.nan)
        if inside.any():
            predicted[inside] = self.law.loss(**{name: given[name][inside] for name in names})
        return predicted


def law_source(problem: Problem, law: ScalingLaw, name: str) -> LawSource:
    """Make a law the prior of a problem.

    Args:
        problem: What is tuned.
        law: The law.
        name: What messages call it.

    Raises:
        InputError: If the problem does not say what a law needs, or not all that this one does.
    """
    if problem.law_inputs is None:
        raise InputError(
            f"problem {problem.name} does not say how a configuration becomes a law's inputs, so "
            "it takes no --prior-law. Give its Problem law_inputs, or use --prior-study."
        )
    if law.fixed_tokens is not None:
        raise InputError(
            f"law {name} holds at {law.fixed_tokens:.4g} tokens alone and cannot be a prior. "
            "Choose a law with a data term."
        )
    middle = {each: np.full(1, np.nan) for each in problem.space}
    given = problem.law_inputs(middle)
    needed = ["n_active", "tokens", *law.factors]
    missing = [each for each in needed if each not in given]
    if missing:
        raise InputError(
            f"law {name} needs {', '.join(missing)}, which problem {problem.name} does not have. "
            "Choose another law."
        )
    return LawSource(law, problem.law_inputs)


def _arrays(given: Mapping[str, object], m: int) -> dict[str, Floats]:
    found = {
        name: np.broadcast_to(np.asarray(value, dtype=np.float64), (m,))
        for name, value in given.items()
    }
    if "sparsity" not in found:
        total = found.get("n_total", found["n_active"])
        found["sparsity"] = 1 - found["n_active"] / total
    return found


def _inside(given: Mapping[str, Floats]) -> NDArray[np.bool_]:
    """Which entries a law may be asked about."""
    inside = np.isfinite(np.stack(list(given.values()))).all(axis=0)
    for name, values in given.items():
        factor = FACTORS.get(name)
        if name == "sparsity" or (factor is not None and factor.share):
            inside &= (values >= 0) & (values < 1)
        elif factor is not None and factor.low is not None:
            inside &= values >= factor.low
        else:
            inside &= values > 0
    if "top_k" in given and "n_experts" in given:
        inside &= given["top_k"] <= given["n_experts"]
    return np.asarray(inside)
