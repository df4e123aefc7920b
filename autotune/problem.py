"""What is tuned: a space, an objective, units, a source, and the best known value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ConfigSpace import (
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    OrdinalHyperparameter,
)

from autotune.types import Floats, FloatsLike, Value

Objective: TypeAlias = Callable[[dict[str, Value]], float | Mapping[str, float]]
"""Takes a configuration; returns the value to minimise, or a mapping with the key `objective`
whose other entries are recorded as metrics.  Raising means that the trial failed."""


LawInputs: TypeAlias = Callable[[Mapping[str, Floats]], Mapping[str, FloatsLike]]
"""Takes an array per parameter, one entry per configuration; returns what a scaling law needs of
each: `n_active`, `tokens`, and `sparsity` or `n_total` and `factors.FACTORS` where it has them."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule that every proposed configuration obeys, checked before it is evaluated.

    Attributes:
        text: The rule as a user would say it, for example `n_total <= 1e10`.
        holds: Whether a configuration obeys it.
    """

    text: str
    holds: Callable[[dict[str, Value]], bool]


@dataclass(frozen=True, slots=True)
class Reference:
    """The best value known, and how it is known.

    Attributes:
        value: The objective there.
        config: A configuration that attains it.
        how: One sentence: exact by enumeration, published where, best of which search.
        command: What answers the question without a search; empty if nothing does.
    """

    value: float
    config: dict[str, Value]
    how: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a space, described for people.

    Attributes:
        kind: `real`, `integer`, `choice`, `ordered choice` or `constant`.
        range: `1e+07 .. 1e+10, log`, or the choices.
        condition: When it is active; empty if always.
    """

    name: str
    kind: str
    range: str
    unit: str
    condition: str


def _none() -> Reference | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A tuning problem: minimise `objective` over the configurations of `space`.

    Attributes:
        name: Short name, also the default study name.
        summary: One sentence on what is asked.
        space: The ConfigSpace space; its parameter names are the configuration's keys.
        objective: What to minimise.
        unit: Unit of the objective.
        units: Unit of each parameter and metric by name; a missing one is dimensionless.
        source: Where the objective comes from.
        constraints: Rules beyond the space's own conditions and forbidden clauses.
        options: The options the problem was built with, as recorded in the study.
        best_known: Computes the best known value, or returns None; called only when shown.
        law_inputs: What a scaling law needs of configurations, for a search with a law as its
            prior; None if no law speaks of them.
    """

    name: str
    summary: str
    space: ConfigurationSpace
    objective: Objective
    unit: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    constraints: tuple[Constraint, ...] = ()
    options: Mapping[str, Value] = field(default_factory=dict)
    best_known: Callable[[], Reference | None] = _none
    law_inputs: LawInputs | None = None

    def allows(self, config: dict[str, Value]) -> bool:
        """Whether a configuration obeys every constraint."""
        return all(constraint.holds(config) for constraint in self.constraints)

    def parameters(self) -> list[Parameter]:
        """Describe every parameter of the space."""
        conditions = self.space.parent_conditions_of
        return [
            Parameter(
                name,
                *_kind_and_range(self.space[name]),
                unit=self.units.get(name, ""),
                condition=" and ".join(map(str, conditions[name])),
            )
            for name in self.space
        ]


def _kind_and_range(parameter: Any) -> tuple[str, str]:  # noqa: ANN401 - ConfigSpace's classes
    if isinstance(parameter, Constant):
        return "constant", str(parameter.value)
    if isinstance(parameter, CategoricalHyperparameter):
        return "choice", ", ".join(map(str, parameter.choices))
    if isinstance(parameter, OrdinalHyperparameter):
        return "ordered choice", ", ".join(map(str, parameter.sequence))
    kind = "integer" if isinstance(parameter.lower, int) else "real"
    log = ", log" if parameter.log else ""
    return kind, f"{parameter.lower:g} .. {parameter.upper:g}{log}"


@dataclass(frozen=True, slots=True, init=False)
class TuningProblem:
    """The problem class of ytopt's files, so that they run unchanged.

    Accepts both published argument orders by keyword; `input_space` (or `parameter_space`)
    and `objective` are what is used.  `constraints` and `models` are kept, as in ytopt.
    """

    input_space: Any
    objective: Objective
    name: str
    arguments: Mapping[str, Any]

    def __init__(
        self,
        task_space: Any = None,  # noqa: ANN401 - ytopt's files pass whatever they like
        input_space: Any = None,  # noqa: ANN401
        output_space: Any = None,  # noqa: ANN401
        objective: Objective | None = None,
        constraints: Any = None,  # noqa: ANN401
        model: Any = None,  # noqa: ANN401
        name: str | None = None,
        **arguments: Any,  # noqa: ANN401
    ) -> None:
        space = arguments.get("parameter_space", input_space)
        if objective is None or space is None:
            raise TypeError("TuningProblem needs an input_space and an objective")
        rest = {
            "task_space": task_space,
            "output_space": output_space,
            "constraints": constraints,
            "model": model,
        }
        object.__setattr__(self, "input_space", space)
        object.__setattr__(self, "objective", objective)
        object.__setattr__(self, "name", name or "ytopt problem")
        object.__setattr__(self, "arguments", {**rest, **arguments})
