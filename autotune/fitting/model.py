"""A form on a table as a function of its free coordinates, for many estimates at once.

Parameters and tokens are counted in units near the middle of the runs, and coefficients that
must be positive are represented by their logarithm. An array of coordinates has shape (m, k):
m estimates of k free coordinates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.fitting import exponents, formulas, terms
from autotune.fitting.design import Design
from autotune.fitting.expansion import Calculus, Expansion
from autotune.fitting.structure import Structure, structure_of
from autotune.laws.base import ScalingLaw
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats, Interval

NOWHERE = Source(citation="", where="", n="", sparsity="", flops="", corpus="", range=FittedRange())


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A form on a table, in the coordinates of the solver.

    Attributes:
        form: The form.
        structure: What the solver knows about it.
        design: The runs' inputs in the scaled units, shape (n,) each.
        log_loss: Observed log loss, shape (n,); or (m, n), other observations for each estimate.
        weight: Weights of the runs, shape (n,).
        units: The unit of parameters and the unit of tokens.
        held: Coefficients that do not move, in the scaled units.
        free: Names of the coordinates, in the form's order.
        low: Lower limits of the coordinates, shape (k,); or (m, k), others for each estimate.
        high: Upper limits, in the shape of `low`.
    """

    form: type[ScalingLaw]
    structure: Structure
    design: Design
    log_loss: Floats
    weight: Floats
    units: tuple[float, float]
    held: Mapping[str, float]
    free: tuple[str, ...]
    low: Floats
    high: Floats

    @property
    def is_linear(self) -> NDArray[np.bool_]:
        """Which coordinates the loss, or its logarithm, is linear in; shape (k,)."""
        return np.array([name in self.structure.linear for name in self.free], dtype=bool)

    @property
    def is_log(self) -> NDArray[np.bool_]:
        """Which coordinates are logarithms of coefficients; shape (k,)."""
        return np.array([name in self.structure.positive for name in self.free], dtype=bool)

    def law(self, z: Floats) -> ScalingLaw:
        """The laws at coordinates of shape (m, k), with coefficients of shape (m, 1)."""
        return self.form(source=NOWHERE, **self.values(z))

    def values(self, z: Floats) -> dict[str, Floats]:
        """The coefficients at coordinates of shape (m, k), in the scaled units; (m, 1) each."""
        is_log, values = self.is_log, z
        if is_log.any():
            values = np.where(is_log, np.exp(np.where(is_log, z, 0.0)), z)
        columns = {name: values[:, [i]] for i, name in enumerate(self.free)}
        return columns | {name: np.full((len(z), 1), held) for name, held in self.held.items()}

    @property
    def calculus(self) -> Calculus:
        """What knows the form's losses and derivatives."""
        if self.structure.terms:
            return terms
        return exponents if self.form.form in exponents.EXPONENTIALS else formulas

    def loss(self, z: Floats) -> Floats:
        """Predicted losses, shape (m, n); NaN where coefficients are out of order."""
        values = self.values(z)
        return self._valid(self.calculus.losses(self.form.form, self.design, values), values)

    def residual(self, z: Floats) -> Floats:
        """log(predicted / observed), shape (m, n); NaN where a loss is predicted <= 0."""
        return np.log(self.loss(z)) - self.log_loss

    def slopes(self, z: Floats) -> tuple[Floats, Floats]:
        """Predicted losses (m, n) and their derivatives by the coordinates (m, k, n)."""
        return self._slopes(z, self.free)

    def linear_slopes(self, z: Floats) -> tuple[Floats, Floats]:
        """The same by the linear coordinates only, (m, l, n)."""
        return self._slopes(z, [self.free[i] for i in np.flatnonzero(self.is_linear)])

    def expanded(self, z: Floats) -> Expansion:
        """Losses, slopes and what sums second derivatives."""
        values = self.values(z)
        form, design = self.form.form, self.design
        found = self.calculus.expanded(form, design, values, free=self.free)
        return replace(found, loss=self._valid(found.loss, values))

    def _slopes(self, z: Floats, free: Sequence[str]) -> tuple[Floats, Floats]:
        values = self.values(z)
        loss, slopes = self.calculus.slopes(self.form.form, self.design, values, free=free)
        return self._valid(loss, values), slopes

    def _valid(self, loss: Floats, values: Mapping[str, Floats]) -> Floats:
        if self.structure.ordered is None:
            return loss
        below, above = (values[name] for name in self.structure.ordered)
        return np.where(below < above, loss, np.nan)

    def residual_slopes(self, z: Floats) -> tuple[Floats, Floats]:
        """Residuals of log loss (m, n) and their derivatives (m, k, n)."""
        loss, slopes = self.slopes(z)
        return np.log(loss) - self.log_loss, slopes / loss[:, None, :]

    def coefficients(self, z: Floats) -> dict[str, Floats]:
        """Coefficients in parameters and tokens, by name, shape (m,)."""
        law = self.law(z)
        scaled = {name: getattr(law, name)[:, 0] for name in self.form.coefficient_names()}
        return {
            name: value * self._unit(name, scaled) - self._shift(name, scaled)
            for name, value in scaled.items()
        }

    def take(self, rows: NDArray[np.int64]) -> "Model":
        """The same on some of the runs."""
        return replace(
            self,
            design=self.design.take(rows),
            log_loss=self.log_loss[..., rows],
            weight=self.weight[rows],
        )

    def part(self, estimates: NDArray[np.int64]) -> "Model":
        """The same for some of m estimates, where each has observations or limits of its own."""
        if self.log_loss.ndim == 1 and self.low.ndim == 1:
            return self
        return replace(
            self,
            log_loss=self.log_loss if self.log_loss.ndim == 1 else self.log_loss[estimates],
            low=self.low if self.low.ndim == 1 else self.low[estimates],
            high=self.high if self.high.ndim == 1 else self.high[estimates],
        )

    def pin(self, at: NDArray[np.int64], where: Floats) -> "Model":
        """The same with one coordinate of each of m estimates held, at (m,), where (m,)."""
        rows = np.arange(len(at))
        low, high = (np.tile(end, (len(at), 1)) for end in (self.low, self.high))
        low[rows, at] = high[rows, at] = where
        return replace(self, low=low, high=high)

    def hold(self, values: Mapping[str, float]) -> "Model":
        """The same with further coefficients held, in the scaled units."""
        stay = [i for i, name in enumerate(self.free) if name not in values]
        return replace(
            self,
            held={**self.held, **values},
            free=tuple(self.free[i] for i in stay),
            low=self.low[stay],
            high=self.high[stay],
        )

    def _unit(self, name: str, values: Mapping[str, Floats]) -> Floats:
        """The factor from the scaled units to parameters and tokens."""
        factor = np.ones(())
        for unit, power in zip(self.units, self.structure.units.get(name, ("", "")), strict=True):
            if power and unit != 1:
                factor = factor * unit ** _exponent(power, values)
        return factor

    def _shift(self, name: str, values: Mapping[str, Floats]) -> Floats:
        """What a coefficient gains on the way from parameters and tokens to the scaled units."""
        if name not in self.structure.shifts:
            return np.zeros(())
        other, axis = self.structure.shifts[name]
        shift: Floats = values[other] * np.log(self.units[axis])
        return shift


def _exponent(power: str, values: Mapping[str, Floats]) -> Floats:
    if power == "1":
        return np.ones(())
    return -values[power[1:]] if power[0] == "-" else values[power]


def build(
    form: type[ScalingLaw],
    design: Design,
    loss: Floats,
    weight: Floats,
    *,
    fix: Mapping[str, float],
    bounds: Mapping[str, Interval],
) -> Model:
    """Put a form on a table, with some coefficients fixed or bounded.

    Raises:
        InputError: If a fixed or bounded coefficient is unknown, or out of its domain.
    """
    structure = structure_of(form)
    names = form.coefficient_names()
    for name in [*fix, *bounds]:
        if name not in names:
            raise InputError(f"{form.form} has no coefficient {name}; it has {', '.join(names)}.")
    for name, (low, high) in bounds.items():
        if not low < high:
            raise InputError(f"the bounds of {name} are empty: {low:g} is not below {high:g}.")
    units = _units(structure, form, design, {**fix, **_ends(bounds)})
    scaled = _scaled(design, units)
    free = tuple(name for name in names if name not in fix)
    limits = np.array([_limits(structure, n, bounds.get(n)) for n in free]).reshape(-1, 2)
    return Model(
        form=form,
        structure=structure,
        design=scaled,
        log_loss=np.log(loss),
        weight=weight,
        units=units,
        held=dict(fix),
        free=free,
        low=limits[:, 0],
        high=limits[:, 1],
    )


def _ends(bounds: Mapping[str, Interval]) -> dict[str, float]:
    """An end of each bound that a change of unit would move, 0 where none would."""
    return {
        name: next((end for end in ends if end != 0 and np.isfinite(end)), 0.0)
        for name, ends in bounds.items()
    }


def _units(
    structure: Structure, form: type[ScalingLaw], design: Design, tied: Mapping[str, float]
) -> tuple[float, float]:
    """The runs' geometric means, but 1 where a value given by the user has that unit."""
    n, d = (float(np.exp(np.log(x).mean())) for x in (design.n_active, design.tokens))
    for name, value in tied.items():
        powers = structure.units.get(name, ("", ""))
        axis = structure.shifts.get(name, ("", -1))[1]
        n = 1.0 if (powers[0] and value != 0) or axis == 0 else n
        d = 1.0 if (powers[1] and value != 0) or axis == 1 else d
    has_n = any(powers[0] for powers in structure.units.values())
    return (n if has_n else 1.0), (1.0 if form.fixed_tokens or not structure.units else d)


def _scaled(design: Design, units: tuple[float, float]) -> Design:
    factors = {
        name: values / units[1] if name == "unique_tokens" else values
        for name, values in design.factors.items()
    }
    return Design(design.n_active / units[0], design.tokens / units[1], design.sparsity, factors)


def _limits(structure: Structure, name: str, bounds: Interval | None) -> Interval:
    low, high = bounds or structure.domain(name)
    if name not in structure.positive:
        return low, high
    if high <= 0:
        raise InputError(f"{name} must be positive, but its bounds end at {high:g}.")
    return (float(np.log(low)) if low > 0 else -np.inf), float(np.log(high))
