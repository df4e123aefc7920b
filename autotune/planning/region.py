"""The feasible set in logarithms: a box in (n, u), cut by one line n + u <= cap."""

import math
from dataclasses import dataclass

import numpy as np

from autotune.types import Floats, Interval


@dataclass(frozen=True, slots=True)
class Region:
    """Where n = ln N_active and u = ln(N_total/N_active) may lie.

    Attributes:
        n: Lowest and highest n.
        u: Lowest and highest u; equal for a problem in n alone.
        cap: Highest n + u, the logarithm of the largest N_total.
    """

    n: Interval
    u: Interval = (0.0, 0.0)
    cap: float = math.inf

    def vertices(self) -> tuple[Floats, Floats]:
        """The corners of the polygon, some perhaps twice, shapes (5,)."""
        n, u = corners(np.array([[*self.n, *self.u]]), self.cap)
        return n[:, 0], u[:, 0]

    def edges(self) -> list[tuple[Interval, Interval]]:
        """The sides of the polygon that have a length, as pairs of end points (n, u)."""
        n, u = (x.tolist() for x in self.vertices())
        ring = list(dict.fromkeys(zip(n, u, strict=True)))
        if len(ring) < 3:
            return [(ring[0], ring[-1])]
        return list(zip(ring, ring[1:] + ring[:1], strict=True))


def corners(boxes: Floats, cap: float) -> tuple[Floats, Floats]:
    """Corners of boxes (rows of n_low, n_high, u_low, u_high) cut by n + u <= cap.

    The boxes must reach below the cut. Corners follow each other around the polygon, and
    coincide where the cut removes nothing or a whole side.

    Returns:
        n and u of the corners, shapes (5, boxes).
    """
    n_low, n_high, u_low, u_high = boxes.T
    right = np.minimum(n_high, cap - u_low)
    top = np.minimum(u_high, cap - n_low)
    right_u = np.clip(cap - right, u_low, u_high)
    top_n = np.clip(cap - top, n_low, n_high)
    return (
        np.stack([n_low, right, right, top_n, n_low]),
        np.stack([u_low, u_low, right_u, top, top]),
    )
