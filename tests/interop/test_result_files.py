"""ytopt's and DeepHyper's result files: written as they are, read without loss or guesswork."""

import csv
import json
import os

import pytest
from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    Constant,
    Float,
    Integer,
    OrdinalHyperparameter,
)
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.interop import ytopt
from autotune.interop.cells import Cells, by_looks
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

DEEPHYPER = """\
p:x,p:k,objective,job_id,job_status,m:timestamp_submit,m:timestamp_gather,m:memory
0.5,4,-2.5,0,DONE,0.5,2.0,17
0.2,1,F,1,DONE,0.6,3.0,
0.3,2,F_timeout,2,DONE,2.0,9.0,
0.8,2,-1.25,3,DONE,3.0,10.0,
0.9,3,,4,CANCELLED,9.0,10.0,
"""
YTOPT = """\
x,k,objective,elapsed_sec
0.5,4.0,2.5,1.5
0.25,1.0,1.7976931348623157e+308,4.0
0.125,2.0,1.25,4.5
"""


def space():
    made = ConfigurationSpace()
    made.add(Float("x", (0.0, 1.0)), Integer("k", (1, 8)))
    return made.to_serialized_dict()


def wide_space():
    made = ConfigurationSpace()
    made.add(
        Categorical("c", ["a", "4.0"]),
        Categorical("b", [True, False]),
        OrdinalHyperparameter("o", [1, 2, 4]),
        Constant("z", 3),
    )
    return made.to_serialized_dict()


def written(tmp_path, text):
    path = tmp_path / "results.csv"
    path.write_text(text)
    os.utime(path, (1000.0, 1000.0))
    return path


def completed(number, config, value, end):
    return Completed(Trial(f"1-{number}", config), value, Timing(1.0, "w0", end - 1.0, end))


def test_a_deephyper_file_changes_sign_and_keeps_failures_metrics_and_times(tmp_path):
    """Layout: DeepHyper's documentation of `Search.search`, columns of the results."""
    read = ytopt.read_results(written(tmp_path, DEEPHYPER), space())
    first, failed, late, second, cancelled = read
    assert first.trial.config == {"x": 0.5, "k": 4}
    assert (first.value, second.value) == (2.5, 1.25)
    assert (first.metrics, second.metrics) == ({"memory": 17.0}, {})
    assert first.timing == Timing(1.5, "import", 990.5, 992.0)
    assert [each.kind for each in (failed, late, cancelled)] == [
        FailureKind.CRASHED,
        FailureKind.TIMEOUT,
        FailureKind.CRASHED,
    ]
    assert cancelled.detail == "recorded as cancelled"


def test_a_ytopt_file_keeps_its_sign_its_integers_and_its_failures(tmp_path):
    """Through its model, ytopt writes integers as floats, and failures as the largest float."""
    first, failed, last = ytopt.read_results(written(tmp_path, YTOPT), space())
    assert first.trial.config == {"x": 0.5, "k": 4}
    assert type(first.trial.config["k"]) is int
    assert (first.value, last.value) == (2.5, 1.25)
    assert isinstance(failed, Failed)
    assert last.timing == Timing(0.5, "import", 999.5, 1000.0)


def test_an_exported_study_reads_back(tmp_path):
    outcomes = [
        completed(0, {"x": 0.1 + 0.2, "k": 4}, 1 / 3, 101.0),
        Failed(Trial("1-1", {"x": 0.5, "k": 1}), FailureKind.TIMEOUT, "", Timing(9, "", 100, 109)),
        completed(2, {"x": 0.5}, -2.0, 110.0),
    ]
    assert ytopt.export(outcomes, ["x", "k"], tmp_path / "out") == 1
    with (tmp_path / "out" / "results.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["x", "k", "objective", "elapsed_sec"]
    assert [row[-1] for row in rows[1:]] == ["1.0", "10.0"]
    assert rows[2][:2] == ["0.5", "nan"]  # as ytopt writes what a condition switches off
    objectives = json.loads((tmp_path / "out" / "results.json").read_text())
    assert objectives == {
        '{"x": 0.30000000000000004, "k": 4}': 1 / 3,
        '{"x": 0.5, "k": NaN}': -2.0,
    }
    back = ytopt.read_results(tmp_path / "out" / "results.csv", space())
    assert [each.trial.config for each in back] == [outcomes[0].trial.config, {"x": 0.5}]
    assert [each.value for each in back] == [1 / 3, -2.0]


def test_a_cell_nan_is_an_absent_parameter_unless_it_is_one_of_its_choices(tmp_path):
    made = ConfigurationSpace()
    made.add(Float("x", (0.0, 1.0)), Categorical("c", ["nan", "inf"]))
    text = "x,c,objective,elapsed_sec\nnan,nan,1,1\n"
    (read,) = ytopt.read_results(written(tmp_path, text), made.to_serialized_dict())
    assert read.trial.config == {"c": "nan"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trial,status,objective,p:x\n", "an export of autotune itself"),
        ("p:x,objective_0,objective_1\n", "several objectives"),
        ("a,b\n1,2\n", "neither ytopt's .* its columns are a, b"),
        ("", "its columns are none"),
        ("p:x,objective\n0.5,1\n", "another space: it lacks k"),
        ("p:x,p:k,p:z,objective\n0.5,1,2,1\n", "another space: it has z"),
        (
            "x,k,objective,elapsed_sec\n0.5,1,1,1\n2,1,1,2\n0.5,1.5,1,3\n",
            r"2 of 3 rows cannot be read \(first: line 3: x = '2' is not a number in \[0.0, 1.0\]",
        ),
        (
            "x,k,objective,elapsed_sec\n0.5,1,abc,1\n",
            "1 of 1 rows cannot be read .first: line 2: could not convert string to float: 'abc'",
        ),
    ],
)
def test_a_file_that_is_not_legal_is_refused_whole(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        ytopt.read_results(written(tmp_path, text), space())


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*none\.csv"):
        ytopt.read_results(tmp_path / "none.csv", {})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("c", "4.0", "4.0"), ("b", "True", True), ("o", "4.0", 4), ("o", "2", 2), ("z", "3", 3)],
)
def test_a_choice_comes_back_as_the_space_has_it(name, text, value):
    read = Cells(wide_space()).read(name, text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(("name", "text"), [("c", "4"), ("b", "yes"), ("o", "3"), ("z", "4")])
def test_what_is_no_choice_is_refused(name, text):
    with pytest.raises(InputError, match=f"{name} = '{text}' is none of"):
        Cells(wide_space()).read(name, text)


@given(
    value=st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet="abcxyz-/.", min_size=1)
)
def test_without_a_space_a_value_reads_back_by_its_looks(value):
    read = by_looks(str(value))
    assert (read, type(read)) == (value, type(value))
