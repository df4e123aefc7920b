import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.quantities import (
    format_bytes,
    format_count,
    format_seconds,
    parse_bytes,
    parse_count,
    parse_seconds,
)


@given(st.floats(min_value=-1e300, max_value=1e300))
def test_every_finite_number_reads_back_as_itself(value):
    assert parse_count(repr(value)) == value


@given(st.floats(1.0, 1e26))
def test_a_written_count_reads_back_to_four_digits(value):
    assert parse_count(format_count(value)) == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize(
    ("text", "value"),
    [("7e9", 7e9), ("96B", 96e9), ("1.74T", 1.74e12), ("2.1e24", 2.1e24), ("350m", 350e6),
     ("12k", 12e3), (" 5 B ", 5e9), ("1_000", 1000.0), ("-3", -3.0), (".5", 0.5),
     ("16.4B", 16.4e9), ("5.7T", 5.7e12), ("1.5e3K", 1.5e6)],
)  # fmt: skip
def test_counts_read_as_people_write_them(text, value):
    assert parse_count(text) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("30m", 1800), ("30min", 1800), ("6h", 21600), ("30d", 2592000),
     ("1.5h", 5400), ("01:30:00", 5400), ("1-12:00:00", 129600)],
)  # fmt: skip
def test_durations_read_as_people_and_schedulers_write_them(text, seconds):
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "B", "7 billion", "1e", "nan", "inf", "1e999", "0x10", "1,5"])
def test_what_is_not_a_count_is_refused_with_an_example(text):
    with pytest.raises(InputError, match=r"Write it as 7e9|not a finite count"):
        parse_count(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("80GB", 80e9), ("80 gb", 80e9), ("141GiB", 141 * 2**30), ("1.5TB", 1.5e12), ("512B", 512)],
)
def test_sizes_of_memory_read_as_people_write_them(text, size):
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "80", "80G", "GB", "0GB", "-1GB", "1e999GB", "80 gigabytes"])
def test_what_is_not_a_size_of_memory_is_refused_with_its_unit(text):
    with pytest.raises(InputError, match="size of memory"):
        parse_bytes(text)


@pytest.mark.parametrize("text", ["", "h", "6 hours", "-1h", "0", "6H:00"])
def test_what_is_not_a_duration_is_refused_with_an_example(text):
    with pytest.raises(InputError, match="duration"):
        parse_seconds(text)


def test_a_count_just_below_a_suffix_rounds_up_into_it():
    assert format_count(1e9 - 1e-3) == "1B"
    assert format_count(999.96e9) == "1T"


def test_numbers_are_written_with_the_suffix_people_use():
    assert [format_count(v) for v in (1.824218e9, 9.136e10, 14.8e12, 3.2856e24, 0, 512)] == [
        "1.824B", "91.36B", "14.8T", "3.286e+24", "0", "512",
    ]  # fmt: skip
    assert [format_bytes(v) for v in (512, 70272, 575668224, 1.092e13)] == [
        "512 B", "70.27 kB", "575.7 MB", "10.92 TB",
    ]  # fmt: skip
    assert [format_seconds(v) for v in (0.25, 90, 7200, 3 * 86400)] == [
        "0.25 s", "90 s", "2.0 h", "3.0 d",
    ]  # fmt: skip
