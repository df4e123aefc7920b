"""What a token costs: 6 N FLOPs in training, unless a shape says otherwise; a third to serve."""

from dataclasses import dataclass

SERVED = 1 / 3
"""Cost of a served token: of the three passes that training takes, the forward one."""


@dataclass(frozen=True, slots=True)
class Cost:
    """FLOPs per training token as a power of the active parameters, coefficient N^exponent.

    Attributes:
        coefficient: 6 in the convention C = 6 N D.
        exponent: 1 there; the exact FLOPs of a shape grow more slowly, and locally as a power.
    """

    coefficient: float = 6.0
    exponent: float = 1.0

    def per_token(self, n_active: float) -> float:
        """FLOPs of training on one token."""
        return float(self.coefficient * n_active**self.exponent)

    def size(self, per_token: float) -> float:
        """The active parameters at which a token costs so much."""
        return float((per_token / self.coefficient) ** (1 / self.exponent))

    def flops(self, n_active: float, tokens: float, *, served: float = 0.0) -> float:
        """FLOPs of training on `tokens` and serving `served` more."""
        return self.per_token(n_active) * (tokens + SERVED * served)

    def factor(self, n_active: float) -> float:
        """FLOPs per token beside 6 N."""
        return self.per_token(n_active) / (6 * n_active)


SIX_ND = Cost()
"""The convention of most laws, C = 6 N_active D."""
