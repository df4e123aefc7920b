"""Conditions over columns mean what Python means, and nothing in them is run."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.runs.where import select

numbers = st.integers(-3, 3).map(float) | st.just(math.nan) | st.floats(-1e6, 1e6)
tables = st.integers(1, 6).flatmap(
    lambda n: st.fixed_dictionaries(
        {name: st.lists(numbers, min_size=n, max_size=n) for name in ("a", "b", "c")}
    )
)
terms = st.recursive(
    st.sampled_from(["a", "b", "c", "0", "1.5", "2e0", "-3"]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(
        lambda t: f"({t[0]} {t[1]} {t[2]})"
    ),
    max_leaves=3,
)
comparisons = st.one_of(
    st.tuples(terms, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), terms).map(" ".join),
    st.tuples(terms, terms, terms).map(lambda t: f"{t[0]} <= {t[1]} < {t[2]}"),
    st.tuples(terms, st.sampled_from(["in", "not in"]), terms).map(
        lambda t: f"{t[0]} {t[1]} ({t[2]}, 1, 2)"
    ),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        inner.map(lambda c: f"not ({c})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda t: f"({t[0]}) {t[1]} {t[2]}"
        ),
    ),
    max_leaves=5,
)


@given(table=tables, condition=conditions)
def test_a_condition_on_numbers_means_what_python_means(table, condition):
    n = len(table["a"])
    found = select(condition, {name: np.array(x) for name, x in table.items()}, n_rows=n)
    if " in " in condition:  # there Python takes a NaN for itself, by identity
        assume(not any(math.isnan(x) for values in table.values() for x in values))
    rows = [{name: x[i] for name, x in table.items()} for i in range(n)]
    assert found.tolist() == [eval(condition, {"__builtins__": {}}, row) for row in rows]


COLUMNS = {
    "tokens": np.array([1e9, 2e10, np.nan]),
    "router": np.array(["Hash", "S-Base", "it's 20B"]),
}


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("tokens >= 20B", [False, True, False]),
        ("tokens > 20B", [False, False, False]),
        ("tokens <= 1B", [True, False, False]),
        ("tokens < 1B", [False, False, False]),
        ("tokens < 0.03t and tokens > 1.5E3m", [False, True, False]),
        ("tokens != tokens", [False, False, True]),
        ("router == 'Hash'", [True, False, False]),
        ("router in ('Hash', 'S-Base')", [True, True, False]),
        ("router not in ['Hash']", [False, True, True]),
        ('router == "it\'s 20B"', [False, False, True]),
        ("not (router == 'Hash' or tokens > 1e10)", [False, False, True]),
        ("1 < 2", [True, True, True]),
        ("1 < 2 and tokens > 0", [True, True, False]),
    ],
)
def test_counts_and_texts_are_read_as_people_write_them(condition, rows):
    assert select(condition, COLUMNS, n_rows=3).tolist() == rows


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("token > 1", r"unknown column in the condition 'token'. Did you mean 'tokens'"),
        ("tokens = 1", "Write == to compare"),
        ("tokens >", "cannot read the condition 'tokens >'"),
        ("tokens", "tokens is not a condition"),
        ("tokens > 1 and router", "router is not a condition"),
        ("router == 1", "router is text and 1 a number"),
        ("tokens == 'Hash'", "'Hash' is text and tokens a number"),
        ("router < 'S'", "Text has ==, != and in"),
        ("router + 1 == 2", "router is text, and cannot be calculated with"),
        ("router in 'Hash'", "cannot follow `in`"),
        ("tokens in ()", "cannot follow `in`"),
        ("tokens in ('Hash', 1)", "'Hash' is text"),
        ("tokens is 1", "compared in an unknown way"),
        ("__import__('os').getcwd() == 'x'", "is neither a column, a number nor a quoted text"),
        ("tokens.sum() > 1", "is neither a column"),
        ("[x for x in (1, 2)] == 1", "is neither a column"),
        ("tokens ** 9 ** 9 > 1", "is neither a column"),
        ("tokens > 1; 2", "cannot read the condition"),
        ("(" * 400 + "tokens", "cannot read the condition"),
    ],
)
def test_a_bad_condition_is_one_clear_line(condition, said):
    with pytest.raises(InputError, match=said) as raised:
        select(condition, COLUMNS, n_rows=3)
    assert "\n" not in str(raised.value)
