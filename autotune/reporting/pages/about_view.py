"""About a report: what made it, and from what."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from platform import python_version

from autotune.curves.case import Case
from autotune.reporting.pages.table_view import TableView
from autotune.reporting.pages.trial_view import moment
from autotune.reporting.records import FitWithRuns, StudyRecord
from autotune.reporting.words import budget
from autotune.trials import to_json

PACKAGES = ("autotune-llm", "numpy", "scipy", "scikit-learn", "ConfigSpace", "plotly", "matplotlib",
            "jinja2")  # fmt: skip


@dataclass(frozen=True, slots=True)
class AboutView:
    """Where a report comes from.

    Attributes:
        command: The command line that made it.
        made_at: UTC.
        versions: Names and versions of packages.
        inputs: What went in: laws, seeds, conventions and hashes.
    """

    command: str
    made_at: str
    versions: TableView
    inputs: TableView


def of(
    command: str, made_at: str, *, studies: Sequence[StudyRecord], fits: Sequence[FitWithRuns],
    cases: Sequence[Case],
) -> AboutView:  # fmt: skip
    """Describe a report."""
    rows = [
        *(_study(study) for study in studies),
        *(("fit", given.fit.id, given.fit.result.law.form, str(given.fit.result.settings.seed),
           given.fit.result.law.source.flops, given.fit.data_hash) for given in fits),
        *(("plan", budget(case), case.plan.law, "–", case.plan.flop_convention, "–")
          for case in cases),
    ]  # fmt: skip
    headers = ("what", "name", "law", "seed", "FLOP convention", "SHA-256 of the data")
    return AboutView(command, moment(made_at), _versions(), TableView(headers, tuple(rows)))


def _study(study: StudyRecord) -> tuple[str, ...]:
    seeds = dict.fromkeys(
        str((job.get("search") or {}).get("seed", "–")) for job in study.jobs
    ) or {"–": None}
    law = str(study.header.options.get("law", "–"))
    return "study", study.name, law, ", ".join(seeds), "–", data_hash(study)


def data_hash(study: StudyRecord) -> str:
    """SHA-256 of every outcome in order, as JSON with sorted keys."""
    digest = sha256()
    for outcome in study.outcomes:
        digest.update(json.dumps(to_json(outcome), sort_keys=True, default=str).encode() + b"\n")
    return digest.hexdigest()


def _versions() -> TableView:
    rows = [("Python", python_version())]
    for name in PACKAGES:
        try:
            rows.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            rows.append((name, "absent"))
    return TableView(("package", "version"), tuple(rows))
