"""Laws ranked by the error on runs that they were not fitted to, and the choice of one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autotune.errors import FitError, InputError
from autotune.fitting.candidates import EVERYTHING, Candidate, Wanted, candidates
from autotune.fitting.emphasis import LEAST_GAIN, POWERS
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
        rolling: Its errors beyond each rolling origin, with its emphasis.
        reasons: Why this one, and what was left out, one sentence each.
        emphasis: The emphasis on large runs to fit it with (`FitSettings.emphasis`).
    """

    candidate: Candidate
    rolling: Rolling
    reasons: tuple[str, ...]
    emphasis: float = 0.0

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
        chosen: Errors on hidden runs of the choice, fitted with its emphasis.
    """

    rows: tuple[Row, ...]
    not_applicable: Mapping[str, str]
    failed: Mapping[str, str]
    choice: Choice
    chosen: Score


def compare(
    table: RunTable,
    cut: Cut,
    *,
    wanted: Wanted = EVERYTHING,
    settings: FitSettings = QUICK,
    powers: Sequence[float] = POWERS,
    tell: Callable[[str], None] = _quiet,
) -> Comparison:
    """Fit every candidate on one side of a cut and score it on the other.

    Args:
        table: Finished runs.
        cut: What to fit on; with an empty test side, rolling errors take its place.
        wanted: Forms and conventions to restrict it to.
        settings: Objective, emphasis and seed of the fits; intervals are not made.
        powers: Further emphases to try for the choice; empty for that of `settings`.
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
    choice = _emphasise(choice, train, origins, settings=settings, powers=powers)
    rows.sort(key=lambda row: (row.test.log_rmse, row.candidate.n_coefficients))
    return Comparison(
        rows=tuple(rows),
        not_applicable=left_out,
        failed=failed,
        choice=choice,
        chosen=_hidden(choice, rows, train=train, test=test, settings=settings),
    )


def _hidden(
    choice: Choice, rows: Sequence[Row], *, train: RunTable, test: RunTable, settings: FitSettings
) -> Score:
    """Errors of the choice on the runs it was not fitted to."""
    if choice.emphasis == settings.emphasis:
        return next(row.test for row in rows if row.candidate == choice.candidate)
    if not len(test):
        return choice.rolling.pooled
    settings = replace(settings, emphasis=choice.emphasis)
    fitted = fit(choice.form, train, convention=choice.convention, settings=settings)
    return score_beyond(fitted.law, test, choice.convention)


def choose(
    table: RunTable,
    *,
    wanted: Wanted = EVERYTHING,
    settings: FitSettings = QUICK,
    powers: Sequence[float] = POWERS,
) -> Choice:
    """Choose a law, a convention and an emphasis by their error beyond rolling origins.

    Among those that come near the least one, the law that fits all runs best is chosen; then the
    emphasis on large runs that lowers its rolling error, if any does by enough. Nothing
    but the given runs is looked at, so runs hidden from `table` stay a fair test.

    Args:
        table: Finished runs.
        wanted: Forms and conventions to restrict it to.
        settings: Objective, emphasis and seed of the fits.
        powers: Further emphases to try; empty for that of `settings`.

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

    choice = _choose(errors, trained)
    return _emphasise(choice, table, origins, settings=settings, powers=powers)


def emphasis_of(candidate: Candidate, table: RunTable, settings: FitSettings) -> Choice:
    """Choose the emphasis on large runs for a law and a convention that are given.

    Raises:
        InputError: If there are too few runs, or all have the same compute or the same loss.
    """
    origins = _origins(table)
    rolling = roll(candidate, table, origins, settings=settings)
    plain = Choice(candidate=candidate, rolling=rolling, reasons=())
    return _emphasise(plain, table, origins, settings=settings)


def _emphasise(
    choice: Choice,
    table: RunTable,
    origins: Sequence[Cut],
    *,
    settings: FitSettings,
    powers: Sequence[float] = POWERS,
) -> Choice:
    """Weigh runs by the power of compute of least rolling error, if that saves enough of it."""
    plain = replace(choice, emphasis=settings.emphasis)
    if np.isinf(plain.rolling.error):
        return plain

    def at(power: float) -> Choice:
        own = replace(settings, emphasis=power)
        rolling = roll(choice.candidate, table, origins, settings=own)
        return replace(plain, rolling=rolling, emphasis=power)

    tried = [plain, *(at(power) for power in powers if power != settings.emphasis)]
    best = min(tried, key=lambda each: each.rolling.error)
    least, without = best.rolling.error, plain.rolling.error
    if not least < (1 - LEAST_GAIN) * without:
        return plain
    reason = (
        f"Runs weighted by compute^{best.emphasis:g}: rolling error {least:.5f} for {without:.5f}"
    )
    return replace(best, reasons=(*choice.reasons, reason))


def _origins(table: RunTable) -> list[Cut]:
    if len(table) < FEWEST_RUNS:
        raise InputError(
            f"{len(table)} runs are too few to judge laws by extrapolation: it takes at least "
            f"{FEWEST_RUNS}. Name a law with --law and no --emphasis auto, or add runs."
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
