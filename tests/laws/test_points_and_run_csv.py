"""What follows from what is given, and how run tables with bad cells are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.laws import run_csv
from autotune.laws.points import complete

sizes = st.floats(1e6, 1e13)
COLUMNS = {"n_active", "n_total", "tokens", "sparsity", "flops", "n_experts"}


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


def test_a_csv_gives_the_wanted_columns_as_people_write_counts():
    text = "\ufeffn_active, tokens,note\n1e9,20B,x\n\n2B,1.5T,y\n"
    table = run_csv.read(text, COLUMNS, name="runs.csv")
    assert list(table.values) == ["n_active", "tokens"]
    np.testing.assert_array_equal(table.values["tokens"], [2e10, 1.5e12])
    assert table.lines == [2, 4]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no rows below its header"),
        ("n_active,tokens\n\n", "has no rows below its header"),
        ("n_active,n_active\n1,2\n", "has the column 'n_active' twice"),
        (
            "n_active,tokens\n1e9,1e9\n1e9,oops\n-1,1e9\n",
            r"2 cells cannot be used, in 3 rows \(first: row 3, column tokens, value 'oops'",
        ),
        ("n_active,sparsity\n1e9,1.5\n", r"column sparsity, value '1\.5': sparsity must be in"),
        ("n_active,n_experts\n1e9,0\n", r"column n_experts, value '0': .* >= 1"),
        ("n_active,tokens\n1e9\n", "row 2 has 1 cells, the header 2"),
        ("n_active,tokens\n1e9,\n", "column tokens, value ''"),
    ],
)
def test_a_csv_that_cannot_be_used_says_where_and_how_many(text, said):
    with pytest.raises(InputError, match=said):
        run_csv.read(text, COLUMNS, name="runs.csv")


def test_cells_of_columns_that_nobody_asked_for_may_hold_anything():
    table = run_csv.read("n_active,comment\n1e9,diverged\n", COLUMNS, name="runs.csv")
    assert list(table.values) == ["n_active"]
