"""What a job may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_jobs import job

from autotune.errors import InputError
from autotune.launching.array import TaskArray
from autotune.launching.clock import clock, seconds_of


@given(seconds=st.integers(0, 10**8))
def test_a_time_limit_reads_back(seconds):
    assert seconds_of(clock(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 1800), ("05:30", 330), ("1-00", 86400), ("2-03:04", 183840), ("1-00:00:01", 86401)],
)
def test_the_forms_of_the_manual_of_sbatch_are_read(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["UNLIMITED", "Partition_Limit", "", "1:2:3:4", "-"])
def test_what_is_no_time_limit_is_none(text):
    assert seconds_of(text) is None


@given(first=st.integers(0, 100), more=st.integers(0, 100), step=st.integers(1, 9))
def test_an_array_counts_as_a_range_does(first, more, step):
    array = TaskArray.parse(f"{first}-{first + more}:{step}%4")
    assert array.tasks == tuple(range(first, first + more + 1, step))
    assert array.at_once == 4


def test_an_array_may_list_ranges():
    assert TaskArray.parse("1,3,5-7").tasks == (1, 3, 5, 6, 7)


@pytest.mark.parametrize("text", ["", "a", "3-1", "0-7%0", "0-7%", "0-3,2", "0-4:0", "0-999999999"])
def test_a_bad_array_is_refused_with_its_text(text):
    with pytest.raises(InputError, match="array"):
        TaskArray.parse(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "two words"),
        ("name", ""),
        ("account", "x\n#SBATCH --nodes=99"),
        ("queue", "a b"),
        ("nodes", 0),
        ("ranks_per_node", 0),
        ("chain", 0),
        ("array", "7-0"),
        ("folder", "/with a blank/study"),
        ("folder", "relative"),
        ("workdir", "/a'b"),
    ],
)
def test_what_would_break_a_directive_is_refused(field, value):
    with pytest.raises(InputError):
        job(**{field: value})
