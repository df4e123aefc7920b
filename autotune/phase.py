"""Phases of a search: some parameters are searched first, and others around the best of those."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.errors import ProblemError

if TYPE_CHECKING:  # whoever has a space has imported these, and the command line need not
    from ConfigSpace import ConfigurationSpace

    from autotune.types import Config, Value

METRIC = "phase"
"""The metric that says in which phase a trial was, counted from 1."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase: what is searched, while the rest is held.

    Held are the defaults of parameters that no phase so far had free, and for the others the values
    of the best trial of the phases before.

    Attributes:
        name: What is searched, in a word or two.
        free: Names of the parameters that are searched.
        trials: How many trials it takes; the last phase takes all that follow, and says 0.
    """

    name: str
    free: tuple[str, ...]
    trials: int = 0


def index_of(config: "Config", phases: Sequence[Phase], defaults: "Mapping[str, Value]") -> int:
    """The first phase, from 0, that could have proposed a configuration.

    That is a function of the configuration alone, so a record needs no further word about phases.
    A configuration that none could have proposed counts for the last.
    """
    moved = {name for name, value in defaults.items() if config[name] != value}
    for index, phase in enumerate(phases):
        moved -= set(phase.free)
        if not moved:
            return index
    return len(phases) - 1


def refuse_unusable(phases: Sequence[Phase], space: "ConfigurationSpace") -> None:
    """Check that phases can be searched.

    Raises:
        ProblemError: If one searches nothing or something unknown, takes no trials, or the space
            has conditions or forbidden clauses, which a held parameter would leave undecided.
    """
    if space.conditions or space.forbidden_clauses:
        raise ProblemError(
            "a problem with phases has no conditions and no forbidden clauses in its space. "
            "Write them as constraints."
        )
    for phase in phases:
        unknown = [name for name in phase.free if name not in space]
        if unknown or not phase.free:
            what = f"the unknown parameter {unknown[0]!r}" if unknown else "no parameter"
            raise ProblemError(f"phase {phase.name!r} searches {what}.")
    for phase in phases[:-1]:
        if phase.trials < 1:
            raise ProblemError(f"phase {phase.name!r} takes {phase.trials} trials: give 1 or more.")
