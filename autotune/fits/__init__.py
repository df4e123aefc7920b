"""Saved fits: a fit under a name, on disk, as good as a published law."""
