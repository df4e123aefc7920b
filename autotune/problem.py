"""What is tuned: a space, an objective, units, a source, and the best known value."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ConfigSpace import (
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    OrdinalHyperparameter,
)

from autotune.derived import Known, Rule
from autotune.errors import ProblemError
from autotune.phase import METRIC, Phase, index_of, refuse_unusable
from autotune.search.values import plain
from autotune.types import Config, Floats, FloatsLike, Value

STEP = "q"
"""The key of a parameter's `meta` that holds the step it moves in."""
WHOLE = 1e-6  # how far the count of steps may lie off a whole number through rounding

Objective: TypeAlias = Callable[[dict[str, Value]], float | Mapping[str, float]]
"""Takes a configuration; returns the value to minimise, or a mapping with the key `objective`
whose other entries are recorded as metrics.  Raising means that the trial failed."""


LawInputs: TypeAlias = Callable[[Mapping[str, Floats]], Mapping[str, FloatsLike]]
"""Takes an array per parameter, one entry per configuration; returns what a scaling law needs of
each: `n_active`, `tokens`, and `sparsity` or `n_total` and `factors.FACTORS` where it has them."""

Branches: TypeAlias = Callable[[dict[str, Value]], Sequence[float]]
"""Takes a configuration; returns the token counts, fewer than its own, at which its run gives
losses as well, as metrics `loss@TOKENS`: of cooldown branches, as runs of that length have them."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule that every proposed configuration obeys, checked before it is evaluated.

    Attributes:
        text: The rule as a user would say it, for example `n_total <= 1e10`.
        holds: Whether a configuration obeys it; derived quantities are there by name as well.
    """

    text: str
    holds: Callable[[Config], bool]


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
        derived: Quantities that follow from a configuration, by name; constraints may use them,
            and every completed trial records them.
        options: The options the problem was built with, as recorded in the study.
        best_known: Computes the best known value, or returns None; called only when shown.
        law_inputs: What a scaling law needs of configurations, for a search with a law as its
            prior; None if no law speaks of them.
        branches: At which token counts a run gives losses before its end; None if at none.
        and_minimize: A second objective, `NAME` or `NAME:log`: a metric, a numeric parameter, or
            `seconds`. Empty for none.
        fidelity: A numeric parameter whose smaller values make a trial cheaper and its value an
            approximation; the objective is wanted at its largest value. Empty for none.
        cost: What a trial costs when there is a fidelity: a metric, a numeric parameter, or
            `seconds`.
        noise: How noisy a value is: the standard deviation of the objective, in its unit, or the
            name of the metric that each trial returns its own as. Empty if it is not known.
        phases: What is searched first, and what then; empty if all is searched at once. Completed
            trials record theirs as the metric `phase`, from 1.
    """

    name: str
    summary: str
    space: ConfigurationSpace
    objective: Objective
    unit: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    constraints: tuple[Constraint, ...] = ()
    derived: Mapping[str, Rule] = field(default_factory=dict)
    options: Mapping[str, Value] = field(default_factory=dict)
    best_known: Callable[[], Reference | None] = _none
    law_inputs: LawInputs | None = None
    branches: Branches | None = None
    and_minimize: str = ""
    fidelity: str = ""
    cost: str = "seconds"
    noise: float | str = ""
    phases: tuple[Phase, ...] = ()

    def __post_init__(self) -> None:
        own = {"objective", METRIC} if self.phases else {"objective"}
        taken = [name for name in self.derived if name in self.space or name in own]
        if taken:
            raise ProblemError(f"derived quantity {taken[0]} has the name of something else.")
        if self.phases:
            refuse_unusable(self.phases, self.space)

    @property
    def defaults(self) -> dict[str, Value]:
        """The space's default configuration, as JSON-plain values."""
        return {
            name: plain(value) for name, value in self.space.get_default_configuration().items()
        }

    def phase(self, config: Config) -> int:
        """The phase of a configuration, from 0; 0 as well if there are no phases."""
        return index_of(config, self.phases, self.defaults) if self.phases else 0

    def allows(self, config: Config) -> bool:
        """Whether a configuration obeys every constraint.

        Raises:
            ProblemError: If a constraint or a quantity that it needs cannot be computed.
        """
        return not self.constraints or not self.broken(config, first=True)

    def broken(self, config: Config, *, first: bool = False) -> list[Constraint]:
        """The constraints that a configuration breaks, or only the first of them.

        Raises:
            ProblemError: If a constraint or a quantity that it needs cannot be computed.
        """
        known = Known(config, self.derived)
        found: list[Constraint] = []
        for constraint in self.constraints:
            try:
                holds = constraint.holds(known)
            except ProblemError:
                raise
            except Exception as error:
                text = f"{type(error).__name__}: {error}"
                raise ProblemError(
                    f"constraint {constraint.text!r} cannot be checked for {config}: {text}."
                ) from error
            if not holds:
                found.append(constraint)
                if first:
                    break
        return found

    def quantities(self, config: Config) -> dict[str, float]:
        """Every derived quantity of a configuration, and its phase where there are phases.

        Raises:
            ProblemError: If one cannot be computed.
        """
        known = Known(config, self.derived)
        phase = {METRIC: float(self.phase(config) + 1)} if self.phases else {}
        return {name: float(known[name]) for name in self.derived} | phase

    def evaluate(self, config: dict[str, Value]) -> float | Mapping[str, float]:
        """The objective of a configuration, with the derived quantities as metrics."""
        answer = self.objective(config)
        if not self.derived and not self.phases:
            return answer
        own = answer if isinstance(answer, Mapping) else {"objective": answer}
        return {**self.quantities(config), **own}

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


def step_of(parameter: Any) -> float | None:  # noqa: ANN401 - ConfigSpace's classes
    """The step that a number moves in: `meta={"q": step}`, which ConfigSpace keeps; or None.

    Raises:
        ProblemError: If the step is not a positive number that divides the range into steps.
    """
    meta = getattr(parameter, "meta", None)
    step = meta.get(STEP) if isinstance(meta, Mapping) else None
    if step is None or not hasattr(parameter, "lower"):
        return None
    whole = isinstance(parameter.lower, int)
    if isinstance(step, bool) or not isinstance(step, int | float) or not 0 < step < math.inf:
        raise ProblemError(f"parameter {parameter.name}: its step q = {step!r} must be > 0.")
    if whole and step != int(step):
        raise ProblemError(f"parameter {parameter.name}: its step q = {step!r} must be whole.")
    if whole and step == 1:
        return None
    steps_of(parameter, float(step))
    return float(step)


def steps_of(parameter: Any, step: float) -> int:  # noqa: ANN401 - ConfigSpace's classes
    """How many steps lead from the lower bound of a number to the upper.

    Raises:
        ProblemError: If the last step does not end on the upper bound.
    """
    steps = float(parameter.upper - parameter.lower) / step
    if round(steps) < 1 or abs(steps - round(steps)) > WHOLE * max(1.0, steps):
        raise ProblemError(
            f"parameter {parameter.name}: its step q = {step:g} does not divide the range "
            f"{parameter.lower:g} .. {parameter.upper:g}. Change a bound or the step."
        )
    return round(steps)


def _kind_and_range(parameter: Any) -> tuple[str, str]:  # noqa: ANN401 - ConfigSpace's classes
    if isinstance(parameter, Constant):
        return "constant", str(parameter.value)
    if isinstance(parameter, CategoricalHyperparameter):
        return "choice", ", ".join(map(str, parameter.choices))
    if isinstance(parameter, OrdinalHyperparameter):
        return "ordered choice", ", ".join(map(str, parameter.sequence))
    kind = "integer" if isinstance(parameter.lower, int) else "real"
    log = ", log" if parameter.log else ""
    step = step_of(parameter)
    steps = "" if step is None else f", steps of {step:g}"
    return kind, f"{parameter.lower:g} .. {parameter.upper:g}{log}{steps}"
