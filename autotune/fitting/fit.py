"""Fit a form to finished runs."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.fitting import unsettled
from autotune.fitting.design import Design, design, natural
from autotune.fitting.emphasis import emphasised, said
from autotune.fitting.identify import Exchange, condition, settle_exchanges
from autotune.fitting.intervals import Intervals, intervals
from autotune.fitting.minimum import Minimum, minimise
from autotune.fitting.model import Model
from autotune.fitting.objective import objective_of
from autotune.fitting.result import FitResult, FitStatus
from autotune.fitting.runs import RunTable
from autotune.fitting.score import score_of
from autotune.fitting.settings import Convention, FitSettings
from autotune.fitting.twin import Posed, pose
from autotune.laws.base import ScalingLaw
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats, Interval

DEFAULTS = FitSettings()
WEAK_CONDITION = 1e5
MOST_UNSETTLED = 0.02
RISING = 1e-6  # relative rise of the loss for one e-fold that is more than rounding
SEPARATING = {
    "n_active": "runs of other sizes",
    "tokens": "runs at other token counts",
    "sparsity": "runs at other sparsities",
}


def fit(
    form: type[ScalingLaw],
    table: RunTable,
    *,
    convention: Convention | None = None,
    settings: FitSettings = DEFAULTS,
    groups: NDArray[np.int64] | None = None,
) -> FitResult:
    """Find the coefficients of a form that minimise the objective over all runs.

    Args:
        form: The law's class, for example `FORMS["hoffmann"]`.
        table: Finished runs.
        convention: What N and S are taken from; None means the form's natural ones.
        settings: Objective, intervals, fixed and bounded coefficients, seed.
        groups: Label of each run's cluster, shape (n,): the bootstrap resamples clusters.

    Raises:
        InputError: If a setting names no coefficient of the form, or there are fewer runs than
            free coefficients, or all have the same loss, or the table lacks an input.
        FitError: If no start gives a finite objective.
    """
    convention = convention or natural(form)
    inputs = design(form, table, convention)
    with np.errstate(all="ignore"):  # a start may overflow: its objective is infinite then
        weight = emphasised(table, settings.emphasis)
        posed = pose(form, inputs, table.loss, weight=weight, settings=settings)
        _check_count(form, posed.model, len(table))
        model, exchanges = settle_exchanges(posed.model)
        posed = replace(posed, model=model)
        _check_free(form, model)
        _check_losses(form, model, table.loss)
        best = minimise(model, objective_of(settings), seed=settings.seed)
        law = _law(form, posed, best, _source(table, convention, inputs, settings.emphasis))
        sure = intervals(posed, best, settings, groups)
        number, weakest = _condition(posed, law, inputs)
        rivals = unsettled.rivals(posed, objective_of(settings), best, sure.ceiling)
        weak = (*(_describe(posed, each) for each in exchanges), *rivals)
    weak += tuple(unsettled.too_narrow(posed, sure.limits))
    if number > WEAK_CONDITION and weakest:
        weak += (f"{', '.join(weakest)} are told apart only weakly (condition {number:.1e}).",)
    return FitResult(
        law=law,
        convention=convention,
        settings=settings,
        n_runs=len(table),
        objective_sum=best.value * objective_of(settings).scale,
        score=score_of(inputs.loss(law), table.loss),
        interval=sure.limits,
        interval_methods=sure.methods,
        draws=sure.draws,
        tail=sure.tail,
        ends=sure.ends,
        status=_status(model, best),
        starts=best.starts,
        condition=number,
        weak=weak,
        warnings=(*_warnings(model, best, sure), *_rising(law, inputs)),
    )


def _check_count(form: type[ScalingLaw], model: Model, runs: int) -> None:
    _check_free(form, model)
    if runs < len(model.free):
        raise InputError(
            f"{form.form} has {len(model.free)} free coefficients, but there are only {runs} "
            "runs. Add runs, fix coefficients, or choose a law with fewer."
        )


def _check_free(form: type[ScalingLaw], model: Model) -> None:
    if not model.free:
        raise InputError(
            f"every coefficient of {form.form} is fixed, or without effect on these runs: nothing "
            "is left to fit. Free one of them."
        )


def _check_losses(form: type[ScalingLaw], model: Model, loss: Floats) -> None:
    """A constant fits equal losses, and the rest of the law would be rounding."""
    if len(model.free) > 1 and np.ptp(loss) == 0:
        raise InputError(
            f"all {len(loss)} runs have the same loss, {loss[0]:g}: no coefficient of {form.form} "
            "but a constant can be told from them. Look at what the column of losses holds."
        )


def _law(form: type[ScalingLaw], posed: Posed, best: Minimum, source: Source) -> ScalingLaw:
    values = posed.coefficients(best.z[None, :])
    return form(source=source, **{name: float(value[0]) for name, value in values.items()})


def _source(table: RunTable, convention: Convention, inputs: Design, emphasis: float) -> Source:
    def ends(values: Floats) -> Interval:
        return float(values.min()), float(values.max())

    return Source(
        citation=f"fitted to {table.name}",
        where=said(len(table), emphasis),
        n=convention.n,
        sparsity="experts" if convention.sparsity == "expert" else "parameters",
        flops="6 N_active D",
        corpus=table.name,
        range=FittedRange(
            n_active=ends(table.n_active),
            n_total=ends(table.n_total),
            tokens=ends(table.tokens),
            sparsity=ends(inputs.sparsity),
            flops=ends(table.flops),
            factors={name: ends(values) for name, values in inputs.factors.items()},
        ),
    )


def _condition(posed: Posed, law: ScalingLaw, inputs: Design) -> tuple[float, tuple[str, ...]]:
    """Of the free coefficients, in the form's own units."""
    names = tuple(n for own, n in posed.names.items() if own in posed.model.free)
    slopes = inputs.gradient(law)
    root = np.sqrt(posed.model.weight) / inputs.loss(law)
    return condition(np.stack([slopes[name] * root for name in names]), names)


def _describe(posed: Posed, exchange: Exchange) -> str:
    names = [posed.names[name] for name in exchange.names]
    held = [posed.names[name] for name in exchange.held]
    what = (
        f"{names[0]} has no effect" if len(names) == 1 else f"{', '.join(names)} are exchangeable"
    )
    inputs = [posed.inputs.get(name, name) for name in exchange.remedy]
    wanted = " or ".join(SEPARATING.get(name, f"runs with other {name}") for name in inputs)
    remedy = f"; {wanted} would separate them" if wanted else ""
    return f"{what} on these runs: {', '.join(held)} held{remedy}."


def _status(model: Model, best: Minimum) -> FitStatus:
    if not best.settled:
        return FitStatus.STOPPED_EARLY
    bounded = ((best.z <= model.low) | (best.z >= model.high)).any()
    return FitStatus.AT_BOUND if bounded else FitStatus.CONVERGED


def _rising(law: ScalingLaw, inputs: Design) -> Iterator[str]:
    """A sentence where more parameters, or more tokens, are fitted to be worse."""
    with np.errstate(all="ignore"):
        slopes, loss = inputs.gradient(law), inputs.loss(law)
    for name in ("n_active", "tokens"):
        up = slopes[name] * getattr(inputs, name) > RISING * loss
        if 2 * up.sum() > len(up):
            yield (
                f"the fitted loss rises with {name} in {int(up.sum())} of {len(up)} runs. "
                "Look at what the columns hold, and for runs that diverged."
            )


def _warnings(model: Model, best: Minimum, sure: Intervals) -> tuple[str, ...]:
    said = []
    if best.starts[1] == 1 and best.starts[0] > 1:
        said.append(f"only one of {best.starts[0]} starts reached the best objective.")
    if sure.reason:
        said.append(sure.reason)
    if sure.unsettled > MOST_UNSETTLED:
        said.append(f"{sure.unsettled:.0%} of the resamples did not settle; intervals are rough.")
    at_bound = (best.z <= model.low) | (best.z >= model.high)
    said += [f"{model.free[i]} sits on its bound." for i in np.flatnonzero(at_bound)]
    return tuple(said)
