"""The codec: every point is a configuration, every configuration a point."""

import json

import numpy as np
import pytest
from ConfigSpace import Configuration, ConfigurationSpace, Float, Integer
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.search.codec import INACTIVE, Codec, key

from .conftest import mixed_space

CODEC = Codec(mixed_space())
D = len(CODEC.names)
points = st.lists(st.floats(0, 1), min_size=D, max_size=D).map(np.array)


@given(point=points)
def test_a_configuration_survives_the_way_to_the_cube_and_back(point):
    config = CODEC.decode(point)
    again = CODEC.decode(CODEC.encode(config))
    assert again.keys() == config.keys()
    for name, value in config.items():
        near = pytest.approx(value, rel=1e-12, abs=1e-12) if isinstance(value, float) else value
        assert again[name] == near


@given(point=points)
def test_snapped_points_are_where_their_configurations_are(point):
    snapped = CODEC.snap(point[None])[0]
    np.testing.assert_allclose(CODEC.encode(CODEC.decode(snapped)), snapped, atol=1e-12)


@given(point=points)
def test_snapping_does_not_change_the_configuration(point):
    assert key(CODEC.decode(CODEC.snap(point[None])[0])) == key(CODEC.decode(point))


@given(point=points)
def test_configspace_accepts_what_is_decoded_unless_it_is_forbidden(point):
    config = CODEC.decode(point)
    if CODEC.legal(config):
        assert dict(Configuration(mixed_space(), values=config)).keys() == config.keys()
    else:
        assert (config["kind"], config["size"]) == ("plain", "l")


@given(point=points)
def test_values_are_plain_json(point):
    config = CODEC.decode(point)
    assert {type(value) for value in config.values()} <= {bool, int, float, str}
    assert json.loads(json.dumps(config)) == config


@given(point=points)
def test_values_stay_inside_their_bounds(point):
    config = CODEC.decode(point)
    assert 1e-5 <= config["rate"] <= 1e-1
    assert 1 <= config["width"] <= 300
    assert config["version"] == 7


@given(point=points)
def test_a_switched_off_parameter_is_absent_and_sits_in_the_middle(point):
    config = CODEC.decode(point)
    assert ("gate" in config) == (config["kind"] == "gated")
    assert ("depth" in config) == (config.get("gate", -1) > 0)
    if "depth" not in config:
        assert CODEC.snap(point[None])[0][CODEC.names.index("depth")] == INACTIVE


@given(low=st.integers(-5, 5), span=st.integers(0, 40), unit=st.floats(0, 1))
def test_every_integer_of_a_range_can_be_reached(low, span, unit):
    space = ConfigurationSpace()
    space.add(Integer("n", (low, low + span)) if span else Integer("n", (low, low + 1)))
    codec = Codec(space)
    reached = {codec.decode(point)["n"] for point in codec.grid()}
    assert reached == set(range(low, low + max(span, 1) + 1))
    assert codec.decode(np.array([unit]))["n"] in reached


def test_both_ends_of_a_logarithmic_range_are_reached_exactly():
    space = ConfigurationSpace()
    space.add(Float("n", (1e7, 1e12), log=True))
    codec = Codec(space)
    # ConfigSpace itself moves such bounds in their last digit
    assert codec.decode(np.array([0.0])) == {"n": space["n"].lower}
    assert codec.decode(np.array([1.0])) == {"n": space["n"].upper}


def test_choices_without_order_are_one_hot_and_constants_cost_nothing():
    # rate 1, width 1, kind 3, gate 1, depth 1, size 1 (ordered), version 0
    assert CODEC.n_features == 8
    features = CODEC.features(CODEC.snap(np.random.default_rng(0).random((50, D))))
    assert features.shape == (50, 8)
    assert features.min() >= 0
    assert (features <= CODEC.highest).all()


def test_a_grid_holds_every_combination_once():
    space = ConfigurationSpace()
    space.add(Integer("n", (1, 12), log=True), Integer("m", (0, 3)))
    codec = Codec(space)
    assert codec.size == 48
    configs = {key(codec.decode(point)) for point in codec.grid()}
    assert len(configs) == len(codec.grid()) == 48


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rate": 2.0}, "rate"),
        ({"rate": "fast"}, "not a number"),
        ({"width": 2.5}, "not an integer"),
        ({"kind": "square"}, "'plain', 'gated', 3"),
        ({"colour": 1}, "no parameter 'colour'"),
    ],
)
def test_a_foreign_configuration_is_refused_by_name(change, says):
    config = {"rate": 1e-3, "width": 4, "kind": "plain", "size": "s", "version": 7}
    with pytest.raises(InputError, match=says):
        CODEC.encode(config | change)


def test_a_missing_parameter_is_named():
    space = ConfigurationSpace()
    space.add(Float("x", (0, 1)), Float("y", (0, 1)))
    with pytest.raises(InputError, match="lacks the parameter 'y'"):
        Codec(space).encode({"x": 0.5})


def test_features_reach_from_zero_to_their_highest(mixed):
    codec = Codec(mixed)
    points = codec.snap(np.random.default_rng(0).random((400, len(codec.names))))
    features = codec.features(points)
    assert (features >= 0).all()
    assert (features <= codec.highest).all()
    categories = codec.highest > 1
    assert categories.sum() == 3
    assert features.max(axis=0)[categories] == pytest.approx(codec.highest[categories])
