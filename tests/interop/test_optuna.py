"""Export into Optuna: every trial with its state, values, distributions and times."""

import pytest
from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    Integer,
    OrdinalHyperparameter,
)

from autotune.errors import InputError
from autotune.interop import optuna as interop
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

optuna = pytest.importorskip("optuna")
TIMING = Timing(1.5, "w1", 1000.0, 1001.5)


def space():
    made = ConfigurationSpace()
    made.add(
        Float("x", (1e-3, 1.0), log=True),
        k := Integer("k", (1, 64), log=True),
        c := Categorical("c", ["a", "b"]),
        OrdinalHyperparameter("o", [1, 2, 4]),
        Constant("z", 3),
    )
    made.add(EqualsCondition(k, c, "a"))
    return made.to_serialized_dict()


OUTCOMES = [
    Completed(Trial("1-0", {"x": 0.5, "k": 8, "c": "a", "o": 4, "z": 3}), 2.0, TIMING, {"n": 7.0}),
    Completed(Trial("1-1", {"x": 0.25, "c": "b", "o": 1, "z": 3}), 1.0, TIMING),
    Failed(
        Trial("1-2", {"x": 1e-3, "c": "b", "o": 2, "z": 3}), FailureKind.TIMEOUT, "slow", TIMING
    ),
]


@pytest.fixture(params=["journal", "sqlite"])
def storage(request, tmp_path):
    if request.param == "journal":
        return str(tmp_path / "deep" / "optuna.log")
    return f"sqlite:///{tmp_path}/optuna.db"


def loaded(storage):
    return optuna.load_study(study_name="s", storage=interop._storage(storage))


def test_every_trial_arrives_with_state_value_parameters_and_what_else_is_known(storage):
    assert interop.export(OUTCOMES, space(), name="s", storage=storage) == 3
    study = loaded(storage)
    assert study.direction == optuna.study.StudyDirection.MINIMIZE
    first, second, failed = study.trials
    assert (study.best_trial.number, study.best_value) == (1, 1.0)
    assert first.params == OUTCOMES[0].trial.config
    assert second.params == OUTCOMES[1].trial.config
    assert first.user_attrs == {"trial": "1-0", "worker": "w1", "n": 7.0}
    assert failed.state == optuna.trial.TrialState.FAIL
    assert (failed.user_attrs["failed"], failed.user_attrs["detail"]) == ("timeout", "slow")
    assert first.duration.total_seconds() == 1.5


def test_distributions_are_those_of_the_space(storage):
    interop.export(OUTCOMES, space(), name="s", storage=storage)
    kinds = loaded(storage).trials[0].distributions
    assert kinds["x"] == optuna.distributions.FloatDistribution(1e-3, 1.0, log=True)
    assert kinds["k"] == optuna.distributions.IntDistribution(1, 64, log=True)
    assert kinds["o"] == optuna.distributions.CategoricalDistribution([1, 2, 4])
    assert kinds["z"] == optuna.distributions.CategoricalDistribution([3])


def test_a_study_that_is_there_already_is_not_added_to(storage):
    interop.export(OUTCOMES, space(), name="s", storage=storage)
    with pytest.raises(InputError, match="has a study 's' already"):
        interop.export(OUTCOMES, space(), name="s", storage=storage)
    assert len(loaded(storage).trials) == 3


def test_a_study_without_a_space_is_refused(tmp_path):
    with pytest.raises(InputError, match="does not know its space"):
        interop.export(OUTCOMES, {}, name="s", storage=str(tmp_path / "o.log"))
