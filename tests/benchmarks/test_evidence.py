"""Recorded results of long benchmarks: nothing that was made is made twice, or lost."""

import pytest
from evidence import continued, read, write

JOBS = [("a", 0), ("b", 0), ("a", 1)]


def test_a_benchmark_that_was_stopped_makes_only_what_its_file_lacks(tmp_path):
    kept, made = tmp_path / "new" / "rows.csv", []

    def make(name, seed):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append((name, seed))
        return [{"name": name, "seed": seed, "step": step} for step in range(2)]

    with pytest.raises(KeyboardInterrupt):
        continued(kept, JOBS, by=("name", "seed"), make=make)
    assert [(row["name"], row["seed"]) for row in read(kept)[::2]] == made == JOBS[:2]
    made.clear()
    found = continued(kept, JOBS, by=("name", "seed"), make=make)
    assert made == JOBS[2:]
    assert read(kept) == found
    assert len(found) == 6


def test_records_that_cannot_be_written_leave_those_of_before(tmp_path):
    write(tmp_path / "rows.csv", [{"x": 1}])
    with pytest.raises(ValueError, match="y"):
        write(tmp_path / "rows.csv", [{"x": 2}, {"y": 3}])
    assert read(tmp_path / "rows.csv") == [{"x": 1}]
