"""Phrases that several charts share."""

from autotune.curves.case import Case
from autotune.errors import InputError
from autotune.quantities import format_count
from autotune.reporting import numbers
from autotune.reporting.records import StudyRecord
from autotune.types import Interval

LISTED = 100
"""Rows of a table at most."""


def objective(study: StudyRecord) -> str:
    """What a study minimises, with its unit."""
    unit = study.header.unit
    return f"objective ({unit})" if unit else "objective"


def with_unit(name: str, study: StudyRecord) -> str:
    """A parameter or metric, with its unit."""
    unit = study.header.units.get(name, "")
    return f"{name} ({unit})" if unit else name


def counted(n: int, noun: str) -> str:
    """So many of something."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def loss_label(case: Case) -> str:
    """The loss, with the unit of the law."""
    return f"loss ({case.law.source.loss_unit})"


def says(case: Case) -> str:
    """By which law and convention, and whether it extrapolates: the end of a caption."""
    plan = case.plan
    where = {
        True: "inside the law's fitted range",
        False: "outside the law's fitted range",
        None: "with no fitted range stated",
    }[plan.in_range]
    return (
        f"Law {plan.law}, FLOPs = {plan.flop_convention}; the plan at {numbers.flops(plan.flops)} "
        f"lies {where}."
    )


def budget(case: Case) -> str:
    """What was to be spent, with an SI prefix."""
    given, flops = str(case.budget), case.budget.flops
    if flops is None:
        return given
    return given.replace(f"{flops:.4g} FLOPs", numbers.in_unit(flops, "FLOPs"), 1)


def sure(case: Case) -> str:
    """What bands are, or why there are none."""
    if case.draws is None:
        return "The law is published without draws of its coefficients, so there are no bands."
    return f"Bands are {100 * case.draws.level:g} % intervals of the law, from the fit's resamples."


def size_of(n_active: float) -> str:
    """A number of parameters."""
    return format_count(n_active)


def ends(band: Interval) -> str:
    """Two sizes as an interval."""
    return " .. ".join(map(format_count, band))


def sizes(study: StudyRecord) -> str:
    """The axis of a study's active parameters, with what its problem counts as one."""
    unit = study.header.units.get("n_active", "parameters")
    return "active parameters" + (f" ({unit})" if unit != "parameters" else "")


def informed(name: str, rounds: int) -> None:
    """Refuse a chart of a closed loop that knows nothing of its target yet.

    Raises:
        InputError: If no round could fit a law.
    """
    if not rounds:
        raise InputError(
            f"{name} has no round with a plan: laws need at least 8 losses. Go on with the study."
        )
