"""What reports need of recorded studies and saved fits; the stores' own classes fit these."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from autotune.fitting.result import FitResult
from autotune.fitting.runs import RunTable
from autotune.trials import Completed, Outcome
from autotune.types import Value


class HeaderRecord(Protocol):
    """What a study tunes."""

    @property
    def problem(self) -> str:
        """Its name."""

    @property
    def file(self) -> str:
        """What the problem was loaded from."""

    @property
    def options(self) -> Mapping[str, Value]:
        """Options of the problem."""

    @property
    def space(self) -> Mapping[str, Any]:
        """The space, serialized."""

    @property
    def unit(self) -> str:
        """Unit of the objective."""

    @property
    def units(self) -> Mapping[str, str]:
        """Units by name of parameter or metric."""

    @property
    def fidelity(self) -> str:
        """The parameter that makes trials cheaper, empty for none."""

    @property
    def created_at(self) -> str:
        """UTC, ISO 8601."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of packages."""

    def reaches_target(self, outcome: Outcome) -> bool:
        """Whether an outcome is at the target fidelity."""
        ...


class StudyRecord(Protocol):
    """A study as recorded."""

    @property
    def name(self) -> str:
        """The study's name."""

    @property
    def place(self) -> str:
        """Where it is recorded."""

    @property
    def header(self) -> HeaderRecord:
        """What it tunes."""

    @property
    def outcomes(self) -> Sequence[Outcome]:
        """Every outcome, oldest first."""

    @property
    def jobs(self) -> Sequence[Mapping[str, Any]]:
        """The start record of each job."""

    @property
    def notes(self) -> Sequence[str]:
        """What is odd about the record."""

    @property
    def completed(self) -> Sequence[Completed]:
        """Outcomes that have a value."""

    @property
    def at_target(self) -> Sequence[Completed]:
        """Those at the target fidelity."""

    @property
    def best(self) -> Completed | None:
        """The one of least value."""


class FitRecord(Protocol):
    """A fit of the loss under a name."""

    @property
    def id(self) -> str:
        """The fit's name."""

    @property
    def result(self) -> FitResult:
        """The fit."""

    @property
    def data(self) -> str:
        """What the table of runs was called."""

    @property
    def data_hash(self) -> str:
        """Of the rows that were fitted."""

    @property
    def place(self) -> str:
        """The file of the runs, or the name of a public table; empty if it is not known."""

    @property
    def where(self) -> str:
        """Which rows were fitted."""


@dataclass(frozen=True, slots=True)
class FitWithRuns:
    """A fit, and the runs it was fitted to where they are at hand.

    Attributes:
        fit: The fit.
        runs: The runs, None if they were not given.
        same: Whether their hash is that of the fitted rows.
        why: Why there are none, though the fit says where they were.
    """

    fit: FitRecord
    runs: RunTable | None = None
    same: bool = True
    why: str = ""

    @property
    def wanted(self) -> str:
        """The options that give the runs."""
        where = f" --where {shlex.quote(self.fit.where)}" if self.fit.where else ""
        return f"--runs {shlex.quote(self.fit.place or self.fit.data)}{where}"
