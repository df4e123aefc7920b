"""The generalized law for dense, pruned and mixture-of-experts models, and its five sets."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.powers import power
from autotune.laws.signomial import Monomial, Signomial
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneralizedLaw(ScalingLaw):
    r"""One law for dense and sparse models, with N the active (non-zero) parameters.

    .. math:: L = e(1-S)^\gamma + \frac{a(1-S)^\alpha + cS}{N^\alpha} + \frac{b}{D^\beta}

    Equivalently, the `a` term is Hoffmann's in *total* parameters N/(1-S), and the `c` term
    penalises having few *active* ones. At S = 0 it is Hoffmann's law for any c and gamma.

    Attributes:
        e: Irreducible loss of the dense model, nats per token.
        a: Size coefficient in total parameters, nats per token · parameters^alpha.
        b: Data coefficient, nats per token · tokens^beta.
        c: Sparsity coefficient, in the unit of `a`.
        alpha: Size exponent.
        beta: Data exponent.
        gamma: Exponent of the floor in (1-S); the floor rises with sparsity when < 0.

    References:
        Hossain et al. (2025), arXiv:2508.06617, eq. 7.
    """

    form: ClassVar[str] = "generalized"
    formula: ClassVar[str] = "L = e (1-S)^gamma + (a (1-S)^alpha + c S)/N^alpha + b/D^beta"

    e: float
    a: float
    b: float
    c: float
    alpha: float
    beta: float
    gamma: float

    def _loss(self, x: Inputs) -> Floats:
        kept = 1 - x.sparsity
        size = self.a * power(kept, self.alpha) + self.c * x.sparsity
        return (
            self.e * power(kept, self.gamma)
            + size * power(x.n_active, -self.alpha)
            + self.b * power(x.tokens, -self.beta)
        )  # eq. 7

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        kept = 1 - x.sparsity
        floor = power(kept, self.gamma)
        per_a = power(kept / x.n_active, self.alpha)
        per_n, per_b = power(x.n_active, -self.alpha), power(x.tokens, -self.beta)
        size, penalty = self.a * per_a, self.c * x.sparsity * per_n
        data = self.b * per_b
        log_n, log_kept = np.log(x.n_active), np.log(kept)
        return {
            "n_active": -self.alpha * (size + penalty) / x.n_active,
            "tokens": -self.beta * data / x.tokens,
            "sparsity": -(self.e * self.gamma * floor + self.alpha * size) / kept + self.c * per_n,
            "e": floor,
            "a": per_a,
            "b": per_b,
            "c": x.sparsity * per_n,
            "alpha": (log_kept - log_n) * size - log_n * penalty,
            "beta": -np.log(x.tokens) * data,
            "gamma": self.e * floor * log_kept,
        }

    def signomial(self, **factors: float) -> Signomial:
        """Eq. 7 with S = 1 - 1/R, R = n_total/n_active; the c term is the one concave part."""
        self._fix(factors)
        return Signomial(
            (
                Monomial(self.e, expansion=-self.gamma),
                Monomial(self.a, n_active=-self.alpha, expansion=-self.alpha),
                Monomial(self.c, n_active=-self.alpha),
                Monomial(-self.c, n_active=-self.alpha, expansion=-1.0),
                Monomial(self.b, tokens=-self.beta),
            )
        )


_DENSE = Source(
    citation="Hossain et al. (2025), arXiv:2508.06617",
    where="Table VII",
    n="active",
    sparsity="none",
    flops="6 N_active D",
    corpus="MassiveText (runs of Hoffmann et al. 2022)",
    range=FittedRange(n_active=(4.4e7, 1.6e10), tokens=(5e9, 5e11), sparsity=(0, 0)),
    caveat="c and gamma are a choice, not a fit: never use this set at sparsity > 0.",
)
_PRUNING = replace(
    _DENSE,
    where="Table VIII, as printed",
    n="active (non-zero), no embeddings",
    sparsity="weights",
    corpus="C4, T5 span denoising (runs of Frantar et al. 2023)",
    loss_unit="nats per token of span denoising, not autoregressive",
    range=FittedRange(
        n_active=(1.33e6, 8.49e7),
        n_total=(1.33e6, 6.79e8),
        tokens=(1.6384e10, 6.5536e10),
        sparsity=(0, 0.875),
    ),
    caveat="RMSE 0.078 on the runs it was fitted to; two-digit exponents cause most of it.",
)
_MOE = replace(
    _DENSE,
    where="Table IX, as printed",
    sparsity="parameters",
    corpus="RedPajama (runs or fitted surface of Abnar et al. 2025)",
    range=FittedRange(sparsity=(0, 0.98), flops=(3e19, 1e21)),
    caveat="Use it at or below 1e21 to 1e22 FLOPs; far above, it asks for absurd sizes.",
)

GENERALIZED_DENSE = GeneralizedLaw(
    e=1.69, a=406.4, b=410.7, c=0.0, alpha=0.34, beta=0.28, gamma=0.01, source=_DENSE,
)  # fmt: skip

GENERALIZED_PRUNING = GeneralizedLaw(
    e=0.15, a=86.03, b=7.90, c=29.26, alpha=0.28, beta=0.08, gamma=2.00, source=_PRUNING,
)  # fmt: skip

GENERALIZED_PRUNING_INFERRED = replace(
    GENERALIZED_PRUNING,
    alpha=0.2791,
    beta=0.0782,
    source=replace(
        _PRUNING,
        where="Table VIII with further digits of alpha and beta, inferred by us",
        caveat="The third and fourth digits are inferred from the public runs, not published.",
    ),
)

GENERALIZED_MOE = GeneralizedLaw(
    e=0.57, a=8.26, b=6324.82, c=3.57, alpha=0.08, beta=0.40, gamma=1.19, source=_MOE,
)  # fmt: skip

GENERALIZED_MOE_INFERRED = replace(
    GENERALIZED_MOE,
    alpha=0.0814,
    beta=0.4009,
    source=replace(
        _MOE,
        where="Table IX with further digits of alpha and beta, inferred by us",
        caveat="The third and fourth digits are inferred from Abnar's law, not published.",
    ),
)

GENERALIZED_2025_08 = GeneralizedLaw(
    e=1.69, a=406.4, b=410.7, c=93.45, alpha=0.34, beta=0.28, gamma=0.001,
    source=replace(
        _DENSE,
        where="the authors' code of August 2025: one set for all",
        sparsity="parameters",
        corpus="MassiveText for the dense part; what c and gamma were set on is not stated",
        range=FittedRange(n_active=(4.4e7, 1.6e10), tokens=(5e9, 5e11)),
        caveat="Hoffmann's five coefficients kept, only c and gamma set for sparse models.",
    ),
)  # fmt: skip
