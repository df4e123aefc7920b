"""Fixtures of the verbs that tune a problem of a test's own, and browse its study."""

import pytest
from cli_run import run


@pytest.fixture
def tuning(tmp_path):
    """From a problem's text and file name to `autotune tune` of it, in this process."""

    def make(text, name):
        path = tmp_path / name
        path.write_text(text)

        def call(*arguments, study="s"):
            return run(
                "tune", path, "--workers", 0, "--storage", tmp_path, "--study", study, *arguments
            )

        return call

    return make


@pytest.fixture
def results(tmp_path):
    """`autotune results` on those studies."""
    return lambda *arguments: run("results", *arguments, "--storage", tmp_path)
