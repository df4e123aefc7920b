"""Intervals of a fit: bootstrap draws, and the profile likelihood of single coefficients."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from autotune.fitting import beyond, resamples
from autotune.fitting.bootstrap import bootstrap
from autotune.fitting.minimum import Minimum
from autotune.fitting.model import Model
from autotune.fitting.noise import Noise, noise_of, uneven
from autotune.fitting.normal import normal_draws
from autotune.fitting.objective import Objective, objective_of
from autotune.fitting.profile import Profiler, Side
from autotune.fitting.settings import FitSettings
from autotune.fitting.twin import Posed
from autotune.fitting.unsettled import endless
from autotune.types import Floats, Interval

FEWEST_PER_COEFFICIENT = 2
ONE_SIGMA = 0.16  # the share of draws beyond one standard error, on one side
MOST_CELLS = 30_000_000  # resamples times runs; beyond it they are not fitted one by one
LOOKS = 2
"""How often what lies beyond the limits is searched, where the search met several minima."""

EXACT = 1e-9  # log residuals below it are rounding, not noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """How sure the coefficients are.

    Attributes:
        draws: Coefficients of the resamples, shape (draws, coefficients); empty without them.
        unsettled: Share of the resamples whose fit did not settle.
        limits: Limits by coefficient that moved; infinite where the runs give none.
        methods: What each limit was made by: `profile`, `residuals`, `rows` or `normal`.
        tail: Share of the draws beyond each limit that is a percentile.
        ends: Coefficients at the profiles' limits, shape (limits, coefficients).
        ceiling: The objective where profiles end, not-a-number without them.
        reason: Why rows were resampled although nobody asked, a sentence, or empty.
    """

    draws: Floats
    unsettled: float = 0.0
    limits: Mapping[str, Interval] = field(default_factory=dict)
    methods: Mapping[str, str] = field(default_factory=dict)
    tail: float
    ends: Floats
    ceiling: float = np.nan
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
    none = np.empty((0, len(posed.names)))
    tail = (1 - settings.level) / 2
    if not settings.bootstrap:
        return Intervals(draws=none, ends=none, tail=tail)
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
    draws, ends = _rows(posed, z), none
    if noise is not None:
        from scipy.special import ndtr  # slow to load, and what reads a saved fit needs none

        tail = float(ndtr(-student(settings.level, len(residual) - len(model.free))))
    limits = _percentiles(draws, posed, tail)
    methods = dict.fromkeys(limits, "rows" if noise is None else "residuals")
    ceiling = np.nan
    if noise is not None and float(np.abs(noise.pool).max()) > EXACT:
        ceiling = best.value + _rise(posed, noise, settings)
        own = _to_profile(posed, best, settings)
        profiled, at = _profiled(
            posed, best, z, own=own, ceiling=ceiling, objective=objective, seed=seed
        )
        limits |= profiled
        methods |= dict.fromkeys(profiled, "profile")
        ends = _rows(posed, at)
    return Intervals(
        draws=draws,
        unsettled=float(1 - settled.mean()),
        limits=limits | endless(posed, limits),
        methods=methods,
        tail=tail,
        ends=ends,
        ceiling=ceiling,
        reason=reason,
    )


def student(level: float, degrees: int) -> float:
    """How many standard errors an interval reaches to each side (Student's t)."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + level) / 2))


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
    draws, tail = _rows(posed, z), (1 - settings.level) / 2
    limits = _percentiles(draws, posed, tail)
    methods = dict.fromkeys(limits, "normal")
    return Intervals(draws=draws, limits=limits, methods=methods, tail=tail, ends=draws[:0])


def _rows(posed: Posed, z: Floats) -> Floats:
    """The form's coefficients at coordinates (m, k), shape (m, coefficients)."""
    return np.stack(list(posed.coefficients(z).values()), axis=1)


def _not_exchangeable(model: Model, residual: Floats, settings: FitSettings) -> str:
    """Why residuals cannot stand for each other, a sentence, or nothing."""
    if len(residual) < FEWEST_PER_COEFFICIENT * len(model.free):
        return "there are fewer than two runs for each coefficient: runs are resampled."
    if np.any(model.weight != model.weight[0]):
        return "weights differ: runs are resampled, not residuals."
    varies = uneven(residual, model.design) if settings.resample == "auto" else ""
    return varies and f"residuals vary with {varies}: runs are resampled, not residuals."


def _percentiles(draws: Floats, posed: Posed, tail: float) -> dict[str, Interval]:
    """Percentile limits by coefficient that moved; each limit is one of the draws."""
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return {
        name: (float(low[i]), float(high[i]))
        for i, (own, name) in enumerate(posed.names.items())
        if own in posed.model.free
    }


def _rise(posed: Posed, noise: Noise, settings: FitSettings) -> float:
    """How much worse the best fit may be where a coefficient is held at a limit."""
    model, unit = posed.model, noise.unit(objective_of(settings))
    reach = student(settings.level, len(model.weight) - len(model.free))
    return 0.5 * unit * reach**2 * float(model.weight[0])


def _to_profile(posed: Posed, best: Minimum, settings: FitSettings) -> list[str]:
    """The model's names of what is asked for and is a coordinate: coefficients without a unit."""
    model, wanted = posed.model, settings.profile
    with_unit = {*model.structure.units, *model.structure.shifts}
    return [
        name
        for name, at in zip(model.free, best.z, strict=True)
        if name not in with_unit
        and np.isfinite(at)
        and (wanted is None or posed.names[name] in wanted)
    ]


def _profiled(
    posed: Posed,
    best: Minimum,
    z: Floats,
    *,
    own: list[str],
    ceiling: float,
    objective: Objective,
    seed: int,
) -> tuple[dict[str, Interval], Floats]:
    """Profile limits of some coordinates, by their model's names.

    Returns:
        The limits, and the coordinates there, shape (limits, k).
    """
    model = posed.model
    sides = [
        Side(at, spread)
        for at in map(model.free.index, own)
        for spread in _spreads(z[:, at], best.z[at])
    ]
    if not sides:
        return {}, z[:0]
    profiler = Profiler(model, objective, best.basins, z)
    with np.errstate(all="ignore"):
        found, at = profiler.limits(sides, ceiling)
        for _ in range(LOOKS if best.starts[1] < best.starts[0] else 0):
            more = beyond.under(model, objective, sides, found, ceiling=ceiling, seed=seed)
            if not len(more):
                break
            profiler = replace(profiler, basins=np.concatenate([profiler.basins, more]))
            found, at = profiler.limits(sides, ceiling)
    limits = {
        posed.names[name]: _told(model, name, (float(low), float(high)))
        for name, (low, high) in zip(own, found.reshape(-1, 2), strict=True)
    }
    return limits, at


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
