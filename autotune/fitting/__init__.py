"""Fitting: from a table of finished runs to a law with intervals and held-out error."""
