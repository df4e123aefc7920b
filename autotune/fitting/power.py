"""Fit a power law of the learning rate or the batch size to the best of each cell."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autotune.errors import InputError
from autotune.fitting.fit import MOST_UNSETTLED, SEPARATING
from autotune.fitting.identify import SAME
from autotune.fitting.objective import objective_of
from autotune.fitting.regression import regress
from autotune.fitting.resamples import row_weights
from autotune.fitting.result import FitStatus, Score
from autotune.fitting.score import score_of
from autotune.fitting.settings import FitSettings
from autotune.fitting.sweep import Optima
from autotune.laws.hyperparameters import LETTERS, HyperparameterForm, HyperparameterLaw
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats, FloatsLike, Interval

DELTA = float(np.log(2) / 2)
"""A factor of sqrt 2, one step of the usual grids: beyond it, a cell counts linearly."""

SPARE_DRAWS = 8
SINGULAR = 1e-6
WEAK_CONDITION = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerFit:
    """A fitted law of a hyper-parameter with its uncertainty.

    Attributes:
        law: The law at the best estimate.
        settings: How it was fitted.
        n_runs: Rows of the table.
        n_cells: Optima the fit used.
        objective_sum: The objective summed over the optima.
        score: How well it reproduces them.
        interval: Limits at `settings.level` by free coefficient; empty without intervals.
        draws: Coefficients of the resamples, shape (draws, coefficients).
        status: How the optimiser ended.
        condition: Condition number of the centred, scaled logarithms of the inputs.
        weak: What the cells cannot tell, with what would.
        warnings: What a user must know, one sentence each.
    """

    law: HyperparameterLaw
    settings: FitSettings
    n_runs: int
    n_cells: int
    objective_sum: float
    score: Score
    interval: Mapping[str, Interval]
    draws: Floats
    status: FitStatus
    condition: float
    weak: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def converged(self) -> bool:
        """Whether the estimate needs no caveat."""
        return self.status is FitStatus.CONVERGED

    def interval_at(self, **inputs: FloatsLike) -> Floats | None:
        """Limits of the law at some points, from its draws.

        Args:
            **inputs: As for `HyperparameterLaw.value`, each of shape (n,).

        Returns:
            Lower and upper limits, shape (n, 2), at `settings.level`; None without draws.
        """
        if not len(self.draws):
            return None
        log = np.stack([np.log(np.asarray(inputs[name])) for name in self.law.form.exponents])
        drawn = np.log(self.draws[:, :1]) + self.draws[:, 1:] @ log
        return np.asarray(np.exp(np.quantile(drawn, _tails(self.settings.level), axis=0).T))

    @property
    def interval_method(self) -> str:
        """`bootstrap` or `none`."""
        return "bootstrap" if len(self.draws) else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """What is regressed on what: a constant and the free logarithms, centred and scaled.

    Attributes:
        form: The form.
        free: The free exponents, in order.
        held: Values of the others, and of `c` if it is fixed.
        x: Shape (cells, 1 + free), or without the constant where `c` is fixed.
        y: Log of the best value less what is held, shape (cells,).
        middle: Mean of the logarithm by free exponent, 0 where `c` is fixed.
        scale: Their spread by free exponent.
    """

    form: HyperparameterForm
    free: tuple[str, ...]
    held: Mapping[str, float]
    x: Floats
    y: Floats
    middle: Floats
    scale: Floats

    def coefficients(self, b: Floats) -> Floats:
        """Coefficients in the order of the form, shape (m, coefficients), from b (m, k)."""
        slopes = b[:, -len(self.free) :] / self.scale if self.free else b[:, :0]
        values = {name: np.full(len(b), value) for name, value in self.held.items()}
        values |= dict(zip(self.free, slopes.T, strict=True))
        if "c" not in self.held:
            values["c"] = np.exp(b[:, 0] - slopes @ self.middle)
        return np.stack([values[name] for name in self.form.coefficient_names], axis=1)


def fit_power(
    form: HyperparameterForm, found: Optima, *, settings: FitSettings, n_runs: int, name: str
) -> PowerFit:
    """Find the coefficients that minimise the objective of the log residuals.

    Args:
        form: Which law.
        found: The best value of each cell; it counts once, whatever its rows.
        settings: Objective (not `mae`), intervals, fixed coefficients, seed.
        n_runs: Rows of the table the optima are from.
        name: What to call that table.

    Raises:
        InputError: If there are fewer cells than free coefficients, or only one.
    """
    _check_several(form, found)
    exchanged, weak = _exchanges(form, found, settings.fix)
    columns = _columns(form, found, dict(settings.fix) | exchanged)
    _check_count(form, columns, found)
    objective = objective_of(settings)
    ones = np.ones((1, len(found)))
    b, settled = regress(columns.x, columns.y, ones, objective)
    values = columns.coefficients(b)[0]
    law = HyperparameterLaw(
        form=form,
        coefficients=dict(zip(form.coefficient_names, map(float, values), strict=True)),
        source=_source(found, name),
    )
    draws, short = _draws(columns, settings)
    condition = _condition(columns)
    if condition > WEAK_CONDITION:
        weak = (*weak, f"{', '.join(columns.free)} are told apart only weakly "
                       f"(condition {condition:.1e}).")  # fmt: skip
    predicted = law.value(**{name: found.inputs[name] for name in form.exponents})
    residual = np.log(predicted / found.value)
    return PowerFit(
        law=law,
        settings=settings,
        n_runs=n_runs,
        n_cells=len(found),
        objective_sum=float(objective.sum(residual, ones[0]) * objective.scale),
        score=score_of(predicted, found.value),
        interval=_interval(columns, draws, settings.level),
        draws=draws,
        status=FitStatus.CONVERGED if settled[0] else FitStatus.STOPPED_EARLY,
        condition=condition,
        weak=weak,
        warnings=(*_warnings(form, found), *short),
    )


def _check_several(form: HyperparameterForm, found: Optima) -> None:
    if len(found) == 1:
        at = ", ".join(f"{name} {found.inputs[name][0]:.4g}" for name in form.exponents)
        raise InputError(
            f"the runs are of one cell ({at}): they have one best {form.target}, and no law. "
            "Sweep other sizes or token counts too."
        )


def _check_count(form: HyperparameterForm, columns: _Columns, found: Optima) -> None:
    count = columns.x.shape[1]
    if not count:
        raise InputError(
            f"every coefficient of {form.name} is fixed, or without effect on these runs: nothing "
            "is left to fit. Free one of them."
        )
    if len(found) < count:
        raise InputError(
            f"{form.name} has {count} free coefficients, but there are only {len(found)} cells. "
            "Sweep more sizes or token counts, or fix coefficients."
        )


def _exchanges(
    form: HyperparameterForm, found: Optima, fixed: Mapping[str, float]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Exponents held at 0, because their input follows from a constant and those before it."""
    known: dict[str, Floats] = {}
    held, said = {}, []
    for name, letter in form.exponents.items():
        if letter in fixed:
            continue
        log = np.log(found.inputs[name])
        basis = np.stack([np.ones(len(log)), *known.values()], axis=1)
        rest = log - basis @ np.linalg.lstsq(basis, log, rcond=None)[0]
        if np.ptp(rest) > np.log(SAME):
            known[letter] = log
            continue
        held[letter] = 0.0
        wanted = SEPARATING.get(name, f"runs with other {name}")
        what = f"{letter} has no effect"
        if np.ptp(log) > np.log(SAME):
            what = f"{', '.join([*known, letter])} are exchangeable"
        said.append(f"{what} on these runs: {letter} held at 0; {wanted} would separate them.")
    return held, tuple(said)


def _columns(form: HyperparameterForm, found: Optima, held: Mapping[str, float]) -> _Columns:
    log = {letter: np.log(found.inputs[name]) for name, letter in form.exponents.items()}
    free = tuple(letter for letter in log if letter not in held)
    y = np.log(found.value)
    for letter in log.keys() & held.keys():
        y = y - held[letter] * log[letter]
    taken = np.stack([log[letter] for letter in free], axis=1) if free else np.empty((len(y), 0))
    middle = np.zeros(len(free))
    if "c" in held:
        y = y - np.log(held["c"])
    else:
        middle = taken.mean(axis=0)
    scale = np.sqrt(((taken - middle) ** 2).mean(axis=0))
    x = (taken - middle) / scale
    if "c" not in held:
        x = np.hstack([np.ones((len(y), 1)), x])
    return _Columns(form=form, free=free, held=held, x=x, y=y, middle=middle, scale=scale)


def _draws(columns: _Columns, settings: FitSettings) -> tuple[Floats, tuple[str, ...]]:
    """Coefficients of resampled cells; a resample that determines no law is drawn again."""
    n, k = columns.x.shape
    none = np.empty((0, len(columns.form.coefficient_names)))
    if not settings.bootstrap:
        return none, ()
    if n == k:
        return none, ("as many cells as coefficients: no residual, and no interval.",)
    count = SPARE_DRAWS * settings.bootstrap
    drawn = row_weights(np.ones(n), None, count=count, seed=settings.seed)
    normal = np.einsum("mn,ni,nj->mij", drawn, columns.x, columns.x) / n
    weights = drawn[np.linalg.eigvalsh(normal)[:, 0] > SINGULAR][: settings.bootstrap]
    if len(weights) < settings.bootstrap:
        return none, (f"most resamples of the {n} cells determine no law: no interval.",)
    b, settled = regress(columns.x, columns.y, weights, objective_of(settings))
    rough = float(1 - settled.mean())
    said = (f"{rough:.0%} of the resamples did not settle; intervals are rough.",)
    return columns.coefficients(b), said if rough > MOST_UNSETTLED else ()


def _interval(columns: _Columns, draws: Floats, level: float) -> dict[str, Interval]:
    """Percentile limits of the free coefficients; each limit is one of the draws."""
    if not len(draws):
        return {}
    low, high = np.quantile(draws, _tails(level), axis=0, method="inverted_cdf")
    return {
        name: (float(low[i]), float(high[i]))
        for i, name in enumerate(columns.form.coefficient_names)
        if name not in columns.held
    }


def _tails(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2


def _condition(columns: _Columns) -> float:
    if not len(columns.free):
        return 1.0
    values = np.linalg.svd(columns.x, compute_uv=False)
    return float(values[0] / max(values[-1], np.finfo(float).tiny))


def _source(found: Optima, name: str) -> Source:
    def ends(input_: str) -> Interval | None:
        values = found.inputs.get(input_)
        return None if values is None else (float(values.min()), float(values.max()))

    experts = ends("n_experts")
    seen = FittedRange(
        n_active=ends("n_active"),
        tokens=ends("tokens"),
        flops=ends("flops"),
        factors={"n_experts": experts} if experts else {},
    )
    return Source(
        citation=f"fitted to {name}",
        where=f"{len(found)} optima",
        n="active, as the table counts",
        sparsity="none",
        flops="as the table counts, else 6 N_active D",
        corpus=name,
        loss_unit="no loss is predicted",
        range=seen,
    )


def _warnings(form: HyperparameterForm, found: Optima) -> tuple[str, ...]:
    said = []
    for at, what, remedy in (
        (found.at_end, f"the least loss lies at the end of the {form.target} that were tried",
         "the optimum may lie beyond, and the law leans towards the end; try further values."),
        (found.unswept, f"one {form.target} was tried", "it is taken as the optimum there."),
    ):  # fmt: skip
        if len(at):
            first = ", ".join(
                f"{name} {values[at[0]]:.4g}"
                for name, values in found.inputs.items()
                if name in LETTERS
            )
            said.append(f"in {len(at)} of {len(found)} cells {what} (first: {first}): {remedy}")
    return tuple(said)
