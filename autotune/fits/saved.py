"""A fit under a name, and where its runs came from."""

from dataclasses import dataclass, replace

from autotune.fitting.result import FitResult
from autotune.fitting.runs import RunTable
from autotune.laws.base import ScalingLaw
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats, Interval

SPARSITY = {"param": "parameters", "expert": "experts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFit:
    """A fit that can be named wherever a law can.

    Attributes:
        id: Its name, a file's name.
        result: The fit; the source of its law says which runs it saw.
        data: What the table of runs was called.
        data_hash: Of the rows that were fitted.
    """

    id: str
    result: FitResult
    data: str
    data_hash: str

    @property
    def law(self) -> ScalingLaw:
        """The law at the best estimate."""
        return self.result.law


def sourced(result: FitResult, table: RunTable, *, data_hash: str) -> FitResult:
    """Give the law of a fit a source: the data, their hash, their range, the convention.

    Args:
        result: The fit.
        table: The runs it was fitted to.
        data_hash: Hash of those runs.
    """
    law = result.law
    source = Source(
        citation=f"fitted by autotune to {table.name}",
        where=f"{result.n_runs} runs, {data_hash}",
        n=result.convention.n,
        sparsity="none" if law.dense else SPARSITY[result.convention.sparsity],
        flops="6 N_active D",
        corpus=table.name,
        range=fitted_range(law, table, expert_sparsity=result.convention.sparsity == "expert"),
    )
    return replace(result, law=replace(law, source=source))


def fitted_range(law: ScalingLaw, table: RunTable, *, expert_sparsity: bool) -> FittedRange:
    """The least and the largest value of each input that a law takes, among some runs.

    Args:
        law: The law, whose further inputs are ranged too.
        table: The runs.
        expert_sparsity: Whether the law reads sparsity over experts.
    """
    sparsity = table.expert_sparsity if expert_sparsity else table.sparsity
    return FittedRange(
        n_active=_ends(table.n_active),
        n_total=_ends(table.n_total),
        tokens=_ends(table.tokens),
        sparsity=_ends(table.sparsity if sparsity is None else sparsity),
        flops=_ends(table.flops),
        factors={name: _ends(table.factors[name]) for name in law.factors if name in table.factors},
    )


def _ends(values: Floats) -> Interval:
    return float(values.min()), float(values.max())
