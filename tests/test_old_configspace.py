"""Old ConfigSpace arguments: taken while a file runs, honoured by the search, gone afterwards."""

import ConfigSpace.hyperparameters as hyperparameters
import pytest
from ConfigSpace import ConfigurationSpace

from autotune import old_configspace
from autotune.problem import step_of

FLOAT, INTEGER = (
    hyperparameters.UniformFloatHyperparameter,
    hyperparameters.UniformIntegerHyperparameter,
)


def steps(cls, *args, **kwargs):
    with old_configspace.accepted():
        return step_of(cls(*args, **kwargs))


def test_a_step_is_taken_by_name_and_at_its_old_place():
    assert steps(INTEGER, "n", 2, 8, 4, 2) == 2
    assert steps(INTEGER, "n", lower=2, upper=8, default_value=8, q=2) == 2
    assert steps(FLOAT, "x", 0.1, 0.5, 0.2, 0.01, *[True]) == 0.01
    assert steps(FLOAT, name="x", lower=1e-6, upper=0.1, q=1e-6) == 1e-6


def test_todays_arguments_mean_what_they_mean():
    with old_configspace.accepted():
        made = INTEGER("n", 1, 8, 4, *[True])
        assert made.log
        assert step_of(made) is None
        assert step_of(INTEGER("n", 1, 8, q=None)) is None
        assert step_of(INTEGER("n", 1, 8, q=1)) is None
        assert INTEGER("n", 1, 8, meta={"unit": "m"}, q=7).meta == {"unit": "m", "q": 7}


def test_names_before_the_last_renaming_are_taken():
    with old_configspace.accepted():
        made = hyperparameters.CategoricalHyperparameter(
            "c", ["a", "b"], default="b", probabilities=[0.25, 0.75]
        )
    assert made.default_value == "b"
    assert tuple(made.weights) == (0.25, 0.75)


@pytest.mark.parametrize(
    ("cls", "given", "says"),
    [
        (INTEGER, {"lower": 1, "upper": 8, "q": 2}, "n: its step q = 2 does not divide the range"),
        (INTEGER, {"lower": 1, "upper": 8, "q": 0.5}, "n: its step q = 0.5 must be whole"),
        (FLOAT, {"lower": 0.0, "upper": 1.0, "q": -1}, "n: its step q = -1 must be > 0"),
        (FLOAT, {"lower": 0.0, "upper": 1.0, "q": "a"}, "n: its step q = 'a' must be > 0"),
        (FLOAT, {"lower": 0.0, "upper": 1.0, "q": 3.0}, "does not divide the range 0 .. 1"),
    ],
)
def test_a_step_that_cannot_be_honoured_is_refused_by_name(cls, given, says):
    with pytest.raises(ValueError, match=says), old_configspace.accepted():
        cls("n", **given)


def test_a_choice_takes_no_step():
    with pytest.raises(TypeError, match="CategoricalHyperparameter c takes no step q"):
        steps(hyperparameters.CategoricalHyperparameter, "c", ["a", "b"], q=2)


def nested_and_broken():
    with old_configspace.accepted():
        with old_configspace.accepted():
            INTEGER("n", 2, 8, q=2)
        INTEGER("n", 2, 8, q=2)
        raise ZeroDivisionError


def test_afterwards_configspace_is_as_it_was():
    before = (FLOAT.__init__, INTEGER.__init__)
    with pytest.raises(ZeroDivisionError):
        nested_and_broken()
    assert (FLOAT.__init__, INTEGER.__init__) == before
    with pytest.raises(TypeError, match="'q'"):
        INTEGER("n", 2, 8, q=2)
    with pytest.warns(DeprecationWarning, match="Please use"):
        ConfigurationSpace().add_hyperparameters([INTEGER("n", 2, 8)])
