"""The effective-size law: sparse models as dense ones of a size between active and total."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.powers import power
from autotune.laws.signomial import Monomial, Signomial
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveLaw(ScalingLaw):
    r"""Hoffmann's law in an effective size :math:`N_e = N_a (N_t/N_a)^t`.

    .. math:: L = E + \frac{A}{N_e^\alpha} + \frac{B}{D^\beta}

    At t = 0 only active parameters count, at t = 1 all of them. On dense models it is
    Hoffmann's law for any t.

    Attributes:
        E: Irreducible loss, nats per token.
        A: Size coefficient, nats per token · parameters^alpha.
        alpha: Size exponent.
        t: Worth of a parameter held beside one used, in the exponent: 0 to 1 in practice.
        B: Data coefficient, nats per token · tokens^beta.
        beta: Data exponent.

    References:
        The formula here is eq. 1; it has no published coefficients.
    """

    form: ClassVar[str] = "effective"
    formula: ClassVar[str] = "L = E + A/N_e^alpha + B/D^beta, N_e = N_active (N_total/N_active)^t"

    E: float
    A: float
    alpha: float
    t: float
    B: float
    beta: float

    def _loss(self, x: Inputs) -> Floats:
        per_a, per_b = self._powers(x)
        return self.E + self.A * per_a + self.B * per_b  # eq. 1

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        per_a, per_b = self._powers(x)
        slopes = self._by_powers(x, size=self.A * per_a, data=self.B * per_b)
        return slopes | {"E": np.ones(()), "A": per_a, "B": per_b}

    def _powers(self, x: Inputs) -> tuple[Floats, Floats]:
        """Evaluate N_e^-alpha and D^-beta."""
        size = power(x.n_active, -self.alpha) * power(1 - x.sparsity, self.alpha * self.t)
        return size, power(x.tokens, -self.beta)

    def _by_powers(self, x: Inputs, *, size: Floats, data: Floats) -> dict[str, Floats]:
        """Derivatives by what N_e^-alpha and D^-beta are made of.

        Args:
            x: The inputs.
            size: N_e^-alpha times the derivative of the loss by it.
            data: D^-beta times the derivative of the loss by it.
        """
        kept = 1 - x.sparsity
        log_kept = np.log(kept)
        return {
            "n_active": -self.alpha * size / x.n_active,
            "tokens": -self.beta * data / x.tokens,
            "sparsity": -self.alpha * self.t * size / kept,
            "alpha": (self.t * log_kept - np.log(x.n_active)) * size,
            "t": self.alpha * log_kept * size,
            "beta": -np.log(x.tokens) * data,
        }

    def signomial(self, **factors: float) -> Signomial:
        """Eq. 1 with N_t/N_a = R; every term is a power."""
        self._fix(factors)
        return Signomial(
            (
                Monomial(self.E),
                Monomial(self.A, n_active=-self.alpha, expansion=-self.alpha * self.t),
                Monomial(self.B, tokens=-self.beta),
            )
        )
