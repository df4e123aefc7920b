"""The dense law of Kaplan et al. (2020), and its three single-variable power laws."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from autotune import checks
from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.signomial import Monomial, Signomial
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats, FloatsLike


@dataclass(frozen=True, slots=True, kw_only=True)
class KaplanLaw(ScalingLaw):
    r"""Dense law :math:`L = [(N_c/N)^{\alpha_N/\alpha_D} + D_c/D]^{\alpha_D}`.

    N counts parameters without embeddings; the loss has no irreducible part.

    Attributes:
        N_c: Size scale, parameters.
        D_c: Data scale, tokens.
        alpha_N: Exponent of the loss in size, when data are unlimited.
        alpha_D: Exponent of the loss in data, when size is unlimited.

    References:
        Kaplan et al. (2020), arXiv:2001.08361, eq. 1.5.
    """

    form: ClassVar[str] = "kaplan"
    formula: ClassVar[str] = "L = [(N_c/N)^(alpha_N/alpha_D) + D_c/D]^alpha_D"
    dense: ClassVar[bool] = True

    N_c: float
    D_c: float
    alpha_N: float
    alpha_D: float

    def _loss(self, x: Inputs) -> Floats:
        size = (self.N_c / x.n_active) ** (self.alpha_N / self.alpha_D)
        return (size + self.D_c / x.tokens) ** self.alpha_D  # eq. 1.5

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        log_size = np.log(self.N_c / x.n_active)
        size, data = np.exp(log_size * self.alpha_N / self.alpha_D), self.D_c / x.tokens
        inside = size + data
        loss = inside**self.alpha_D
        by_size, by_data = loss * size / inside, loss * data / inside
        return {
            "n_active": -self.alpha_N * by_size / x.n_active,
            "tokens": -self.alpha_D * by_data / x.tokens,
            "sparsity": np.zeros(()),
            "N_c": self.alpha_N * by_size / self.N_c,
            "D_c": self.alpha_D * by_data / self.D_c,
            "alpha_N": by_size * log_size,
            "alpha_D": loss * np.log(inside) - by_size * log_size * self.alpha_N / self.alpha_D,
        }

    def signomial(self, **factors: float) -> Signomial:
        """Eq. 1.5: two powers, and the sum raised to alpha_D."""
        self._fix(factors)
        power = self.alpha_N / self.alpha_D
        return Signomial(
            (Monomial(self.N_c**power, n_active=-power), Monomial(self.D_c, tokens=-1.0)),
            power=self.alpha_D,
        )


@dataclass(frozen=True, slots=True)
class LossPower:
    """The loss when one quantity alone is limiting: `(scale / quantity)^exponent`.

    Attributes:
        scale: In the unit of the quantity.
        exponent: > 0.
    """

    scale: float
    exponent: float

    def loss(self, quantity: FloatsLike) -> Floats:
        """Predict the loss in nats per token; any shape, > 0."""
        hint = "It is parameters, tokens, or PF-days."
        return (self.scale / checks.positive("quantity", quantity, hint=hint)) ** self.exponent


BY_PARAMETERS = LossPower(8.8e13, 0.076)
"""Kaplan's L(N), non-embedding parameters, data and compute unlimited."""

BY_TOKENS = LossPower(5.4e13, 0.095)
"""Kaplan's L(D), tokens, large models stopped early."""

BY_COMPUTE = LossPower(3.1e8, 0.050)
"""Kaplan's L(C_min), PF-days at a batch far below the critical one."""

KAPLAN_2020 = KaplanLaw(
    N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103,
    source=Source(
        citation="Kaplan et al. (2020), arXiv:2001.08361",
        where="table 2",
        n="active, embeddings not counted (dense)",
        sparsity="none",
        flops="6 N D, embeddings not counted",
        corpus="WebText2",
        range=FittedRange(n_active=(768, 1.5e9), tokens=(2.2e7, 2.3e10), sparsity=(0, 0)),
        caveat="D is data seen to early stopping, possibly over many epochs; the paper's "
        "allocation N ~ C^0.73 does not follow from this law.",
    ),
)  # fmt: skip
