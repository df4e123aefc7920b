"""What fitting a parabola to a grid of sizes does to a law whose optimum is known.

A law's loss at one budget is no parabola in ln N: it rises more steeply towards small models than
towards large ones, or the other way round. Its vertex therefore lies off the optimum unless the
grid is narrow or happens to balance, and a grid that drifts across the optimum as compute grows
turns that into an error of the exponent. No noise is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotune.fitting.parabola import Parabola
from autotune.laws.hoffmann import HoffmannLaw
from autotune.types import Floats

FLOPS = 6.0


@dataclass(frozen=True, slots=True)
class Grid:
    """The sizes that one budget was spent on.

    Attributes:
        flops: The budget C.
        sizes: N of the runs, shape (n,).
        per_token: C/(N D), 6 where C = 6 N D.
    """

    flops: float
    sizes: Floats
    per_token: float = FLOPS

    @property
    def tokens(self) -> Floats:
        """D that spends the budget at each size, shape (n,)."""
        return self.flops / (self.per_token * self.sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridBias:
    """Noise-free vertices of a law, beside its own optimum.

    Attributes:
        law: The law.
        vertex: Vertex over the law's optimal N, by budget; not-a-number if there is no minimum.
        inside: Whether the vertex lies within the sampled sizes, by budget.
        exponent: a of the power law through the vertices inside; not-a-number below two.
        true_exponent: a of the law, beta/(alpha + beta).
        ahead_flops: The budget that is predicted.
        ahead: Predicted N there over the law's.
    """

    law: HoffmannLaw
    vertex: tuple[float, ...]
    inside: tuple[bool, ...]
    exponent: float
    true_exponent: float
    ahead_flops: float
    ahead: float


def optimal_size(law: HoffmannLaw, flops: Floats, per_token: float | Floats = FLOPS) -> Floats:
    """N of least loss at C = per_token N D (Hoffmann et al. 2022, eq. 4), shape of `flops`."""
    total = law.alpha + law.beta
    g = (law.alpha * law.A / (law.beta * law.B)) ** (1 / total)
    size: Floats = g * (np.asarray(flops) / per_token) ** (law.beta / total)
    return size


def grid_bias(law: HoffmannLaw, grids: Sequence[Grid], *, ahead_flops: float) -> GridBias:
    """Fit parabolas to a law's own losses on the grids, and a power law to their vertices.

    Args:
        law: A law with positive A, B, alpha and beta.
        grids: The budgets; each has at least three sizes.
        ahead_flops: A budget to predict, at the last grid's C/(N D).
    """
    log_c = np.log([grid.flops for grid in grids])
    found, inside = [], []
    for grid in grids:
        parabola = Parabola.on(np.log(grid.sizes), np.ones(len(grid.sizes)))
        found.append(parabola.vertex(parabola.fit(law.loss(grid.sizes, grid.tokens))))
        inside.append(bool(parabola.inside(found[-1])))
    vertices = np.array(found)
    truth = np.array([optimal_size(law, np.array(g.flops), g.per_token) for g in grids])
    exponent = ahead = float("nan")
    if sum(inside) > 1:
        exponent, shift = np.polyfit(log_c[inside], vertices[inside], 1)
        own = optimal_size(law, np.array(ahead_flops), grids[-1].per_token)
        ahead = float(np.exp(exponent * np.log(ahead_flops) + shift) / own)
    return GridBias(
        law=law,
        vertex=tuple(float(v) for v in np.exp(vertices) / truth),
        inside=tuple(inside),
        exponent=float(exponent),
        true_exponent=law.beta / (law.alpha + law.beta),
        ahead_flops=ahead_flops,
        ahead=ahead,
    )


def off_centre(
    law: HoffmannLaw,
    flops: Sequence[float],
    *,
    centre: float | Sequence[float],
    decades: float,
    sizes: int = 9,
) -> list[Grid]:
    """Grids of log-spaced sizes around a multiple of the law's optimum.

    Args:
        law: The law.
        flops: The budgets.
        centre: Middle of the grid over the optimal N, for all budgets or one for each.
        decades: log10 of the largest size over the smallest.
        sizes: How many sizes.
    """
    around = np.logspace(-decades / 2, decades / 2, sizes)
    factors = np.broadcast_to(centre, len(flops))
    return [
        Grid(c, optimal_size(law, np.array(c)) * factor * around)
        for c, factor in zip(flops, factors, strict=True)
    ]
