"""A bracketed root in few evaluations."""

from collections.abc import Callable

MAX_STEPS = 200


def bracketed(
    function: Callable[[float], float], ends: tuple[float, float], *, precision: float = 1e-14
) -> float:
    """Find x between two ends at which a continuous function changes sign.

    False position with the Illinois rule, and a bisection whenever two steps in a row fail to
    halve the bracket.

    Args:
        function: Has opposite signs, or a zero, at the ends.
        ends: The bracket, in any order.
        precision: Width of the final bracket, relative to 1 + |x|.
    """
    (a, b), (at_a, at_b) = ends, (function(ends[0]), function(ends[1]))
    if at_a == 0:
        return a
    for step in range(MAX_STEPS):
        if at_b == 0 or abs(b - a) <= precision * (1 + abs(b)):
            return b
        width = abs(b - a)
        x = (a + b) / 2 if step % 3 == 2 else b - at_b * (b - a) / (at_b - at_a)
        at_x = function(x)
        if (at_x < 0) != (at_b < 0):
            a, at_a = b, at_b
        elif step % 3 != 2:
            at_a /= 2  # the same end again: pull the other one in
        b, at_b = x, at_x
        if abs(b - a) > width:  # rounding has taken over
            return x
    return b
