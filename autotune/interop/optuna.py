"""Writing a study into an Optuna storage, for its dashboard and its analyses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.errors import InputError
from autotune.trials import Completed, Outcome

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

INSTALL = "pip install 'autotune-llm[optuna]'"


def export(
    outcomes: Sequence[Outcome], space: Mapping[str, Any], *, name: str, storage: str
) -> int:
    """Write outcomes as a new Optuna study that minimises.

    A failed trial has the state FAIL, with its kind and detail as user attributes; metrics and
    our trial ids are user attributes too.

    Args:
        outcomes: What to write.
        space: The study's space as ConfigSpace serialises it.
        name: Name of the Optuna study.
        storage: A storage URL such as `sqlite:///optuna.db`, or the path of a journal file.

    Returns:
        How many trials were written.

    Raises:
        InputError: If Optuna is not installed, the space is not known or the name is taken.
    """
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise InputError(f"this needs Optuna: {INSTALL}") from error
    kinds = {entry["name"]: _distribution(entry) for entry in space.get("hyperparameters", ())}
    if not kinds:
        raise InputError("the study does not know its space, which Optuna needs.")
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(study_name=name, storage=_storage(storage))
        study.add_trials([_trial(outcome, kinds) for outcome in outcomes])
    except optuna.exceptions.DuplicatedStudyError as error:
        raise InputError(
            f"{storage} has a study {name!r} already. Choose another --out, or delete that one."
        ) from error
    finally:
        optuna.logging.set_verbosity(level)
    return len(outcomes)


def _storage(place: str) -> "str | BaseStorage":
    if "://" in place:
        return place
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    Path(place).parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(JournalFileBackend(place))


def _distribution(entry: Mapping[str, Any]) -> "BaseDistribution":
    """The distribution with the same values; a prior's shape has no word in Optuna."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if entry["type"] == "constant":
        return CategoricalDistribution([entry["value"]])
    choices = entry.get("choices", entry.get("sequence"))
    if choices is not None:
        return CategoricalDistribution(choices)
    kind = IntDistribution if str(entry["type"]).endswith("int") else FloatDistribution
    return kind(entry["lower"], entry["upper"], log=bool(entry.get("log")))


def _trial(outcome: Outcome, kinds: Mapping[str, "BaseDistribution"]) -> "FrozenTrial":
    from optuna.trial import TrialState, create_trial

    config = outcome.trial.config
    about: dict[str, Any] = {"trial": outcome.trial.id, "worker": outcome.timing.worker}
    if isinstance(outcome, Completed):
        state, value = TrialState.COMPLETE, outcome.value
        about |= dict(outcome.metrics)
    else:
        state, value = TrialState.FAIL, None
        about |= {"failed": outcome.kind.value, "detail": outcome.detail}
    made = create_trial(
        state=state,
        value=value,
        params=dict(config),
        distributions={name: kinds[name] for name in config},
        user_attrs=about,
    )
    made.datetime_start = datetime.fromtimestamp(outcome.timing.submitted_at)
    made.datetime_complete = datetime.fromtimestamp(outcome.timing.finished_at)
    return made
