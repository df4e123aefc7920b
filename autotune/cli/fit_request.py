"""From the options of `autotune fit` to a fit, its flags and its file."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from autotune import checks
from autotune.cli import console
from autotune.cli.open_runs import open_runs, place_of
from autotune.errors import InputError
from autotune.fits import files
from autotune.fits.saved import SavedFit, sourced
from autotune.fitting import compare, design, outliers
from autotune.fitting.candidates import Candidate
from autotune.fitting.emphasis import LARGEST, POWERS
from autotune.fitting.fit import fit
from autotune.fitting.result import FitResult
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention, FitSettings
from autotune.fitting.structure import structure_of
from autotune.laws.base import ScalingLaw
from autotune.laws.catalogue import FORMS, HYPERPARAMETER_FORMS, PRESETS
from autotune.runs.read import ReadRuns
from autotune.types import Interval

AUTO = "auto"
N = ("active", "total")
SPARSITY = ("param", "expert")
OBJECTIVES = ("huber", "mse", "mae")
RESAMPLES = ("auto", "residuals", "rows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a call asks.

    Attributes:
        runs: The argument that names the runs.
        where: Which of them to keep.
        mixed_corpora: Whether those may be on different corpora.
        form: The law's class, None to choose one.
        n: What N is taken from, None for what the form's paper does.
        sparsity: What S is taken from, likewise.
        settings: How to fit.
        emphasise: Whether to choose the emphasis on large runs too.
        group: The column whose values name the groups of the bootstrap, or None.
        save: The name to save under, or None.
        storage: Where to.
        force: Whether another fit of that name may be replaced.
    """

    runs: str
    where: str
    mixed_corpora: bool
    form: type[ScalingLaw] | None
    n: str | None
    sparsity: str | None
    settings: FitSettings
    emphasise: bool
    group: str | None
    save: str | None
    storage: Path
    force: bool


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fit, the runs it is of, and everything a user must know about both."""

    result: FitResult
    runs: ReadRuns
    flags: tuple[outliers.Flag, ...]
    notes: tuple[str, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the runs, of the fit, and of its outliers."""
        odd = tuple(str(flag) for flag in self.flags)
        return (*self.runs.warnings, *self.notes, *self.result.warnings, *odd)


def read(given: Mapping[str, Any]) -> Request:
    """Turn options into what is to be fitted, and how.

    Raises:
        InputError: If a value cannot be read, or options make no sense together.
    """
    if "law" not in given:
        raise InputError("--law is missing: name a form or a preset, see `autotune laws`, or auto.")
    if "tolerance" in given:
        raise InputError("--tolerance is of --method isoflop only.")
    form = _form(given["law"])
    for name, legal in (("n", N), ("sparsity", SPARSITY)):
        if name in given:
            checks.one_of(f"--{name}", given[name], legal)
    for name in ("n", "sparsity", "fix", "bounds"):
        if form is None and name in given:
            raise InputError(f"--{name} needs a named law: --law auto chooses for itself.")
    if form is None and given.get("profile", "none") != "none":
        raise InputError("--profile needs a named law, or none: --law auto chooses for itself.")
    if "near" in given:
        raise InputError("--near chooses the best learning rates or batch sizes. Drop it.")
    if "save" in given:
        files.check_name(given["save"])
    elif given["force"]:
        raise InputError("--force is of no use without --save.")
    for name in ("group", "profile"):
        if name in given and not given["bootstrap"]:
            raise InputError(f"--{name} is of no use with --bootstrap 0.")
    if "group" in given and given["resample"] == "residuals":
        raise InputError("--group resamples whole groups of rows, not residuals. Drop one of both.")
    settings = settings_of(given, () if form is None else form.coefficient_names())
    if form is not None:
        _refuse_unprofiled(form, settings)
    return Request(
        runs=given["runs"],
        where=given["where"],
        mixed_corpora=given["mixed_corpora"],
        form=form,
        n=given.get("n"),
        sparsity=given.get("sparsity"),
        settings=settings,
        emphasise=given.get("emphasis", AUTO if form is None else "0") == AUTO,
        group=given.get("group"),
        save=given.get("save"),
        storage=given["storage"],
        force=given["force"],
    )


def open_table(request: Request) -> ReadRuns:
    """Read the runs.

    Raises:
        InputError: If they cannot be read.
    """
    return open_runs(request.runs, where=request.where, mixed_corpora=request.mixed_corpora)


def answer(request: Request, runs: ReadRuns) -> Fitted:
    """Fit, and look at the runs again in the light of the fit.

    Raises:
        InputError: If the runs cannot feed the law.
        FitError: If there is no estimate at all.
    """
    table = runs.table
    form, convention, settings = _chosen(request, table)
    groups = None if request.group is None else group_labels(table, request.group)[0]
    result = fit(form, table, convention=convention, settings=settings, groups=groups)
    result = sourced(result, table, data_hash=runs.data_hash)
    found = outliers.flags(result.law, table, convention, fixed=request.settings.fix)
    return Fitted(result, runs, found, tuple(_notes(request, form, table)))


def save(request: Request, fitted: Fitted) -> Path | None:
    """Save the fit if that is asked.

    Raises:
        StoreError: If it cannot be written, or another fit has the name.
    """
    if request.save is None:
        return None
    fit = SavedFit(
        id=request.save,
        result=fitted.result,
        data=fitted.runs.table.name,
        data_hash=fitted.runs.data_hash,
        place=place_of(request.runs),
        where=request.where,
    )
    return files.save(fit, request.storage, force=request.force)


def _form(name: str) -> type[ScalingLaw] | None:
    if name == AUTO:
        return None
    if name in PRESETS:
        return type(PRESETS[name])
    return FORMS[checks.one_of("law", name, [AUTO, *FORMS, *HYPERPARAMETER_FORMS, *PRESETS])]


def settings_of(given: Mapping[str, Any], names: Sequence[str]) -> FitSettings:
    """How to fit a law whose coefficients have these names; none for a law that is not chosen.

    Raises:
        InputError: If a value cannot be read or is out of its domain.
    """
    delta = given.get("delta", FitSettings().delta)
    hint = "0.95 means 95 %."
    checks.positive("--level", given["level"], hint=hint)
    checks.fraction("--level", given["level"], hint=hint)
    checks.positive("--delta", delta, hint="It is a residual of log loss, such as 1e-3.")
    checks.at_least("--bootstrap", given["bootstrap"], 0, hint="0 makes no intervals.")
    checks.at_least("--seed", given["seed"], 0, hint="0 is a seed.")
    fixed = {name: _number("--fix", text) for name, text in _pairs(given, "fix", names)}
    bounds = {name: _ends(text) for name, text in _pairs(given, "bounds", names)}
    both = sorted(fixed.keys() & bounds.keys())
    if both:
        raise InputError(f"{both[0]} is fixed and bounded. Drop one of --fix and --bounds.")
    objective = checks.one_of("--objective", given["objective"], OBJECTIVES)
    return FitSettings(
        objective=cast("Any", objective),
        delta=delta,
        emphasis=parse_emphasis(given.get("emphasis", AUTO)) or 0.0,
        bootstrap=given["bootstrap"],
        resample=cast("Any", checks.one_of("--resample", given["resample"], RESAMPLES)),
        profile=_profiled(given.get("profile"), names),
        level=given["level"],
        fix=fixed,
        bounds=bounds,
        seed=given["seed"],
    )


def parse_emphasis(text: str) -> float | None:
    """A power of compute, None for `auto`.

    Raises:
        InputError: If it is neither `auto` nor a number from 0 to `LARGEST`.
    """
    if text == AUTO:
        return None
    try:
        power = float(text)
    except ValueError:
        power = math.nan
    if not 0 <= power <= LARGEST:
        raise InputError(
            f"--emphasis takes auto or a power from 0 to {LARGEST:g}, not {text!r}. "
            "0 weighs all runs alike, 1 by their FLOPs."
        )
    return power


def _profiled(text: str | None, names: Sequence[str]) -> tuple[str, ...] | None:
    """Which coefficients to profile, None for all that can be."""
    if text is None:
        return None
    if text == "none":
        return ()
    wanted = tuple(part.strip() for part in text.split(","))
    return tuple(checks.one_of("coefficient", name, names) for name in wanted)


def _refuse_unprofiled(form: type[ScalingLaw], settings: FitSettings) -> None:
    structure = structure_of(form)
    with_unit = {*structure.units, *structure.shifts}
    for name in settings.profile or ():
        if name in with_unit:
            others = ", ".join(each for each in form.coefficient_names() if each not in with_unit)
            raise InputError(
                f"--profile {name}: its unit moves with an exponent, so its limits are percentiles "
                f"of the resamples. Of {form.form}, {others} can be profiled."
            )


def _pairs(
    given: Mapping[str, Any], option: str, legal: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """The NAME=VALUE pairs of an option, comma separated or repeated."""
    for part in (part for text in given.get(option, ()) for part in text.split(",")):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            raise InputError(f"--{option} takes NAME=VALUE, not {part!r}.")
        yield checks.one_of("coefficient", name, legal), value


def _number(option: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise InputError(f"{option} takes numbers, not {text!r}.")
    return value


def _ends(text: str) -> Interval:
    """LOW:HIGH, where an end that is left out is open."""
    low, colon, high = text.partition(":")
    ends = (
        _number("--bounds", low) if low.strip() else -math.inf,
        _number("--bounds", high) if high.strip() else math.inf,
    )
    if not colon or not ends[0] < ends[1]:
        raise InputError(f"--bounds takes NAME=LOW:HIGH with LOW < HIGH, not {text!r}.")
    return ends


def _chosen(request: Request, table: RunTable) -> tuple[type[ScalingLaw], Convention, FitSettings]:
    """The law, its convention and how to fit it; what was chosen is said on stderr."""
    settings = request.settings
    quick = replace(settings, bootstrap=0)
    if request.form is None:
        powers = POWERS if request.emphasise else ()
        choice = compare.choose(table, settings=quick, powers=powers)
    else:
        own = design.natural(request.form)
        n, sparsity = request.n or own.n, request.sparsity or own.sparsity
        convention = Convention(cast("Any", n), cast("Any", sparsity))
        if not request.emphasise:
            return request.form, convention, settings
        choice = compare.emphasis_of(Candidate(request.form, convention), table, quick)
    for reason in choice.reasons:
        console.talk(f"note: {reason}")
    return choice.form, choice.convention, replace(settings, emphasis=choice.emphasis)


def group_labels(table: RunTable, name: str) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Which group each run belongs to, shape (n,), and the groups' values.

    Raises:
        InputError: If there is no such column, or one group holds every run.
    """
    ours = {column: getattr(table, column) for column in ("n_active", "n_total", "tokens", "flops")}
    columns = ours | dict(table.factors) | dict(table.columns)
    checks.one_of("column", name, columns)
    values = columns[name]
    names, labels = np.unique(values.astype(str) if values.dtype == object else values,
                              return_inverse=True)  # fmt: skip
    if labels.max() == 0:
        raise InputError(
            f"--group {name}: every run has the same value, so there is one observation. "
            "Group by a column that tells runs apart."
        )
    return labels.astype(np.int64), names


def _notes(request: Request, form: type[ScalingLaw], table: RunTable) -> Iterator[str]:
    """Where an option changes nothing."""
    admitted = design.conventions(form, table)
    if request.n is not None and all(each.n != request.n for each in admitted):
        yield f"--n {request.n} changes nothing: {form.form} reads the same sizes either way."
    if request.sparsity == "expert" and all(each.sparsity != "expert" for each in admitted):
        yield f"--sparsity expert changes nothing: {form.form} reads the same either way."
