"""Matern-5/2 with one length per feature: correlation, and its derivatives."""

import numpy as np

from autotune.types import Floats

ROOT5 = np.sqrt(5.0)


def squared_distances(a: Floats, b: Floats) -> Floats:
    """Between rows of (m, d) and of (n, d), shape (m, n)."""
    total = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2 * (a @ b.T)
    return np.asarray(np.maximum(total, 0.0))


def correlation(squared: Floats) -> Floats:
    """k(r) = (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r), from r^2."""
    scaled = ROOT5 * np.sqrt(squared)
    return np.asarray((1 + scaled + scaled * scaled / 3) * np.exp(-scaled))


def with_slope(squared: Floats) -> tuple[Floats, Floats]:
    """The correlation, and -2 dk/d(r^2) = 5/3 (1 + sqrt(5) r) exp(-sqrt(5) r), from r^2."""
    scaled = ROOT5 * np.sqrt(squared)
    decay = np.exp(-scaled)
    return (1 + scaled + scaled * scaled / 3) * decay, (5 / 3) * (1 + scaled) * decay
