"""Where the published files lie, for tests that need them."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and no local folder unless the test sets one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("AUTOTUNE_DATA", raising=False)
    return tmp_path / "cache" / "autotune" / "data"


@pytest.fixture(scope="session")
def public():
    """The folder that AUTOTUNE_DATA names."""
    given = os.environ.get("AUTOTUNE_DATA")
    if not given or not Path(given).is_dir():
        pytest.skip("AUTOTUNE_DATA names no folder of public tables")
    return Path(given)
