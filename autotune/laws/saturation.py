r"""The transformed expert count of Clark et al., which levels off at both ends.

.. math:: 1/h = 1/(x + k) + 1/m, \qquad 1/k = 1/s - 1/m

It starts at h = s for x = 0, grows like x, and never exceeds m. Clark et al. (2022),
arXiv:2202.01169, with x = E - 1; later laws use it for E - 1 and for the activation ratio.
"""

from autotune.types import Floats


def saturate(x: Floats, start: float, limit: float) -> Floats:
    """Map x >= 0 to h in [start, limit)."""
    k = 1 / (1 / start - 1 / limit)
    return 1 / (1 / (x + k) + 1 / limit)


def saturate_slopes(x: Floats, start: float, limit: float) -> tuple[Floats, Floats, Floats]:
    """Differentiate `saturate` with respect to x, start and limit."""
    k = 1 / (1 / start - 1 / limit)
    h = 1 / (1 / (x + k) + 1 / limit)
    by_x = (h / (x + k)) ** 2
    return by_x, by_x * (k / start) ** 2, (h / limit) ** 2 - by_x * (k / limit) ** 2
