"""What follows from what is given, and inputs as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.laws.points import complete, value_of

sizes = st.floats(1e6, 1e13)


@given(n=sizes, s=st.floats(0, 0.99), d=sizes)
def test_active_total_and_sparsity_follow_from_any_two_of_them(n, s, d):
    total = n / (1 - s)
    for two in (
        {"n_active": n, "sparsity": s},
        {"n_total": total, "sparsity": s},
        {"n_active": n, "n_total": total},
    ):
        known, how = complete(two | {"tokens": d})
        assert known["n_active"] == pytest.approx([n], rel=1e-12)
        assert known["n_total"] == pytest.approx([total], rel=1e-12)
        assert 1 - known["sparsity"] == pytest.approx([1 - s], rel=1e-9)
        assert set(how) == {"n_active", "n_total", "sparsity"} - set(two)


@given(n=sizes, d=sizes)
def test_tokens_follow_from_flops(n, d):
    known, how = complete({"n_active": n, "flops": 6 * n * d})
    assert known["tokens"] == pytest.approx([d], rel=1e-12)
    assert how["tokens"] == "flops / (6 n_active)"
    assert "flops" not in known


def test_stated_tokens_win_over_flops():
    known, _ = complete({"n_active": 1e9, "tokens": 2e10, "flops": 1.0})
    assert known["tokens"] == [2e10]


def test_one_value_serves_every_point():
    known, _ = complete({"n_active": [1e9, 2e9], "tokens": 2e10, "n_experts": 8})
    assert all(values.shape == (2,) for values in known.values())


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"tokens": 1e9}, "neither n_active nor n_total is given"),
        ({"n_active": 1e9}, "tokens are not given"),
        ({"n_active": [1, 2, 3], "tokens": [1, 2]}, "n_active has 3 values and tokens has 2"),
        ({"n_active": [1, 3], "n_total": [2, 2], "tokens": 1}, r"1 of 2 points .*first: point 2"),
        ({"n_active": 1, "n_total": 2, "sparsity": 0.9, "tokens": 1}, r"sparsity 0\.9 but 1 - "),
        ({"n_active": 1, "sparsity": 1.0, "tokens": 1}, "sparsity must be in"),
        ({"n_active": 0, "n_total": 1, "tokens": 1}, "n_active must be finite and > 0"),
    ],
)
def test_too_little_or_contradictory_input_is_refused(given_, said):
    with pytest.raises(InputError, match=said):
        complete(given_)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("n_active", "7B", 7e9), ("sparsity", "0.9", 0.9), ("n_experts", "8", 8)],
)
def test_an_input_is_read_as_people_write_it(name, text, value):
    assert value_of(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("tokens", "oops", "cannot read 'oops' as a count"),
        ("n_active", "-1", "n_active must be finite and > 0"),
        ("sparsity", "1.5", "sparsity must be in"),
        ("n_experts", "0", ">= 1"),
    ],
)
def test_an_input_out_of_its_domain_is_refused(name, text, said):
    with pytest.raises(InputError, match=said):
        value_of(name, text)
