"""The precision law of Kumar et al. (2024): a form only, its coefficients were not printed."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.powers import power
from autotune.laws.signomial import Monomial, Signomial
from autotune.types import Floats

_TRAINED = {"bits_weights": "gamma_w", "bits_activations": "gamma_a", "bits_kv": "gamma_kv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KumarLaw(ScalingLaw):
    r"""Dense law of training in low precision and of quantising afterwards.

    .. math:: L = \frac{A}{M^\alpha} + \frac{B}{D^\beta} + E
              + C_T \frac{D^{\gamma_D}}{N^{\gamma_N}} e^{-P_{post}/\gamma_{post}},
              \quad M = N \prod_x \left(1 - e^{-P_x/\gamma_x}\right)

    with x over weights, activations and the key-value cache. Many bits (a number far above
    the gammas) mean full precision, or no quantisation afterwards.

    Attributes:
        A: Size coefficient, nats per token · parameters^alpha.
        alpha: Size exponent.
        B: Data coefficient, nats per token · tokens^beta.
        beta: Data exponent.
        E: Irreducible loss, nats per token.
        gamma_w: Scale of the precision of weights, bits.
        gamma_a: Scale of the precision of activations, bits.
        gamma_kv: Scale of the precision of the key-value cache, bits.
        C_T: Coefficient of the loss by quantisation after training.
        gamma_D: Exponent of data in that loss: longer training makes it worse.
        gamma_N: Exponent of size in that loss.
        gamma_post: Scale of the precision after training, bits.

    References:
        Kumar et al. (2024), arXiv:2411.04330, the unified law.
    """

    form: ClassVar[str] = "kumar"
    formula: ClassVar[str] = (
        "L = A/M^alpha + B/D^beta + E + C_T D^gamma_D/N^gamma_N exp(-bits_post/gamma_post); "
        "M = N times 1 - exp(-bits/gamma) for weights, activations and kv"
    )
    dense: ClassVar[bool] = True
    factors: ClassVar[tuple[str, ...]] = (*_TRAINED, "bits_post")

    A: float
    alpha: float
    B: float
    beta: float
    E: float
    gamma_w: float
    gamma_a: float
    gamma_kv: float
    C_T: float
    gamma_D: float
    gamma_N: float
    gamma_post: float

    def _loss(self, x: Inputs) -> Floats:
        size = self.A * (x.n_active * self._kept(x)) ** -self.alpha
        return size + self.B * power(x.tokens, -self.beta) + self.E + self._quantised(x)

    def _kept(self, x: Inputs) -> Floats:
        """The share of parameters that low precision leaves effective, M/N."""
        kept = np.ones(())
        for bits, gamma in _TRAINED.items():
            kept = kept * -np.expm1(-x.factors[bits] / getattr(self, gamma))
        return kept

    def _quantised(self, x: Inputs) -> Floats:
        left = np.exp(-x.factors["bits_post"] / self.gamma_post)
        return self.C_T * power(x.tokens, self.gamma_D) * power(x.n_active, -self.gamma_N) * left

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        effective = x.n_active * self._kept(x)
        per_a, per_b, quantised = (
            effective**-self.alpha,
            power(x.tokens, -self.beta),
            self._quantised(x),
        )
        size, data = self.A * per_a, self.B * per_b
        log_n, log_d = np.log(x.n_active), np.log(x.tokens)
        post = x.factors["bits_post"]
        slopes = {
            "n_active": -(self.alpha * size + self.gamma_N * quantised) / x.n_active,
            "tokens": (self.gamma_D * quantised - self.beta * data) / x.tokens,
            "sparsity": np.zeros(()),
            "bits_post": -quantised / self.gamma_post,
            "A": per_a,
            "alpha": -np.log(effective) * size,
            "B": per_b,
            "beta": -log_d * data,
            "E": np.ones(()),
            "C_T": quantised / self.C_T,
            "gamma_D": log_d * quantised,
            "gamma_N": -log_n * quantised,
            "gamma_post": quantised * post / self.gamma_post**2,
        }
        for bits, gamma in _TRAINED.items():
            value, scale = x.factors[bits], getattr(self, gamma)
            lost = np.exp(-value / scale)
            by_bits = -self.alpha * size * lost / (1 - lost) / scale
            slopes |= {bits: by_bits, gamma: -by_bits * value / scale}
        return slopes

    def signomial(self, **factors: float) -> Signomial:
        """The law at fixed precisions."""
        fixed = self._fix(factors)
        one = np.ones(())
        x = Inputs(one, one, 0 * one, {name: np.asarray(bits) for name, bits in fixed.items()})
        return Signomial(
            (
                Monomial(float(self.A * self._kept(x) ** -self.alpha), n_active=-self.alpha),
                Monomial(self.B, tokens=-self.beta),
                Monomial(self.E),
                Monomial(float(self._quantised(x)), n_active=-self.gamma_N, tokens=self.gamma_D),
            )
        )
