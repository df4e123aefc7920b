"""The one-file report: everything in one page that needs no network."""

import gzip
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from markupsafe import Markup

from autotune.curves.case import Case
from autotune.errors import InputError
from autotune.laws.base import ScalingLaw
from autotune.reporting import live
from autotune.reporting.pages import (
    about_view,
    fit_view,
    html,
    laws_view,
    plan_view,
    study_view,
)
from autotune.reporting.records import FitWithRuns, StudyRecord
from autotune.reporting.words import budget

MOST_BYTES = 6_000_000
"""What a mail server still takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a report is of.

    Attributes:
        studies: Recorded studies.
        fits: Saved fits, with their runs where there are.
        cases: Plans.
        log: What a trial printed, by study and trial id.
        trials: Ids of trials that are shown beside the best and failed ones.
        command: The command line that makes the report.
        made_at: UTC, ISO 8601.
        linked: Whether style and scripts lie beside the page, on the service that shows it.
    """

    studies: Sequence[StudyRecord] = field(default=())
    fits: Sequence[FitWithRuns] = field(default=())
    cases: Sequence[Case] = field(default=())
    log: Callable[[str, str], str]
    trials: Sequence[str] = field(default=())
    command: str
    made_at: str
    linked: bool = False


def build(contents: Contents) -> str:
    """The report as one HTML document.

    Raises:
        InputError: If there is nothing to report, too much for one file, or a trial is missing.
    """
    if not (contents.studies or contents.fits or contents.cases):
        raise InputError("nothing to report. Name a --study, a --fit or a --plan.")
    _must_have(contents.studies, contents.trials)
    script, style = html.asset("charts.js"), html.asset("style.css")
    library = "" if contents.linked else live.script()
    page = html.render(
        "report.html",
        title=_title(contents),
        overview=study_view.overview(contents.studies) if contents.studies else None,
        studies=[_study(contents, i) for i in range(len(contents.studies))],
        optima=plan_view.optima(contents.cases) if contents.cases else None,
        plans=[plan_view.of(case, f"plan-{i}") for i, case in enumerate(contents.cases, 1)],
        laws=laws_view.of(_laws(contents)) if contents.cases or contents.fits else None,
        fits=[fit_view.of(given, f"fit-{i}") for i, given in enumerate(contents.fits, 1)],
        about=about_view.of(
            contents.command, contents.made_at, studies=contents.studies, fits=contents.fits,
            cases=contents.cases,
        ),
        policy=f"{html.source_hash(script)} {html.source_hash(library)}",
        linked=contents.linked,
        library=_packed(library),
        script=Markup(script),
        style=Markup(style),
    )  # fmt: skip
    size = len(page.encode())
    if size > MOST_BYTES:
        raise InputError(
            f"the report has {size / 1e6:.1f} MB, and {MOST_BYTES / 1e6:g} MB is the most that a "
            "mail carries. Name fewer with --study, --fit and --plan."
        )
    return page


def _packed(library: str) -> str:
    """A script compressed, as text; the page's own script unpacks it."""
    return b64encode(gzip.compress(library.encode(), 9, mtime=0)).decode()


def _study(contents: Contents, i: int) -> study_view.StudyView:
    study = contents.studies[i]
    return study_view.of(
        study,
        f"study-{i + 1}",
        log=lambda trial: contents.log(study.name, trial),
        wanted=contents.trials,
    )


def _must_have(studies: Sequence[StudyRecord], trials: Sequence[str]) -> None:
    """Refuse a trial that no study has an outcome of."""
    known = {outcome.trial.id for study in studies for outcome in study.outcomes} if trials else ()
    missing = [name for name in trials if name not in known]
    if missing:
        near = get_close_matches(missing[0], known, n=1)
        raise InputError(
            f"{len(missing)} of {len(trials)} trials have no outcome in the "
            f"{len(studies)} studies of the report (first: {missing[0]!r}"
            + (f"; did you mean {near[0]!r}?" if near else "")
            + "). `autotune results export STUDY` lists them."
        )


def _laws(contents: Contents) -> dict[str, ScalingLaw]:
    laws = {case.plan.law: case.law for case in contents.cases}
    return laws | {given.fit.id: given.fit.result.law for given in contents.fits}


def _title(contents: Contents) -> str:
    names = [study.name for study in contents.studies]
    names += [given.fit.id for given in contents.fits]
    names += list(dict.fromkeys(f"plan for {budget(case)}" for case in contents.cases))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
