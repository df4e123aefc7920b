"""The effective-size law with an interaction of size and data."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from autotune.laws.base import Inputs
from autotune.laws.effective import EffectiveLaw
from autotune.laws.signomial import Monomial, Signomial
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionLaw(EffectiveLaw):
    r"""A law that is not separable, in an effective size :math:`N_e = N_a (N_t/N_a)^t`.

    .. math:: L = E + \frac{A}{N_e^\alpha} + \frac{B}{D^\beta} + \frac{C}{N_e^\alpha D^\beta}

    A small model gains less, or more, from further tokens than a large one. At C = 0 it is the
    effective-size law, and on dense models then Hoffmann's.

    Attributes:
        E: Irreducible loss, nats per token.
        A: Size coefficient, nats per token · parameters^alpha.
        alpha: Size exponent.
        t: Worth of a parameter held beside one used, in the exponent: 0 to 1 in practice.
        B: Data coefficient, nats per token · tokens^beta.
        beta: Data exponent.
        C: Interaction, nats per token · parameters^alpha · tokens^beta; of either sign.

    References:
        The formula here is eq. 1; it has no published coefficients.
    """

    form: ClassVar[str] = "interaction"
    formula: ClassVar[str] = (
        "L = E + A/N_e^alpha + B/D^beta + C/(N_e^alpha D^beta), N_e = N_active (N_total/N_active)^t"
    )

    C: float

    def _loss(self, x: Inputs) -> Floats:
        per_a, per_b = self._powers(x)
        return self.E + self.A * per_a + (self.B + self.C * per_a) * per_b  # eq. 1

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        per_a, per_b = self._powers(x)
        size = (self.A + self.C * per_b) * per_a
        data = (self.B + self.C * per_a) * per_b
        slopes = self._by_powers(x, size=size, data=data)
        return slopes | {"E": np.ones(()), "A": per_a, "B": per_b, "C": per_a * per_b}

    def signomial(self, **factors: float) -> Signomial:
        """Eq. 1 with N_t/N_a = R; only the interaction may be negative."""
        self._fix(factors)
        worth = -self.alpha * self.t
        return Signomial(
            (
                Monomial(self.E),
                Monomial(self.A, n_active=-self.alpha, expansion=worth),
                Monomial(self.B, tokens=-self.beta),
                Monomial(self.C, n_active=-self.alpha, tokens=-self.beta, expansion=worth),
            )
        )
