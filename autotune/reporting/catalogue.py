"""Every kind of figure, by name, and what it is of."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from autotune.curves.case import Case
from autotune.errors import InfeasibleError, InputError
from autotune.reporting.chart import Chart
from autotune.reporting.kinds import (
    coefficients,
    failures,
    history,
    importance,
    isoflop,
    optimum,
    parallel,
    placed,
    predicted,
    rounds,
    slices,
    sparsity,
    spend,
    surfaces,
    workers,
)
from autotune.reporting.records import FitWithRuns, StudyRecord
from autotune.suggestion.recorded import decisions

Subject = TypeVar("Subject")

OF_STUDY: Mapping[str, Callable[[StudyRecord], Chart]] = {
    "history": history.chart,
    "slices": slices.chart,
    "parallel": parallel.chart,
    "importance": importance.chart,
    "workers": workers.chart,
    "failures": failures.chart,
}
OF_LOOP: Mapping[str, Callable[[StudyRecord], Chart]] = {
    "spend": spend.chart,
    "placed": placed.chart,
    "rounds": rounds.chart,
}
OF_PLAN: Mapping[str, Callable[[Case], Chart]] = {
    "isoflop": isoflop.chart,
    "optimum": optimum.chart,
    "loss-nd": surfaces.over_tokens,
    "loss-ns": surfaces.over_sparsity,
    "sparsity": sparsity.chart,
}
OF_FIT: Mapping[str, Callable[[FitWithRuns], Chart]] = {
    "predicted": predicted.chart,
    "coefficients": lambda given: coefficients.chart(given.fit),
}
KINDS = (*OF_LOOP, *OF_STUDY, *OF_PLAN, *OF_FIT)


def of_study(study: StudyRecord) -> Mapping[str, Callable[[StudyRecord], Chart]]:
    """The kinds of a study: those of the closed loop first, if it was made by one."""
    return {**OF_LOOP, **OF_STUDY} if decisions(study.jobs) else OF_STUDY


def charts(
    kinds: Mapping[str, Callable[[Subject], Chart]], subject: Subject
) -> Iterator[Chart | tuple[str, str]]:
    """The charts of a subject, or the kind and why there is none."""
    for kind, make in kinds.items():
        try:
            yield make(subject)
        except (InputError, InfeasibleError) as error:
            yield kind, str(error)
