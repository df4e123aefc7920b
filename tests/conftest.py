"""Settings that every test shares."""

from hypothesis import settings

# A deadline asserts wall time, which a loaded machine breaks. Every run draws other examples.
settings.register_profile("untimed", parent=settings.default, deadline=None, max_examples=20)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items):
    """Slow tests begin first, so that no process is left with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
