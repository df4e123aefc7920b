"""The fine-grained mixture-of-experts law of Krajewski et al. (2024)."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.hoffmann import HoffmannLaw
from autotune.laws.powers import power
from autotune.laws.signomial import Monomial, Signomial
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class KrajewskiLaw(ScalingLaw):
    r"""Law of experts of granularity G at a fixed expansion, N the *total* parameters.

    .. math:: L = c + \frac{g/G^\gamma + a}{N^\alpha} + \frac{b}{D^\beta}

    Attributes:
        c: Irreducible loss, nats per token.
        g: Size coefficient that finer experts reduce, nats per token · parameters^alpha.
        gamma: Exponent of granularity.
        a: Size coefficient of infinitely fine experts, in the unit of `g`.
        alpha: Size exponent.
        b: Data coefficient, nats per token · tokens^beta.
        beta: Data exponent.

    References:
        Krajewski et al. (2024), arXiv:2402.07871, the joint law.
    """

    form: ClassVar[str] = "krajewski"
    formula: ClassVar[str] = "L = c + (g/G^gamma + a)/N_total^alpha + b/D^beta, G = granularity"
    factors: ClassVar[tuple[str, ...]] = ("granularity",)

    c: float
    g: float
    gamma: float
    a: float
    alpha: float
    b: float
    beta: float

    def _loss(self, x: Inputs) -> Floats:
        size = self.g * power(x.factors["granularity"], -self.gamma) + self.a
        return self.c + size * power(x.n_total, -self.alpha) + self.b * power(x.tokens, -self.beta)

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        granularity, total = x.factors["granularity"], x.n_total
        per_a, per_b = power(total, -self.alpha), power(x.tokens, -self.beta)
        per_g = power(granularity, -self.gamma) * per_a
        coarse, data = self.g * per_g, self.b * per_b
        size = coarse + self.a * per_a
        return {
            "n_active": -self.alpha * size / x.n_active,
            "tokens": -self.beta * data / x.tokens,
            "sparsity": -self.alpha * size / (1 - x.sparsity),  # n_total moves with S
            "granularity": -self.gamma * coarse / granularity,
            "c": np.ones(()),
            "g": per_g,
            "gamma": -np.log(granularity) * coarse,
            "a": per_a,
            "alpha": -np.log(total) * size,
            "b": per_b,
            "beta": -np.log(x.tokens) * data,
        }

    def signomial(self, **factors: float) -> Signomial:
        """The law at one granularity, with N_total = N_active R."""
        granularity = self._fix(factors)["granularity"]
        size = self.g * granularity**-self.gamma + self.a
        return Signomial(
            (
                Monomial(self.c),
                Monomial(size, n_active=-self.alpha, expansion=-self.alpha),
                Monomial(self.b, tokens=-self.beta),
            )
        )


_MOE = Source(
    citation="Krajewski et al. (2024), arXiv:2402.07871",
    where="the joint law's fitted values, mixture of experts",
    n="total (inferred, not stated)",
    sparsity="parameters (only through n_total)",
    flops="(12 d^2 c_f + d E G c_r) D blocks with c_f = 6, c_r = 14: routing is counted",
    corpus="C4",
    range=FittedRange(
        n_total=(1.29e8, 3.7e9), tokens=(1.6e10, 1.3e11), factors={"granularity": (1, 16)}
    ),
    caveat="Fitted at an expansion of 64 experts only; it cannot compare sparsities.",
)

KRAJEWSKI_2024_MOE = KrajewskiLaw(
    c=0.47, g=2.1, gamma=0.58, a=18.1, alpha=0.115, b=30.8, beta=0.147, source=_MOE,
)  # fmt: skip

KRAJEWSKI_2024_DENSE = HoffmannLaw(
    E=0.47, A=16.3, alpha=0.126, B=26.7, beta=0.127,
    source=replace(
        _MOE,
        where="the joint law's fitted values, dense baseline (form of Hoffmann et al.)",
        n="active (dense; inferred)",
        sparsity="none",
        flops="6 N D (assumed)",
        range=FittedRange(sparsity=(0, 0)),
        caveat="Not comparable with krajewski2024-moe at equal N, which is total there.",
    ),
)  # fmt: skip
"""The paper's letters c, a, alpha, b, beta are E, A, alpha, B, beta here: the form is the same."""
