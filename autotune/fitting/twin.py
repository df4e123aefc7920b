"""How a form is posed to the solver: as it stands, or as a better conditioned equal."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from autotune.fitting.design import Design
from autotune.fitting.model import Model, build
from autotune.fitting.settings import FitSettings
from autotune.laws.base import ScalingLaw
from autotune.laws.frantar import FrantarLaw
from autotune.laws.krajewski import KrajewskiLaw
from autotune.types import Floats

_FRANTAR = {
    "a_S": "g",
    "b_S": "gamma",
    "c_S": "a",
    "b_N": "alpha",
    "a_D": "b",
    "b_D": "beta",
    "c": "c",
}
_SMALLEST = 1e-99


@dataclass(frozen=True, slots=True)
class Posed:
    """A form on a table as the solver sees it.

    Attributes:
        model: What is solved.
        names: The form's name of each of the model's coefficients, in the form's order.
        inputs: The form's name of each of the model's inputs, where it is another.
    """

    model: Model
    names: Mapping[str, str]
    inputs: Mapping[str, str] = field(default_factory=dict)

    def coefficients(self, z: Floats) -> dict[str, Floats]:
        """The form's coefficients at coordinates (m, k), by name, shape (m,) each."""
        own = self.model.coefficients(z)
        values = {name: own[theirs] for theirs, name in self.names.items()}
        if self.names.get("b") == "a_D":
            values["a_D"] = np.maximum(values["a_D"], _SMALLEST) ** (1 / values["b_D"])
        return values


def pose(form: type[ScalingLaw], design: Design, loss: Floats, *, weight: Floats,
         settings: FitSettings) -> Posed:  # fmt: skip
    """Choose the model to solve.

    Frantar's (a_D/D)^b_D is b D^-beta with b = a_D^b_D, linear in b. With granularity
    1/(1-S), Krajewski's formula then is Frantar's, term by term. A user who fixes or bounds
    a_D gets the form as printed.

    Raises:
        InputError: If a fixed or bounded coefficient is unknown, or out of its domain.
    """
    fix, bounds = settings.fix, settings.bounds
    if form is not FrantarLaw or {*fix, *bounds} & {"a_D"} or {*fix, *bounds} - _FRANTAR.keys():
        model = build(form, design, loss, weight, fix=fix, bounds=bounds)
        return Posed(model, {name: name for name in form.coefficient_names()})
    fine = Design(
        design.n_active,
        design.tokens,
        np.zeros(len(design)),
        {"granularity": 1 / (1 - design.sparsity)},
    )
    model = build(
        KrajewskiLaw,
        fine,
        loss,
        weight,
        fix={_FRANTAR[name]: value for name, value in fix.items()},
        bounds={_FRANTAR[name]: ends for name, ends in bounds.items()} | {"b": (0.0, np.inf)},
    )
    names = {theirs: name for name, theirs in _FRANTAR.items()}
    return Posed(model, names, {"granularity": "sparsity"})
