"""The five-factor mixture-of-experts law of Zhao et al. (2025)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.powers import power
from autotune.laws.signomial import Monomial, Signomial
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ZhaoLaw(ScalingLaw):
    r"""Law in total N and active N_a parameters, tokens D, active experts G, shared share s.

    .. math:: L = \left(eG + \frac{f}{G} + ms^2 + ns\right)
              \left(\frac{1}{N^\alpha} + \frac{k}{N_a^\alpha} + \frac{hN_a}{N}\right)
              + \frac{a}{N^\alpha} + \frac{b}{D^\beta} + \frac{c}{N_a^\alpha} + \epsilon

    At any sizes the best G is sqrt(f/e) and the best s is -n/(2m).

    Attributes:
        e: Cost of each further active expert.
        f: Cost of having few active experts.
        m: Curvature in the shared share.
        n: Slope in the shared share.
        k: Weight of active beside total parameters, in the experts' factor.
        h: Weight of the active share of parameters, in the experts' factor.
        a: Size coefficient in total parameters, nats per token · parameters^alpha.
        alpha: Size exponent.
        b: Data coefficient, nats per token · tokens^beta.
        beta: Data exponent.
        c: Size coefficient in active parameters, in the unit of `a`.
        epsilon: Irreducible loss, nats per token.

    References:
        Zhao et al. (2025), arXiv:2509.23678, the joint law.
    """

    form: ClassVar[str] = "zhao"
    formula: ClassVar[str] = (
        "L = (e G + f/G + m s^2 + n s) (1/N_total^alpha + k/N_active^alpha + h N_active/N_total) "
        "+ a/N_total^alpha + b/D^beta + c/N_active^alpha + epsilon, G = top_k, s = shared_share"
    )
    factors: ClassVar[tuple[str, ...]] = ("top_k", "shared_share")

    e: float
    f: float
    m: float
    n: float
    k: float
    h: float
    a: float
    alpha: float
    b: float
    beta: float
    c: float
    epsilon: float

    def _loss(self, x: Inputs) -> Floats:
        shape = self._shape_term(x.factors["top_k"], x.factors["shared_share"])
        total, active = power(x.n_total, -self.alpha), power(x.n_active, -self.alpha)
        return (
            shape * (total + self.k * active + self.h * (1 - x.sparsity))
            + self.a * total
            + self.b * power(x.tokens, -self.beta)
            + self.c * active
            + self.epsilon
        )

    def _shape_term(self, top_k: Floats, shared: Floats) -> Floats:
        return self.e * top_k + self.f / top_k + (self.m * shared + self.n) * shared

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        top_k, shared, kept = x.factors["top_k"], x.factors["shared_share"], 1 - x.sparsity
        shape = self._shape_term(top_k, shared)
        total, active, per_b = (
            power(x.n_total, -self.alpha),
            power(x.n_active, -self.alpha),
            power(x.tokens, -self.beta),
        )
        sizes = total + self.k * active + self.h * kept
        by_total = (shape + self.a) * total
        by_active = (shape * self.k + self.c) * active
        return {
            "n_active": -self.alpha * (by_total + by_active) / x.n_active,
            "tokens": -self.beta * self.b * per_b / x.tokens,
            "sparsity": -self.alpha * by_total / kept - shape * self.h,  # n_total moves with S
            "top_k": (self.e - self.f / top_k**2) * sizes,
            "shared_share": (2 * self.m * shared + self.n) * sizes,
            "e": top_k * sizes,
            "f": sizes / top_k,
            "m": shared**2 * sizes,
            "n": shared * sizes,
            "k": shape * active,
            "h": shape * kept,
            "a": total,
            "alpha": -np.log(x.n_total) * by_total - np.log(x.n_active) * by_active,
            "b": per_b,
            "beta": -np.log(x.tokens) * self.b * per_b,
            "c": active,
            "epsilon": np.ones(()),
        }

    def signomial(self, **factors: float) -> Signomial:
        """The law at one top_k and shared share, with N_total = N_active R."""
        fixed = self._fix(factors)
        top_k, shared = np.asarray(fixed["top_k"]), np.asarray(fixed["shared_share"])
        shape = float(self._shape_term(top_k, shared))
        return Signomial(
            (
                Monomial(shape + self.a, n_active=-self.alpha, expansion=-self.alpha),
                Monomial(shape * self.k + self.c, n_active=-self.alpha),
                Monomial(shape * self.h, expansion=-1.0),
                Monomial(self.b, tokens=-self.beta),
                Monomial(self.epsilon),
            )
        )


ZHAO_2025 = ZhaoLaw(
    e=0.1577, f=7.2446, m=5.1395, n=-3.2363, k=0.0013, h=0.0450,
    a=38.051, alpha=0.2383, b=27129.05, beta=0.4694, c=31.096, epsilon=1.8182,
    source=Source(
        citation="Zhao et al. (2025), arXiv:2509.23678",
        where="the joint law's fitted values",
        n="total and active, both",
        sparsity="parameters",
        flops="6 N_active D (assumed)",
        corpus="not known to us",
        range=FittedRange(),
        caveat="446 runs, but their ranges are not known to us, so no extrapolation is marked; "
        "taken from secondary sources.",
    ),
)  # fmt: skip
