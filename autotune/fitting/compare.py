"""Laws ranked by the error on runs that they were not fitted to, and the choice of one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from autotune.errors import FitError, InputError
from autotune.fitting.candidates import EVERYTHING, Candidate, Wanted, candidates
from autotune.fitting.fit import fit
from autotune.fitting.result import Score
from autotune.fitting.rolling import Rolling, roll, score_beyond
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention, FitSettings
from autotune.fitting.splits import Cut, rolling
from autotune.laws.base import ScalingLaw

FEWEST_RUNS = 8
NEAR = 1.4
"""Rolling errors within this of the least do not tell laws apart: few sizes lie beyond."""

TIE = 0.01  # relative: less than what any set of runs can tell apart
QUICK = FitSettings()


def _quiet(text: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One law under one convention.

    Attributes:
        candidate: The form and its convention.
        law: The form as fitted to the training runs.
        train: Errors on the runs it was fitted to; they do not rank laws.
        test: Errors on the runs hidden from it; with nothing hidden, those of `rolling` pooled.
        rolling: Errors beyond each rolling origin within the training runs.
        starts: How many starts the fit made, and how many agree with the best.
    """

    candidate: Candidate
    law: ScalingLaw
    train: Score
    test: Score
    rolling: Rolling
    starts: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The law and convention that training runs speak for.

    Attributes:
        candidate: The law's form and the convention for its N and S.
        rolling: Its errors beyond each rolling origin.
        reasons: Why this one, and what was left out, one sentence each.
    """

    candidate: Candidate
    rolling: Rolling
    reasons: tuple[str, ...]

    @property
    def form(self) -> type[ScalingLaw]:
        """The law's class."""
        return self.candidate.form

    @property
    def convention(self) -> Convention:
        """What its N and S are taken from."""
        return self.candidate.convention


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every law under every convention, best on hidden runs first.

    Attributes:
        rows: One for each candidate, by rising log-RMSE on hidden runs.
        not_applicable: For each form that the table cannot feed, the reason.
        failed: For each candidate that could be fed but not fitted, the reason.
        choice: What the training runs alone would have chosen.
    """

    rows: tuple[Row, ...]
    not_applicable: Mapping[str, str]
    failed: Mapping[str, str]
    choice: Choice


def compare(
    table: RunTable,
    cut: Cut,
    *,
    wanted: Wanted = EVERYTHING,
    settings: FitSettings = QUICK,
    tell: Callable[[str], None] = _quiet,
) -> Comparison:
    """Fit every candidate on one side of a cut and score it on the other.

    Args:
        table: Finished runs.
        cut: What to fit on; with an empty test side, rolling errors take its place.
        wanted: Forms and conventions to restrict it to.
        settings: Objective and seed of the fits; intervals are not made.
        tell: Called with the name of each candidate before its fits.

    Raises:
        InputError: If there are too few runs to fit on, or all have the same loss.
        FitError: If nothing can be fitted.
    """
    train = table.take(cut.train)
    test = table.take(cut.test)
    origins = _origins(train)
    listed, left_out = candidates(train, wanted)
    rows: list[Row] = []
    failed: dict[str, str] = {}
    for each in listed:
        tell(str(each))
        try:
            fitted = fit(each.form, train, convention=each.convention, settings=settings)
        except (FitError, InputError) as error:
            failed[str(each)] = str(error)
            continue
        beyond = roll(each, train, origins, settings=settings)
        hidden = score_beyond(fitted.law, test, each.convention) if len(test) else beyond.pooled
        rows.append(
            Row(
                candidate=each,
                law=fitted.law,
                train=fitted.score,
                test=hidden,
                rolling=beyond,
                starts=fitted.starts,
            )
        )
    if not rows:
        raise FitError(_nothing(train, left_out | failed))
    trained = {row.candidate: row.train for row in rows}
    choice = _choose({row.candidate: row.rolling for row in rows}, trained.__getitem__)
    rows.sort(key=lambda row: (row.test.log_rmse, row.candidate.n_coefficients))
    return Comparison(rows=tuple(rows), not_applicable=left_out, failed=failed, choice=choice)


def choose(
    table: RunTable, *, wanted: Wanted = EVERYTHING, settings: FitSettings = QUICK
) -> Choice:
    """Choose a law and a convention by their error beyond rolling origins.

    Among those that come near the least one, the law that fits all runs best is chosen. Nothing
    but the given runs is looked at, so runs hidden from `table` stay a fair test.

    Args:
        table: Finished runs.
        wanted: Forms and conventions to restrict it to.
        settings: Objective and seed of the fits.

    Raises:
        InputError: If there are too few runs, or all have the same compute or the same loss.
        FitError: If nothing can be fitted.
    """
    origins = _origins(table)
    listed, left_out = candidates(table, wanted)
    errors = {each: roll(each, table, origins, settings=settings) for each in listed}
    if not any(np.isfinite(each.error) for each in errors.values()):
        unfit = {str(each): "no fit at every rolling origin" for each in listed}
        raise FitError(_nothing(table, left_out | unfit))

    def trained(each: Candidate) -> Score:
        try:
            return fit(each.form, table, convention=each.convention, settings=settings).score
        except (FitError, InputError):  # as where it has no fit at an origin
            return Score(mre=np.inf, log_rmse=np.inf, bias=np.nan, n_runs=len(table))

    return _choose(errors, trained)


def _origins(table: RunTable) -> list[Cut]:
    if len(table) < FEWEST_RUNS:
        raise InputError(
            f"{len(table)} runs are too few to judge laws by extrapolation: it takes at least "
            f"{FEWEST_RUNS}. Name a law with --law, or add runs."
        )
    if np.ptp(table.loss) == 0:
        raise InputError(
            f"all {len(table)} runs have the same loss, {table.loss[0]:g}: no law can be told from "
            "another. Look at what the column of losses holds."
        )
    return rolling(table)


def _choose(errors: Mapping[Candidate, Rolling], trained: Callable[[Candidate], Score]) -> Choice:
    """Among the least rolling errors the least residual, and among ties fewest coefficients."""
    least = min(errors, key=lambda each: errors[each].error)
    if np.isinf(errors[least].error):
        simple = min(errors, key=lambda each: each.n_coefficients)
        reason = "Of fewest coefficients: no law could be fitted at every rolling origin"
        return Choice(candidate=simple, rolling=errors[simple], reasons=(reason,))
    near = [each for each in errors if errors[each].error <= NEAR * errors[least].error]
    residual = {each: _residual(each, trained(each)) for each in near}
    smallest = min(residual.values())
    tied = [each for each in near if residual[each] <= smallest * (1 + TIE)]
    best = min(tied, key=lambda each: (each.n_coefficients, errors[each].error))
    rolled = f"{errors[best].error:.5f}, of {len(errors)} laws and conventions"
    reasons = [f"Least rolling error, {rolled}"]
    if best != least:
        reasons = [f"Rolling error {rolled}, near the least, {errors[least].error:.5f} of {least}"]
    if len(near) > 1:
        lead = "Least residual" if residual[best] == smallest else "Residual"
        reasons.append(f"{lead}, {residual[best]:.5f}, of the {len(near)} within {NEAR - 1:.0%}")
    if len(tied) > 1:
        others = ", ".join(str(each) for each in tied if each != best)
        reasons.append(f"Of no more coefficients than {others}, which come within {TIE:.0%}")
    return Choice(candidate=best, rolling=errors[best], reasons=tuple(reasons))


def _residual(candidate: Candidate, score: Score) -> float:
    """Standard deviation of log residuals, from as many degrees of freedom as are left."""
    left = max(score.n_runs - candidate.n_coefficients, 1)
    return score.log_rmse * float(np.sqrt(score.n_runs / left))


def _nothing(table: RunTable, reasons: Mapping[str, str]) -> str:
    said = "; ".join(f"{name}: {why}" for name, why in reasons.items())
    return (
        f"no law can be fitted to {len(table)} runs of {table.name} ({said}). "
        "Choose other laws, or add runs."
    )
