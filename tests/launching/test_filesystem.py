"""What a study needs of a file system, tried on one that keeps it."""

import pytest

from autotune.launching import filesystem


def test_a_local_file_system_keeps_everything_and_its_clock_is_ours(tmp_path):
    seen = filesystem.check(tmp_path)
    assert seen.wrong == ()
    assert abs(seen.skew) < 1
    assert [path.name for path in tmp_path.iterdir()] == [seen.file]


def test_a_folder_that_cannot_be_written_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="not-there"):
        filesystem.check(tmp_path / "not-there")
