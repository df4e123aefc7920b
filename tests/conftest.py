"""Settings that every test shares."""

import pytest
from hypothesis import settings
from postgres_server import postgres

# A deadline asserts wall time, which a loaded machine breaks. Every run draws other examples.
settings.register_profile("untimed", parent=settings.default, deadline=None, max_examples=20)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def postgres_url():
    """The address of a PostgreSQL server; of the group `postgres` alone, so that one is enough."""
    with postgres("-c fsync=off") as url:
        yield url


def pytest_collection_modifyitems(items):
    """Slow tests begin first, so that no process is left with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
