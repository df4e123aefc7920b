"""A fit under a name, and where its runs came from."""

from dataclasses import dataclass, replace

from autotune.fitting.emphasis import said
from autotune.fitting.power import PowerFit
from autotune.fitting.result import FitResult
from autotune.fitting.runs import RunTable
from autotune.laws.base import ScalingLaw
from autotune.laws.fitted_shape import FittedShape


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFit:
    """A fit that can be named wherever a law can.

    Attributes:
        id: Its name, a file's name.
        result: The fit; the source of its law says which runs it saw.
        data: What the table of runs was called.
        data_hash: Of the rows that were fitted.
        place: The table's file, absolute, or the name of a public table; empty if neither is known.
        where: Which of its rows were fitted, as `--where` has it.
    """

    id: str
    result: FitResult
    data: str
    data_hash: str
    place: str = ""
    where: str = ""

    @property
    def law(self) -> ScalingLaw:
        """The law at the best estimate."""
        return self.result.law


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPower:
    """A fit of the learning rate or the batch size under a name; it predicts no loss.

    Attributes:
        id: Its name, a file's name.
        result: The fit.
        data: What the table of runs was called.
        data_hash: Of the rows that were fitted.
    """

    id: str
    result: PowerFit
    data: str
    data_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedShape:
    """A fit of the best shape of sparse models under a name; it predicts no loss.

    Attributes:
        id: Its name, a file's name.
        shape: The laws.
        data: What the table of runs was called.
        data_hash: Of the rows that were fitted.
        n_runs: How many there were.
        weak: What the runs do not settle.
        warnings: What is worth knowing.
    """

    id: str
    shape: FittedShape
    data: str
    data_hash: str
    n_runs: int
    weak: tuple[str, ...]
    warnings: tuple[str, ...]


def sourced(result: FitResult, table: RunTable, *, data_hash: str) -> FitResult:
    """Complete the source of a fit's law: the data's hash, and the sparsity of the runs.

    A dense form is fitted without sparsity, whatever the runs have; who evaluates it on their
    total parameters needs the range of theirs.

    Args:
        result: The fit.
        table: The runs it was fitted to.
        data_hash: SHA-256 of those runs, hexadecimal.
    """
    source = result.law.source
    seen = source.range
    if result.convention.sparsity == "param":
        sparsity = table.sparsity
        seen = replace(seen, sparsity=(float(sparsity.min()), float(sparsity.max())))
    where = f"{said(result.n_runs, result.settings.emphasis)}, SHA-256 {data_hash}"
    law = replace(result.law, source=replace(source, where=where, range=seen))
    return replace(result, law=law)
