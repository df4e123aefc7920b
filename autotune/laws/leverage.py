"""The efficiency leverage of Tian et al. (2025): how much compute a mixture of experts saves."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from autotune import checks
from autotune.errors import InputError
from autotune.laws.saturation import saturate
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats, FloatsLike


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficiencyLeverage:
    r"""Compute of a dense model over that of a mixture of experts with the same loss.

    .. math:: EL = h^{\,a + d \log_{10} C + \gamma (\log_2 G)^2 + \beta \log_2 G}

    h is the activation ratio A, saturated (see `saturation`). The paper does not state the
    bases of its logarithms. Its own claims fix them: with log10 C and log2 G the leverage at
    A = 3.1 %, G = 12, C = 1e22 is 7.24 and the best G is 11.3 ("exceeds 7", "about 12");
    natural logarithms give 5334 in place of 7.24.

    Attributes:
        a: Exponent of the activation ratio at C = 1, G = 1.
        d: How the exponent moves with log10 C.
        gamma: Curvature of the exponent in log2 G.
        beta: Slope of the exponent in log2 G.
        A_start: Value of h for no activation.
        A_max: Value of h for infinite activation.
        source: Where the six numbers come from.

    References:
        Tian et al. (2025), arXiv:2507.17702, the efficiency-leverage law.
    """

    formula: ClassVar[str] = (
        "EL = h^(a + d log10 C + gamma (log2 G)^2 + beta log2 G), G = granularity / 2; "
        "1/h = 1/(A + 1/(1/A_start - 1/A_max)) + 1/A_max, A = activation ratio"
    )

    a: float
    d: float
    gamma: float
    beta: float
    A_start: float
    A_max: float
    source: Source

    def leverage(
        self, activation: FloatsLike, granularity: FloatsLike, *, flops: FloatsLike
    ) -> Floats:
        """Evaluate EL; arguments broadcast together.

        Args:
            activation: Activated over all experts, shared ones included, in (0, 1].
            granularity: 4 d_model / d_expert, > 0; twice the paper's G.
            flops: Training compute C, > 0, embeddings not counted.

        Returns:
            C_dense / C_moe at equal loss; above 1 the mixture is cheaper.

        Raises:
            InputError: If an argument is out of its domain.
        """
        share = checks.positive("activation", activation, hint="It is a share, in (0, 1].")
        if (share > 1).any():
            raise InputError(f"activation is a share and must be <= 1, not {share.max():g}.")
        g = checks.positive("granularity", granularity, hint="It is 4 d_model / d_expert.")
        c = checks.positive("flops", flops, hint="A budget is in FLOPs, not FLOP/s.")
        log_g = np.log2(g / 2)  # the paper's G is 2 d_model / d_expert
        alpha = self.a + self.d * np.log10(c)
        h = saturate(share, self.A_start, self.A_max)
        return np.asarray(h ** (alpha + self.gamma * log_g**2 + self.beta * log_g))

    @property
    def best_granularity(self) -> float:
        """The granularity of the largest leverage, 4 d_model / d_expert, at any A and C."""
        return float(2 * np.exp2(-self.beta / (2 * self.gamma)))


TIAN_2025 = EfficiencyLeverage(
    a=1.23, d=-7.61e-2, gamma=1.67e-2, beta=-1.17e-1, A_start=1.63e-2, A_max=5.28e16,
    source=Source(
        citation="Tian et al. (2025), arXiv:2507.17702",
        where="table 2",
        n="active, embeddings not counted",
        sparsity="experts, shared ones included",
        flops="M D with M the FLOPs per token, embeddings not counted",
        corpus="the authors' own (Ling)",
        loss_unit="ratio of FLOPs at equal loss",
        range=FittedRange(),
        caveat="Fitted on leverages below 6; bases of the logarithms are inferred.",
    ),
)  # fmt: skip
