"""What figures and reports are of: a study, a saved fit, or a plan's file, by how it is named."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from autotune import checks
from autotune.cli import plan_file, results_exchange
from autotune.cli.open_runs import open_runs
from autotune.cli.storage_option import fits_of
from autotune.errors import AutotuneError, InputError
from autotune.fits import files
from autotune.reporting.records import FitWithRuns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.curves.case import Case
    from autotune.fits.saved import SavedFit
    from autotune.store.storage import Storage
    from autotune.store.study import Study


@dataclass(frozen=True, slots=True)
class Subjects:
    """What was named; each list may be empty."""

    studies: "Sequence[Study]" = field(default=())
    fits: "Sequence[FitWithRuns]" = field(default=())
    cases: "Sequence[Case]" = field(default=())


def find(name: str, storage: "Storage", *, runs: str | None = None, where: str = "") -> Subjects:
    """What a name is of: a study, a fit, or the path of either's or a plan's file.

    Args:
        name: The name or path.
        storage: Where the studies are.
        runs: The table that a fit was fitted to, None if it is not at hand.
        where: Which of its rows were fitted.

    Raises:
        InputError: If it is nothing; the message names the nearest study or fit.
    """
    known, folder = storage.names(), fits_of(storage)
    saved = files.names(folder)
    if name in known and name in saved:
        raise InputError(
            f"{name} is both a study and a fit. Name the fit by its file, {name}.json."
        )
    if name in known:
        return Subjects(studies=[results_exchange.read_study(storage, name)])
    if name in saved:
        return Subjects(fits=[fit(name, folder, runs=runs, where=where)])
    path = Path(name)
    if name.endswith(".json") and path.is_file():
        if _is_plan(path):
            return Subjects(cases=plan_file.cases(path))
        return Subjects(fits=[fit(name, folder, runs=runs, where=where)])
    if not known and not saved:
        raise InputError(
            f"no study or fit {name!r}: {storage.where} holds none. Choose another --storage."
        )
    checks.one_of(f"study, fit or file in {storage.where}:", name, [*known, *saved])
    raise AssertionError("one_of refuses what is not in the list")


def fit(name: str, folder: Path, *, runs: str | None = None, where: str = "") -> FitWithRuns:
    """A saved fit by its name or path, with its runs: those given, or those its record names."""
    in_folder = name in files.names(folder)
    found = files.load(name, folder) if in_folder else files.load_file(Path(name))
    if runs is None:
        return _with_own_runs(found)
    opened = open_runs(runs, where=where)
    return FitWithRuns(found, opened.table, opened.data_hash == found.data_hash)


def _with_own_runs(fit: "SavedFit") -> FitWithRuns:
    """A fit with the runs in the file that its record names, if they are those that were fitted."""
    if not Path(fit.place).is_absolute():
        return FitWithRuns(fit)  # a public table may have to be fetched: that is asked for
    try:
        opened = open_runs(fit.place, where=fit.where, mixed_corpora=True)
    except AutotuneError as error:
        return FitWithRuns(fit, why=str(error))
    if opened.data_hash != fit.data_hash:
        return FitWithRuns(fit, why=f"the rows in {fit.place} are other ones by now.")
    return FitWithRuns(fit, opened.table)


def _is_plan(path: Path) -> bool:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and "plans" in document
