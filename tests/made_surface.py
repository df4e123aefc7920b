"""Runs on a loss surface whose best shape is known at every budget."""

from dataclasses import dataclass, replace

import numpy as np
from made_stacks import HEADS, paper

from autotune.architecture.divisors import Divisors
from autotune.architecture.layer_stack import LayerStack
from autotune.architecture.triad import of_ratios
from autotune.architecture.triad_inverse import solve, widths
from autotune.architecture.whole_stack import rounded
from autotune.fitting.shape_runs import ShapeRuns, costs
from autotune.laws.sparse_shape import BoundedPower, RaisedPower

LIMIT = 289 / 9
M = RaisedPower(c=0.04368, p=0.5437)
DENSITY = RaisedPower(c=1348.1, p=-0.13722, floor=6.0)
EXPANSION = BoundedPower(c=0.0943, p=0.0657, low=1.0, high=LIMIT)
WIDTH = RaisedPower(c=0.056, p=0.2207)
LR = RaisedPower(c=0.8877, p=-0.1595)
BATCH = RaisedPower(c=9.09, p=0.2645)
STEPS = np.exp(np.linspace(-1, 1, 9))
TRIPLETS = [(1.5, 1.3), (0.6, 1), (1, 0.5), (2, 0.6), (0.7, 2.5), (2.2, 1)]
"""Where hidden sizes are tried at the least budget: factors on the best M/N_a - 6 and odds."""


@dataclass(frozen=True)
class Surface:
    """Loss over shape: least at four power laws, and flatter by `C^-flattening` in all of them."""

    m: RaisedPower = M
    density: RaisedPower = DENSITY
    expansion: BoundedPower = EXPANSION
    width: RaisedPower = WIDTH
    lr: RaisedPower = LR
    batch: RaisedPower = BATCH
    sharp: float = 0.08
    flattening: float = 0.1

    def least(self, c):
        return 1.7 + 480 / c**0.14

    def best(self, c):
        """The triad of least loss."""
        return of_ratios(
            self.m.value(c), density=self.density.value(c), expansion=self.expansion.value(c)
        )

    def rise(self, c, triad, d, middle, *, held):
        """Loss above the least, as a share; the best d is in proportion to the middle one."""
        ideal = self.best(c)
        turned = self.width.value(c) / widths(ideal, held).middle
        sharp = self.sharp * (c / 1e19) ** -self.flattening
        off = np.log(triad.flops_per_token / ideal.flops_per_token)
        u = (triad.density - 6) / (ideal.density - 6)
        r, limit, y = self.expansion.power(ideal.expansion), LIMIT, triad.expansion
        poles = r**2 / (y - 1) + 1 / (limit - y)  # least where (y - 1)/(limit - y) is r
        bowl = poles * (limit - 1) / (1 + r) ** 2 - 1
        return sharp * (off**2 / 2 + (u + 1 / u - 2) / 2 + bowl + (d / middle / turned - 1) ** 2)


def asked(surface, c, held, triplets):
    """Triads and hidden sizes of the runs of one budget."""
    ideal = surface.best(c)
    u, t = float(ideal.density) - 6, float(surface.expansion.power(ideal.expansion))

    def at(m=1.0, x=1.0, y=1.0):
        return of_ratios(
            m * ideal.flops_per_token, density=6 + x * u, expansion=surface.expansion.raised(y * t)
        )

    def middle(triad):
        return float(widths(triad, held).middle)

    rows = [(at(m=f), 1.0) for f in STEPS]
    rows += [(at(x=f), 1.0) for f in STEPS]
    rows += [(at(y=f), 1.0) for f in STEPS]
    best_d = float(surface.width.value(c)) / middle(ideal)
    ends = widths(ideal, held)
    rows += [
        (ideal, best_d * f)
        for f in np.linspace(0.6, 1.5, 10)
        if 1.05 * ends.low < best_d * f * middle(ideal) < 0.95 * ends.high
    ]
    rows += [(at(x=x, y=y), f) for x, y in triplets for f in (0.6, 0.7, 0.8, 1, 1.15)]
    return [(triad, f * middle(triad)) for triad, f in rows]


def runs(
    surface=None, *, budgets=tuple(HEADS), noise=0.0, seed=0, whole=False, ranks=True, around=None
):
    """Isoflops, both ratios at the middle hidden size, hidden sizes at the best triplet.

    They lie around the best shapes of the surface, or of another one.
    """
    surface, rng = surface or Surface(), np.random.default_rng(seed)
    stacks, held, flops = [], [], []
    for i, c in enumerate(budgets):
        constants = paper(*HEADS[c])
        for triad, d in asked(around or surface, c, constants, TRIPLETS if ranks and not i else ()):
            if whole:
                d = 8 * round(d / 8)
                stacks.append(rounded(triad, d, constants=constants, divisors=Divisors()))
            else:
                stacks.append(solve(triad, d, constants=constants))
            held.append(constants)
            flops.append(c)
    names = ("n_layers", "n_dense_layers", "d_model", "expert_width")
    stack = LayerStack(**{n: np.array([float(getattr(s, n)) for s in stacks]) for n in names})
    flops = np.array(flops)
    triad, middle = costs(stack, held)
    rise = np.array([
        surface.rise(c, _pick(triad, i), stack.d_model[i], middle[i], held=held[i])
        for i, c in enumerate(flops)
    ])  # fmt: skip
    lr = surface.lr.value(flops) * np.exp(rng.choice(np.linspace(-0.5, 0.5, 5), len(flops)))
    loss = surface.least(flops) * (1 + rise) * (1 + noise * rng.standard_normal(len(flops)))
    return stack, ShapeRuns(
        flops=flops, triad=triad, d_model=stack.d_model, middle=middle, loss=loss,
        held=tuple(held), lr=lr,
        batch_tokens=surface.batch.value(flops), lines=np.arange(2, len(flops) + 2), name="made",
    )  # fmt: skip


def _pick(triad, i):
    return replace(
        triad, flops_per_token=triad.flops_per_token[i], n_active=triad.n_active[i],
        n_total=triad.n_total[i],
    )  # fmt: skip


def csv(stack, made):
    """The runs as a table that `design fit` reads."""
    header = "flops,n_layers,n_dense_layers,d_model,expert_width,n_heads,head_dim,loss,lr,batch"
    rows = [
        ",".join(
            f"{x:.10g}"
            for x in (
                made.flops[i], stack.n_layers[i], stack.n_dense_layers[i], stack.d_model[i],
                stack.expert_width[i], made.held[i].attention.n_heads,
                made.held[i].attention.head_dim, made.loss[i], made.lr[i],
                made.batch_tokens[i] / 8192,
            )
        )
        for i in range(len(made))
    ]  # fmt: skip
    return "\n".join([header, *rows]) + "\n"
