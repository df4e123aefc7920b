"""What a journal's lines say, beside outcomes: a trial began, was withdrawn, or a job ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from autotune.trials import Completed, Failed, Outcome, Trial, from_json, to_json

FORMAT = 2


@dataclass(frozen=True, slots=True)
class Begun:
    """A trial is about to run."""

    trial: Trial


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A trial that was begun does not run after all: another job was in its way."""

    trial_id: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The job ended in order: whatever it began and did not record runs no longer."""


Event: TypeAlias = Begun | Withdrawn | Completed | Failed


def began(trial: Trial, at: float) -> dict[str, Any]:
    """The record of a trial that is about to run, `at` seconds since the epoch."""
    return {
        "started": {"trial": trial.id, "config": trial.config, "attempt": trial.attempt, "at": at}
    }


def withdrew(trial: Trial) -> dict[str, Any]:
    """The record of a trial that does not run after all."""
    return {"withdrawn": trial.id}


def ended(at: float) -> dict[str, Any]:
    """The record of a job's orderly end, `at` seconds since the epoch."""
    return {"ended": {"at": at}}


def again(outcome: Outcome) -> dict[str, Any]:
    """The record of an outcome whose trial another job recorded first: kept, not counted."""
    return {"again": to_json(outcome)}


def event(record: Mapping[str, Any]) -> Event | Ended | None:
    """Read a record that is not a start record; None for one that counts for nothing.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: If it is no record.
    """
    if "started" in record:
        one = record["started"]
        return Begun(Trial(str(one["trial"]), dict(one["config"]), int(one["attempt"])))
    if "withdrawn" in record:
        return Withdrawn(str(record["withdrawn"]))
    if "ended" in record:
        return Ended()
    if "again" in record:
        from_json(record["again"])
        return None
    return from_json(record)
