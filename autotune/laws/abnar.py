"""The mixture-of-experts sparsity law of Abnar et al. (2025)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.powers import power
from autotune.laws.signomial import Monomial, Signomial
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class AbnarLaw(ScalingLaw):
    r"""Law of mixtures of experts, N the *total* parameters.

    .. math:: L = e + \frac{a}{N^\alpha} + \frac{b}{D^\beta} + \frac{c}{(1-S)^\lambda}
              + \frac{d}{(1-S)^\delta N^\gamma}

    Attributes:
        e: Constant part, nats per token; the floor at S = 0 is e + c.
        a: Size coefficient, nats per token · parameters^alpha.
        b: Data coefficient, nats per token · tokens^beta.
        c: Coefficient of the floor that moves with sparsity, nats per token.
        d: Coefficient of size and sparsity together, nats per token · parameters^gamma.
        alpha: Size exponent.
        beta: Data exponent.
        lambda_: Exponent of 1/(1-S) in the floor; < 0 lowers it with sparsity.
        delta: Exponent of 1/(1-S) beside size.
        gamma: Exponent of size beside sparsity.

    References:
        Abnar et al. (2025), arXiv:2501.12370, eq. 6.
    """

    form: ClassVar[str] = "abnar"
    formula: ClassVar[str] = (
        "L = e + a/N_total^alpha + b/D^beta + c/(1-S)^lambda_ + d/((1-S)^delta N_total^gamma)"
    )

    e: float
    a: float
    b: float
    c: float
    d: float
    alpha: float
    beta: float
    lambda_: float
    delta: float
    gamma: float

    def _loss(self, x: Inputs) -> Floats:
        kept, total = 1 - x.sparsity, x.n_total
        return (
            self.e
            + self.a * power(total, -self.alpha)
            + self.b * power(x.tokens, -self.beta)
            + self.c * power(kept, -self.lambda_)
            + self.d * power(kept, -self.delta) * power(total, -self.gamma)
        )  # eq. 6

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        kept, total = 1 - x.sparsity, x.n_total
        log_kept, log_total = np.log(kept), np.log(total)
        per_a, per_b = power(total, -self.alpha), power(x.tokens, -self.beta)
        per_c = power(kept, -self.lambda_)
        per_d = power(kept, -self.delta) * power(total, -self.gamma)
        size, data, floor, both = self.a * per_a, self.b * per_b, self.c * per_c, self.d * per_d
        return {
            "n_active": -(self.alpha * size + self.gamma * both) / x.n_active,
            "tokens": -self.beta * data / x.tokens,
            "sparsity": (
                self.lambda_ * floor + (self.delta - self.gamma) * both - self.alpha * size
            )
            / kept,  # n_total moves with S
            "e": np.ones(()),
            "a": per_a,
            "b": per_b,
            "c": per_c,
            "d": per_d,
            "alpha": -log_total * size,
            "beta": -np.log(x.tokens) * data,
            "lambda_": -log_kept * floor,
            "delta": -log_kept * both,
            "gamma": -log_total * both,
        }

    def signomial(self, **factors: float) -> Signomial:
        """Eq. 6 with N_total = N_active R and (1-S) = 1/R."""
        self._fix(factors)
        return Signomial(
            (
                Monomial(self.e),
                Monomial(self.a, n_active=-self.alpha, expansion=-self.alpha),
                Monomial(self.b, tokens=-self.beta),
                Monomial(self.c, expansion=self.lambda_),
                Monomial(self.d, n_active=-self.gamma, expansion=self.delta - self.gamma),
            )
        )


ABNAR_2025 = AbnarLaw(
    e=0.94, a=16612.50, b=5455.67, c=0.4598, d=17.26,
    alpha=0.5962, beta=0.3954, lambda_=-0.1666, delta=0.1603, gamma=0.1595,
    source=Source(
        citation="Abnar et al. (2025), arXiv:2501.12370",
        where="eq. 6, table 3",
        n="total",
        sparsity="experts",
        flops="6 N_active D",
        corpus="RedPajama",
        range=FittedRange(sparsity=(0, 0.95), flops=(3e19, 1e21)),
        caveat="The runs at sparsity 0.98 were held out: mean squared error 5.8e-3 there, "
        "5.6e-4 on the fitted ones.",
    ),
)  # fmt: skip
