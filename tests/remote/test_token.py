"""The token file is made once, private, and refused when others can read it."""

import pytest

from autotune.errors import InputError
from autotune.remote import token


def test_a_token_is_made_once_and_read_again(tmp_path):
    path = tmp_path / "deep" / "token"
    first = token.read_or_make(path)
    assert len(first) >= 40
    assert token.read_or_make(path) == token.read(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["token"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_token_that_others_can_read_or_write_is_refused(tmp_path, mode):
    path = tmp_path / "token"
    token.read_or_make(path)
    path.chmod(mode)
    with pytest.raises(InputError, match=r"others can read .* mode 0600"):
        token.read_or_make(path)


def test_a_link_in_place_of_the_file_is_refused(tmp_path):
    token.read_or_make(tmp_path / "real")
    (tmp_path / "token").symlink_to(tmp_path / "real")
    with pytest.raises(InputError, match="cannot read the token"):
        token.read_or_make(tmp_path / "token")


@pytest.mark.parametrize("text", ["", "short", "x" * 30 + "é", "two lines\n" + "x" * 30])
def test_a_file_that_holds_no_token_is_refused(tmp_path, text):
    path = tmp_path / "token"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(InputError, match="holds no token"):
        token.read(path)


def test_a_token_that_is_not_there_says_who_makes_it(tmp_path):
    with pytest.raises(InputError, match="`autotune serve` makes one"):
        token.read(tmp_path / "token")
