"""A bracketed root in few evaluations."""

from collections.abc import Callable
from typing import TypeAlias

MAX_STEPS = 200

Point: TypeAlias = tuple[float, float]
"""An argument and the value there."""


def bracketed(
    function: Callable[[float], float], ends: tuple[float, float], *, precision: float = 1e-14
) -> float:
    """Find x between two ends at which a continuous function changes sign.

    Inverse quadratic interpolation where the last three points promise that it helps, and else a
    bisection (Chandrupatla 1997, Advances in Engineering Software 28(3), 145-149).

    Args:
        function: Has opposite signs, or a zero, at the ends. Where a root is so near an end that
            rounding leaves it one sign, the end of the least value is taken.
        ends: The bracket, in any order.
        precision: Width of the final bracket, relative to 1 + |x|.
    """
    other, last = ((x, function(x)) for x in ends)
    if other[1] == 0 or (other[1] < 0) == (last[1] < 0):
        return min(last, other, key=lambda point: abs(point[1]))[0]
    best, share = last, 0.5
    for _ in range(MAX_STEPS):
        best = min(last, other, key=lambda point: abs(point[1]))
        width, wanted = abs(other[0] - last[0]), precision * (1 + abs(best[0]))
        if best[1] == 0 or width <= wanted:
            break
        least = wanted / (2 * width)  # so that the last steps go just beyond the root
        x = last[0] + min(max(share, least), 1 - least) * (other[0] - last[0])
        if x in (last[0], other[0]):  # rounding has taken over
            break
        new = (x, function(x))
        left = last
        if (new[1] < 0) != (last[1] < 0):
            left, other = other, last
        last, share = new, _share(new, other, left)
    return best[0]


def _share(last: Point, other: Point, left: Point) -> float:
    """How far from the last point towards the other end of the bracket to go."""
    (a, at_a), (b, at_b), (c, at_c) = last, other, left
    if at_a in (at_b, at_c) or at_b == at_c:
        return 0.5
    place, height = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
    if not (height**2 < place and (1 - height) ** 2 < 1 - place):
        return 0.5
    return (
        at_a / (at_b - at_a) * at_c / (at_b - at_c)
        + (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
    )  # fmt: skip
