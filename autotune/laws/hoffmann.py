"""The dense parametric law of Hoffmann et al. (2022), and its published fits."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.powers import power
from autotune.laws.signomial import Monomial, Signomial
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class HoffmannLaw(ScalingLaw):
    r"""Dense scaling law :math:`L = E + A N^{-\alpha} + B D^{-\beta}`.

    N counts all parameters, embeddings included; D counts training tokens.

    Attributes:
        E: Irreducible loss, nats per token.
        A: Model-size coefficient, nats per token · parameters^alpha.
        alpha: Model-size exponent.
        B: Data coefficient, nats per token · tokens^beta.
        beta: Data exponent.

    References:
        Hoffmann et al. (2022), arXiv:2203.15556, eq. 2.
    """

    form: ClassVar[str] = "hoffmann"
    formula: ClassVar[str] = "L = E + A/N^alpha + B/D^beta"
    dense: ClassVar[bool] = True

    E: float
    A: float
    alpha: float
    B: float
    beta: float

    def _loss(self, x: Inputs) -> Floats:
        return (
            self.E + self.A * power(x.n_active, -self.alpha) + self.B * power(x.tokens, -self.beta)
        )  # eq. 2

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        per_a, per_b = power(x.n_active, -self.alpha), power(x.tokens, -self.beta)
        size, data = self.A * per_a, self.B * per_b
        return {
            "n_active": -self.alpha * size / x.n_active,
            "tokens": -self.beta * data / x.tokens,
            "sparsity": np.zeros(()),
            "E": np.ones(()),
            "A": per_a,
            "alpha": -np.log(x.n_active) * size,
            "B": per_b,
            "beta": -np.log(x.tokens) * data,
        }

    def signomial(self, **factors: float) -> Signomial:
        """Eq. 2 as it stands: it already is a sum of powers."""
        self._fix(factors)
        return Signomial(
            (
                Monomial(self.E),
                Monomial(self.A, n_active=-self.alpha),
                Monomial(self.B, tokens=-self.beta),
            )
        )


_HOFFMANN = Source(
    citation="Hoffmann et al. (2022), arXiv:2203.15556",
    where="eq. 10, approach 3, as printed",
    n="total, embeddings included (dense: active = total)",
    sparsity="none",
    flops="6 N D",
    corpus="MassiveText",
    range=FittedRange(n_active=(4.4e7, 1.6e10), tokens=(5e9, 5e11), sparsity=(0, 0)),
    caveat="The two-digit exponents cost about 0.016 nats at 70B parameters.",
)

HOFFMANN_2022 = HoffmannLaw(E=1.69, A=406.4, alpha=0.34, B=410.7, beta=0.28, source=_HOFFMANN)

HOFFMANN_2022_UNROUNDED = HoffmannLaw(
    E=1.6934, A=406.4, alpha=0.3392, B=410.7, beta=0.2849,
    source=replace(_HOFFMANN, where="approach 3, digits of the TeX source", caveat=""),
)  # fmt: skip

BESIROGLU_2024 = HoffmannLaw(
    E=1.8172, A=482.01, alpha=0.3478, B=2085.43, beta=0.3658,
    source=replace(
        _HOFFMANN,
        citation="Besiroglu et al. (2024), arXiv:2404.10102",
        where="refit of Hoffmann's approach 3 on 240 digitised runs",
        range=FittedRange(n_active=(5.7e7, 1.62e10), tokens=(5e9, 5e11), sparsity=(0, 0)),
        standard_errors={"E": 0.03, "A": 124.58, "alpha": 0.02, "B": 1293.23, "beta": 0.02},
        caveat="",
    ),
)  # fmt: skip
