import pytest

from autotune import share
from autotune.errors import InputError


def test_a_given_path_wins(tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text("")
    assert share.find("problems", str(mine), suffix=".py") == mine


@pytest.mark.parametrize("name", ["moe_budget", "moe_budget.py"])
def test_a_shared_file_is_found_by_name_with_or_without_its_ending(name):
    found = share.find("problems", name, suffix=".py")
    assert found.name == "moe_budget.py"
    assert found in share.listing("problems", suffix=".py")


def test_a_missing_file_names_every_place_that_was_looked_at():
    with pytest.raises(InputError) as caught:
        share.find("problems", "no_such", suffix=".py")
    message = str(caught.value)
    for folder in share.folders("problems"):
        assert str(folder) in message
    assert "moe_budget" in message
