"""Parameters of trials as columns, and how much each matters."""

import numpy as np
import pytest
from hypothesis import given, settings
from made_studies import SPACE, line_of_trials, outcomes

from autotune.history.importance import FEWEST, importance
from autotune.history.parameters import Column, columns


@settings(max_examples=20)
@given(outcomes())
def test_columns_hold_every_value_that_varies(made):
    for column in columns(made, SPACE):
        for outcome, number in zip(made, column.values, strict=True):
            given_value = outcome.trial.config.get(column.name)
            if given_value is None:
                assert np.isnan(number)
            elif column.choices:
                assert column.choices[int(number)] == given_value
            else:
                assert number == given_value


@settings(max_examples=20)
@given(outcomes())
def test_a_constant_is_no_column_and_a_space_is_not_needed(made):
    names = [column.name for column in columns(made, {})]
    assert "same" not in names
    assert sorted(names) == sorted(column.name for column in columns(made, SPACE))


def test_choices_keep_the_order_of_the_space():
    space = {"hyperparameters": [{"name": "size", "sequence": ["small", "large"]}]}
    made = line_of_trials(2)
    for outcome, size in zip(made, ("large", "small"), strict=True):
        outcome.trial.config["size"] = size
    (found,) = (column for column in columns(made, space) if column.name == "size")
    assert found.choices == ("small", "large")


@pytest.fixture(scope="module")
def planted():
    """120 trials of y = 3 a + b with an idle c."""
    x = np.random.default_rng(1).uniform(size=(120, 3))
    made = [Column(name, x[:, i]) for i, name in enumerate("cba")]
    return importance(made, 3 * x[:, 2] + x[:, 1])


def test_importance_finds_the_planted_order(planted):
    assert planted.names == ("a", "b", "c")
    assert planted.share[0] > 4 * planted.share[1] > 0
    assert abs(planted.share[2]) < 0.1
    assert planted.r2 > 0.8
    assert ((planted.low <= planted.share) & (planted.share <= planted.high)).all()


def test_noise_has_no_importance():
    rng = np.random.default_rng(2)
    found = importance([Column("x", rng.uniform(size=60))], rng.uniform(size=60))
    assert found.r2 < 0.2


def test_too_few_trials_have_no_importance():
    x = np.arange(FEWEST - 1.0)
    assert importance([Column("x", x)], x) is None
    assert importance([], np.arange(100.0)) is None
