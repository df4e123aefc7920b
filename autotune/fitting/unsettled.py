"""What runs leave open of a law although every coefficient has an effect on them."""

from collections.abc import Iterator, Mapping

import numpy as np

from autotune.fitting.linear import solve_linear
from autotune.fitting.minimum import Minimum
from autotune.fitting.model import Model
from autotune.fitting.objective import Objective
from autotune.fitting.twin import Posed
from autotune.types import Floats, Interval

BETWEEN, SOLVED = 15, 12
"""Points looked at between two minima, and iterations of `solve_linear` at each."""

MOVED = 0.05
"""Least relative change of a coefficient that is worth telling."""

COUNTED = ("sizes", "token counts")


def rivals(posed: Posed, objective: Objective, best: Minimum, ceiling: float) -> Iterator[str]:
    """A sentence if other minima fit as well as the runs can tell.

    Where two terms of a law exchange roles there are two valleys, and either may be the lower one.
    A minimum that no ridge parts from the estimate is no rival: intervals tell of that.

    Args:
        posed: The form on its table.
        objective: What was minimised.
        best: Where the search ended.
        ceiling: The objective up to which coefficients are inside the intervals' level.
    """
    model = posed.model
    value = objective.sum(model.residual(best.basins), model.weight)
    found = [
        at
        for at in np.flatnonzero(value <= ceiling)[1:]
        if _ridge(model, objective, best.basins[[0, at]]) > ceiling
    ]
    if not found:
        return
    here, there = (
        {name: float(column[0]) for name, column in posed.coefficients(best.basins[[at]]).items()}
        for at in (0, found[0])
    )
    moved = ", ".join(
        f"{name} {there[name]:.3g} for {here[name]:.3g}"
        for own, name in posed.names.items()
        if own not in model.structure.units
        and abs(there[name] - here[name]) > MOVED * abs(here[name])
    )
    more = f", and so do {len(found) - 1} further ones" if len(found) > 1 else ""
    yield (
        f"Another minimum fits as well as the runs can tell: {moved or 'the rest'} (its objective "
        f"is {value[found[0]] / value[0] - 1:.2%} above the least, and the intervals allow "
        f"{ceiling / value[0] - 1:.2%}){more}. Terms of this law may exchange roles: a law with "
        "fewer coefficients, or runs over wider ranges, would settle it."
    )


def _ridge(model: Model, objective: Objective, ends: Floats) -> float:
    """The highest objective between two minima, linear coordinates solved for."""
    share = np.arange(1, BETWEEN + 1)[:, None] / (BETWEEN + 1)
    z = ends[0] + share * (ends[1] - ends[0])
    weight = np.broadcast_to(model.weight, (len(z), len(model.weight)))
    z = solve_linear(model, objective, z, weight=weight, rounds=SOLVED)
    return float(objective.sum(model.residual(z), weight).max())


def endless(posed: Posed, limits: Mapping[str, Interval]) -> dict[str, Interval]:
    """What is left of the limits of the additive constant where another term may be one too.

    As a power goes to 0 its term turns into a logarithm plus a constant that runs to infinity,
    from above with one sign and from below with the other; the additive constant takes it back.
    A coefficient of that term that cannot be negative leaves one of the two.
    """
    name, powers = _constant(posed), _flat_powers(posed, limits)
    if not name or not powers:
        return {}
    model = posed.model
    at = [model.free.index(model.structure.flat[power]) for power in powers]
    both = bool((model.low[at] < 0).any())
    return {name: (-np.inf, np.inf if both else limits[name][1])}


def too_narrow(posed: Posed, limits: Mapping[str, Interval]) -> Iterator[str]:
    """A sentence for each power that leaves the additive constant without limits."""
    units = posed.model.structure.units.values()
    counted = {power: COUNTED[axis] for pair in units for axis, power in enumerate(pair)}
    name = _constant(posed)
    for power in _flat_powers(posed, limits) if name else ():
        yield (
            f"{posed.names[power]} may be 0, where its term is a constant as {name} is: {name} has "
            f"no limit. Runs over a wider range of {counted.get(power, 'sparsities')} would "
            "separate them."
        )


def _constant(posed: Posed) -> str:
    """The form's name of its additive constant, empty if it is held or there is none."""
    own = posed.model.structure.constant
    return posed.names[own] if own in posed.model.free else ""


def _flat_powers(posed: Posed, limits: Mapping[str, Interval]) -> list[str]:
    """The model's names of powers whose interval holds 0, with the coefficient free."""
    structure, free = posed.model.structure, posed.model.free
    inside = {
        own: limits[name][0] < 0 < limits[name][1]
        for own, name in posed.names.items()
        if name in limits
    }
    return [power for power, of in structure.flat.items() if of in free and inside.get(power)]
