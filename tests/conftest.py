"""Settings that every test shares."""

from hypothesis import settings

# A deadline asserts wall time, which a loaded machine breaks.
settings.register_profile("untimed", parent=settings.default, deadline=None)
settings.load_profile("untimed")
