"""From a good point to the local minimum of its basin, to machine precision."""

import numpy as np

from autotune.planning.region import Region
from autotune.planning.surface import Jet, Surface
from autotune.types import Floats, Interval

MAX_STEPS = 60
SETTLED = 1e-14


def descend(surface: Surface, region: Region, *, start: Interval) -> Interval:
    """Return the best of: the point, Newton's method inside, and along each side, of the region.

    A minimum lies inside, on a side or at a corner; trying all of them needs no tolerance to
    decide which constraints are active.
    """
    found = [start]
    if region.u[0] < region.u[1] and region.n[0] < region.n[1]:
        found.append(_inside(surface, region, start=start))
    found.extend(_along(surface, edge, near=start) for edge in region.edges())
    points = np.array(found).T
    best = int(np.argmin(surface.value(points[0], points[1])))
    return found[best]


def _inside(surface: Surface, region: Region, *, start: Interval) -> Interval:
    """Damped Newton in two variables, stopping where it would leave the region."""
    point = np.array(start)
    jet = _jet(surface, point)
    for _ in range(MAX_STEPS):
        gradient = np.array([jet.by_n, jet.by_u])
        hessian = np.array([[jet.by_nn, jet.by_nu], [jet.by_nu, jet.by_uu]])
        curvatures, axes = np.linalg.eigh(hessian)
        floor = max(1e-12 * abs(curvatures).max(), 1e-300)
        step = -axes @ ((axes.T @ gradient) / np.maximum(abs(curvatures), floor))
        step *= min(1.0, 2.0 / max(float(abs(step).max()), 1e-300))  # a factor e^2 at most
        if abs(step).max() <= SETTLED * (1 + abs(point).max()):
            break
        moved = _backtrack(surface, region, point=point, step=step, value=float(jet.value))
        if moved is None:
            break
        point, jet = moved, _jet(surface, moved)
    return float(point[0]), float(point[1])


def _backtrack(
    surface: Surface, region: Region, *, point: Floats, step: Floats, value: float
) -> Floats | None:
    """The longest of the step, its half, ... that stays inside and does not go up."""
    for _ in range(30):
        new = point + step
        inside = (
            region.n[0] <= new[0] <= region.n[1]
            and region.u[0] <= new[1] <= region.u[1]
            and new[0] + new[1] <= region.cap
        )
        if inside and float(surface.value(new[0], new[1])) <= value:
            return new
        step = step / 2
    return None


def _along(surface: Surface, edge: tuple[Interval, Interval], *, near: Interval) -> Interval:
    """Newton's method on a segment, from the point on it nearest to `near`."""
    start, end = np.array(edge[0]), np.array(edge[1])
    way = end - start
    length = float(way @ way)
    if not length:
        return edge[0]
    t = min(max(float((np.array(near) - start) @ way) / length, 0.0), 1.0)
    jet = _jet(surface, start + t * way)
    for _ in range(MAX_STEPS):
        slope = float(jet.by_n * way[0] + jet.by_u * way[1])
        bend = float(
            jet.by_nn * way[0] ** 2 + 2 * jet.by_nu * way[0] * way[1] + jet.by_uu * way[1] ** 2
        )
        step = -slope / max(abs(bend), 1e-300)
        new = min(max(t + step, 0.0), 1.0)
        ahead = _jet(surface, start + new * way)
        while float(ahead.value) > float(jet.value) and abs(new - t) > SETTLED:
            new = (new + t) / 2
            ahead = _jet(surface, start + new * way)
        if abs(new - t) <= SETTLED or float(ahead.value) > float(jet.value):
            break
        t, jet = new, ahead
    at = edge[0] if t == 0 else edge[1] if t == 1 else (start + t * way).tolist()
    return float(at[0]), float(at[1])


def _jet(surface: Surface, point: Floats) -> Jet:
    return surface.jet(np.asarray(point[0]), np.asarray(point[1]))
