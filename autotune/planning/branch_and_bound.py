"""The global minimum of a difference of convex functions, with a proof.

On a polygon, F = P - Q with P and Q convex lies above (tangent plane of P) - Q, which is concave
and so takes its minimum at a corner: a rigorous bound from five evaluations, with no constant to
estimate. Boxes whose bound exceeds the best value found are dropped, the others are halved.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune.planning import polish
from autotune.planning.region import Region, corners
from autotune.planning.surface import Jet, Surface
from autotune.types import Floats, Interval

MAX_LEVELS = 120
MAX_BOXES = 100_000
ROUNDING = 1e-13  # relative error allowed to the evaluation of a bound


@dataclass(frozen=True, slots=True)
class Minimum:
    """A point, its value, and a proven lower bound of the function on the whole region."""

    n: float
    u: float
    value: float
    lower: float


def minimise(surface: Surface, region: Region, *, tolerance: float) -> Minimum:
    """Minimise over a non-empty region until the proven gap is below `tolerance`, relative.

    The search stops early, with the wider gap it then has, if the boxes outgrow the memory set
    aside for them.
    """
    convex, concave = surface.split()
    best = polish.descend(surface, region, start=_least(surface, *region.vertices()))
    best_value = float(surface.value(*map(np.asarray, best)))
    boxes = np.array([[*region.n, *region.u]])
    dropped = np.inf
    for _ in range(MAX_LEVELS):
        corner_n, corner_u = corners(boxes, region.cap)
        plane = convex.jet(boxes[:, :2].mean(axis=1), boxes[:, 2:].mean(axis=1))
        bounds = _lower_bounds(plane, concave, boxes=boxes, corner=(corner_n, corner_u))
        found = _least(surface, corner_n.ravel(), corner_u.ravel())
        if float(surface.value(*map(np.asarray, found))) < best_value:
            best = polish.descend(surface, region, start=found)
            best_value = float(surface.value(*map(np.asarray, best)))
        keep = bounds < best_value - tolerance * abs(best_value)
        dropped = min(dropped, float(bounds[~keep].min(initial=np.inf)))
        if not keep.any() or 2 * int(keep.sum()) > MAX_BOXES:
            dropped = min(dropped, float(bounds[keep].min(initial=np.inf)))
            break
        boxes = _halve(boxes[keep], _curved_in_u(plane, boxes)[keep], cap=region.cap)
    else:
        dropped = min(dropped, float(bounds[keep].min(initial=np.inf)))
    return Minimum(*best, best_value, min(dropped, best_value))


def _lower_bounds(
    plane: Jet, concave: Surface, *, boxes: Floats, corner: tuple[Floats, Floats]
) -> Floats:
    """A value that F does not undercut in each box, shape (boxes,)."""
    corner_n, corner_u = corner
    centre_n, centre_u = boxes[:, :2].mean(axis=1), boxes[:, 2:].mean(axis=1)
    tangent = plane.value + plane.by_n * (corner_n - centre_n) + plane.by_u * (corner_u - centre_u)
    least = (tangent - concave.value(corner_n, corner_u)).min(axis=0)
    return np.asarray(least - ROUNDING * plane.value)


def _least(surface: Surface, n: Floats, u: Floats) -> Interval:
    at = int(np.argmin(surface.value(n, u)))
    return float(n[at]), float(u[at])


def _curved_in_u(plane: Jet, boxes: Floats) -> NDArray[np.bool_]:
    """Whether the tangent plane errs more along u than along n: there a cut helps most."""
    widths = boxes[:, [1, 3]] - boxes[:, [0, 2]]
    curved: NDArray[np.bool_] = plane.by_uu * widths[:, 1] ** 2 > plane.by_nn * widths[:, 0] ** 2
    return curved


def _halve(boxes: Floats, across_u: NDArray[np.bool_], *, cap: float) -> Floats:
    """Cut each box across n or u and drop what lies beyond the cap."""
    low = np.where(across_u, 2, 0)
    rows = np.arange(len(boxes))
    middle = (boxes[rows, low] + boxes[rows, low + 1]) / 2
    first, second = boxes.copy(), boxes.copy()
    first[rows, low + 1] = middle
    second[rows, low] = middle
    halves = np.concatenate([first, second])
    below: Floats = halves[halves[:, 0] + halves[:, 2] <= cap]
    return below
