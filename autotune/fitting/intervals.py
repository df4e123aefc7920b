"""Intervals of a fit: bootstrap draws, and the profile likelihood of single coefficients."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from autotune.fitting import resamples
from autotune.fitting.bootstrap import bootstrap
from autotune.fitting.minimum import Minimum
from autotune.fitting.model import Model
from autotune.fitting.noise import Noise, noise_of, uneven
from autotune.fitting.normal import normal_draws
from autotune.fitting.objective import objective_of
from autotune.fitting.profile import Profiler, Side
from autotune.fitting.settings import FitSettings
from autotune.fitting.twin import Posed
from autotune.types import Floats, Interval

FEWEST_PER_COEFFICIENT = 2
ONE_SIGMA = 0.16  # the share of draws beyond one standard error, on one side
MOST_CELLS = 30_000_000  # resamples times runs; beyond it they are not fitted one by one
EXACT = 1e-9  # log residuals below it are rounding, not noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """How sure the coefficients are.

    Attributes:
        draws: Coefficients of the resamples, shape (draws, coefficients); empty without them.
        unsettled: Share of the resamples whose fit did not settle.
        limits: Limits by coefficient that moved; infinite where the runs give none.
        methods: What each limit was made by: `profile`, `residuals`, `rows` or `normal`.
        reason: Why rows were resampled although nobody asked, a sentence, or empty.
    """

    draws: Floats
    unsettled: float = 0.0
    limits: Mapping[str, Interval] = field(default_factory=dict)
    methods: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def intervals(
    posed: Posed, best: Minimum, settings: FitSettings, groups: NDArray[np.int64] | None
) -> Intervals:
    """Draw resamples of the runs, and profile the coefficients that can be.

    Residuals are resampled, so every resample keeps the design, if they can stand for each
    other: equal weights, no groups, two runs for each coefficient, and a size that varies with
    no input. Runs, or groups of them, are resampled otherwise. Profiles rest on the same. Of a
    large table nothing is fitted again: draws are normal.
    """
    if not settings.bootstrap:
        return Intervals(draws=np.empty((0, len(posed.names))))
    model, objective = posed.model, objective_of(settings)
    if settings.bootstrap * len(model.weight) > MOST_CELLS:
        return _normal(posed, best, settings, groups)
    residual = model.residual(best.z[None, :])[0]
    rows = settings.resample == "rows" or groups is not None
    reason = "" if rows else _not_exchangeable(model, residual, settings)
    noise = None if rows or reason else noise_of(residual, objective, len(model.free))
    count, seed = settings.bootstrap, settings.seed
    made = (
        resamples.by_rows(model, groups, count=count, seed=seed)
        if noise is None
        else resamples.by_residuals(model, best.z, noise, count=count, seed=seed)
    )
    z, settled = bootstrap(model, objective, best.basins, made)
    draws = np.stack(list(posed.coefficients(z).values()), axis=1)
    limits = _percentiles(draws, posed, settings.level)
    methods = dict.fromkeys(limits, "rows" if noise is None else "residuals")
    if noise is not None and float(np.abs(noise.pool).max()) > EXACT:
        profiled = _profiled(posed, best, z, noise, settings)
        limits |= profiled
        methods |= dict.fromkeys(profiled, "profile")
    return Intervals(
        draws=draws,
        unsettled=float(1 - settled.mean()),
        limits=limits,
        methods=methods,
        reason=reason,
    )


def _normal(
    posed: Posed, best: Minimum, settings: FitSettings, groups: NDArray[np.int64] | None
) -> Intervals:
    """Where every resample would take minutes, and the estimate is as good as normal."""
    z = normal_draws(
        posed.model,
        objective_of(settings),
        best.z,
        groups,
        count=settings.bootstrap,
        seed=settings.seed,
    )
    draws = np.stack(list(posed.coefficients(z).values()), axis=1)
    limits = _percentiles(draws, posed, settings.level)
    return Intervals(draws=draws, limits=limits, methods=dict.fromkeys(limits, "normal"))


def _not_exchangeable(model: Model, residual: Floats, settings: FitSettings) -> str:
    """Why residuals cannot stand for each other, a sentence, or nothing."""
    if len(residual) < FEWEST_PER_COEFFICIENT * len(model.free):
        return "there are fewer than two runs for each coefficient: runs are resampled."
    if np.any(model.weight != model.weight[0]):
        return "weights differ: runs are resampled, not residuals."
    varies = uneven(residual, model.design) if settings.resample == "auto" else ""
    return varies and f"residuals vary with {varies}: runs are resampled, not residuals."


def _percentiles(draws: Floats, posed: Posed, level: float) -> dict[str, Interval]:
    """Percentile limits by coefficient that moved; each limit is one of the draws."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(draws, tails, axis=0, method="inverted_cdf")
    return {
        name: (float(low[i]), float(high[i]))
        for i, (own, name) in enumerate(posed.names.items())
        if own in posed.model.free
    }


def _profiled(
    posed: Posed, best: Minimum, z: Floats, noise: Noise, settings: FitSettings
) -> dict[str, Interval]:
    """Profile limits of the coefficients that are coordinates: those without a unit."""
    model, objective = posed.model, objective_of(settings)
    structure = model.structure
    own = [name for name in model.free if name not in {*structure.units, *structure.shifts}]
    own = [name for name in own if np.isfinite(best.z[model.free.index(name)])]
    sides = [
        Side(at, spread)
        for at in map(model.free.index, own)
        for spread in _spreads(z[:, at], best.z[at])
    ]
    if not sides:
        return {}
    rise = 0.5 * noise.unit(objective) * float(chi2.ppf(settings.level, 1))
    weight = float(model.weight[0])
    profiler = Profiler(model, objective, best.z, z)
    with np.errstate(all="ignore"):
        found = profiler.limits(sides, best.value + weight * rise)
    ends = found.reshape(-1, 2)
    return {
        posed.names[name]: _told(model, name, (float(low), float(high)))
        for name, (low, high) in zip(own, ends, strict=True)
    }


def _spreads(draws: Floats, best: float) -> tuple[float, float]:
    """A step down and a step up of about one standard error."""
    finite = draws[np.isfinite(draws)]
    low, high = np.quantile(finite, [ONE_SIGMA, 1 - ONE_SIGMA]) if finite.size else (best, best)
    width = max(high - low, 1e-6 * max(abs(best), 1.0))
    return -max(best - low, 0.1 * width), max(high - best, 0.1 * width)


def _told(model: Model, name: str, limits: Interval) -> Interval:
    """From a coordinate to the coefficient."""
    if not model.is_log[model.free.index(name)]:
        return limits
    return float(np.exp(limits[0])), float(np.exp(limits[1]))
