"""The weight-sparsity law of Frantar et al. with an interaction of size and data."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.powers import power
from autotune.laws.signomial import Monomial, Signomial
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class CoupledLaw(ScalingLaw):
    r"""Law of sparse models whose size term depends on sparsity and on data, N active.

    .. math:: L = E + \frac{a (1-S)^\delta + c + h D^{-\beta}}{N^\alpha} + \frac{B}{D^\beta}

    At h = 0 it is the law of Frantar et al.; at c = h = 0 the effective-size law with
    delta = t alpha; on dense models at h = 0 Hoffmann's.

    Attributes:
        E: Irreducible loss, nats per token.
        a: Size coefficient that changes with sparsity, nats per token · parameters^alpha.
        delta: Exponent of (1-S).
        c: Size coefficient that sparsity does not change, in the unit of `a`.
        h: Interaction, nats per token · parameters^alpha · tokens^beta; of either sign.
        alpha: Size exponent.
        B: Data coefficient, nats per token · tokens^beta.
        beta: Data exponent.

    References:
        Frantar et al. (2023), arXiv:2309.08520, for h = 0. The formula here is eq. 1; it has
        no published coefficients.
    """

    form: ClassVar[str] = "coupled"
    formula: ClassVar[str] = "L = E + (a (1-S)^delta + c + h/D^beta)/N^alpha + B/D^beta"

    E: float
    a: float
    delta: float
    c: float
    h: float
    alpha: float
    B: float
    beta: float

    def _loss(self, x: Inputs) -> Floats:
        per_c, per_b = power(x.n_active, -self.alpha), power(x.tokens, -self.beta)
        size = self.a * power(1 - x.sparsity, self.delta) + self.c + self.h * per_b
        return self.E + size * per_c + self.B * per_b  # eq. 1

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        kept = 1 - x.sparsity
        per_c, per_b = power(x.n_active, -self.alpha), power(x.tokens, -self.beta)
        per_a = power(kept, self.delta) * per_c
        size = self.a * per_a + (self.c + self.h * per_b) * per_c
        data = (self.B + self.h * per_c) * per_b
        return {
            "n_active": -self.alpha * size / x.n_active,
            "tokens": -self.beta * data / x.tokens,
            "sparsity": -self.delta * self.a * per_a / kept,
            "E": np.ones(()),
            "a": per_a,
            "delta": np.log(kept) * self.a * per_a,
            "c": per_c,
            "h": per_c * per_b,
            "alpha": -np.log(x.n_active) * size,
            "B": per_b,
            "beta": -np.log(x.tokens) * data,
        }

    def signomial(self, **factors: float) -> Signomial:
        """Eq. 1 with (1-S) = 1/R; only the interaction, and one of a and c, may be negative."""
        self._fix(factors)
        return Signomial(
            (
                Monomial(self.E),
                Monomial(self.a, n_active=-self.alpha, expansion=-self.delta),
                Monomial(self.c, n_active=-self.alpha),
                Monomial(self.h, n_active=-self.alpha, tokens=-self.beta),
                Monomial(self.B, tokens=-self.beta),
            )
        )
