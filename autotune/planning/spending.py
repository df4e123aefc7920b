"""How parameters and tokens share a budget, in logarithms, with derivatives.

With n = ln N_active, a budget C = F(N) (D + D_inf/3) leaves D(n) tokens, and repeating a limited
corpus makes them worth D'(n). Both logarithms are concave in n, which keeps the loss convex.
F(N) = 6 N FLOPs per token, or another power of N: `cost` alone says which.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from autotune.planning import roots
from autotune.planning.cost import SERVED, SIX_ND, Cost
from autotune.types import Floats

FEWEST_PER_SERVED = 1e-6
"""Training tokens per served one, at the least: with fewer, they would be the difference of two
nearly equal numbers and lose more digits than a plan may."""


class LogMap(Protocol):
    """A concave function of n = ln N_active, with its first two derivatives."""

    def __call__(self, n: Floats) -> tuple[Floats, Floats, Floats]:
        """Value, slope and curvature at `n`, each in the shape of `n`."""
        ...


@dataclass(frozen=True, slots=True)
class Spending:
    """The tokens that a budget leaves for each model size.

    Attributes:
        flops: The budget C.
        inference_tokens: D_inf, served over the model's life.
        cost: FLOPs per token, F(N).
    """

    flops: float
    inference_tokens: float = 0.0
    cost: Cost = SIX_ND

    @property
    def fewest_tokens(self) -> float:
        """The fewest training tokens that a plan considers."""
        return max(1.0, FEWEST_PER_SERVED * self.inference_tokens)

    def tokens(self, n_active: float) -> float:
        """Training tokens that spend the budget exactly."""
        return self.flops / self.cost.per_token(n_active) - self._served

    def size_for_tokens(self, tokens: float) -> float:
        """The n_active that leaves `tokens` training tokens."""
        return self.cost.size(self.flops / (tokens + self._served))

    def size_for_ratio(self, ratio: float) -> float:
        """The n_active that leaves `ratio` training tokens per active parameter."""
        power = self.cost.exponent
        room = math.log(self.flops / self.cost.coefficient)  # ln N^power (ratio N + D_inf/3)
        most = (room - math.log(ratio)) / (1 + power)
        if not self._served:
            return math.exp(most)

        def over(n: float) -> float:
            return power * n + math.log(ratio * math.exp(n) + self._served) - room

        least = min(most, (room - math.log(self._served)) / power) - math.log(2) / min(power, 1)
        return math.exp(roots.bracketed(over, (least, most)))

    def at_one_parameter(self) -> float:
        """Tokens of a model of one parameter if none are served: D = that N^-exponent."""
        return self.flops / self.cost.coefficient

    @property
    def _served(self) -> float:
        return SERVED * self.inference_tokens

    def __call__(self, n: Floats) -> tuple[Floats, Floats, Floats]:
        """Take ln D(n): slope -e(1+k) and curvature -e^2 k(1+k), with k = D_inf / (3 D).

        Here e is the exponent of the cost.
        """
        power = self.cost.exponent
        tokens = self.at_one_parameter() * np.exp(-power * n) - self._served
        k = self._served / tokens
        return np.log(tokens), -power * (1 + k), -(power**2) * k * (1 + k)


@dataclass(frozen=True, slots=True)
class Repetition:
    """The worth of tokens drawn from a corpus of `unique` ones, some seen again.

    D' = U + U R (1 - exp(-(D/U - 1)/R)) beyond U (Muennighoff et al. 2023, eq. 5).

    Attributes:
        unique: U, distinct tokens.
        decay: R, the number of repetitions after which a token's worth has mostly decayed.
    """

    unique: float
    decay: float

    def __call__(self, n: Floats) -> tuple[Floats, Floats, Floats]:
        """Take ln D' as a function of ln D (here n), its slope and its curvature."""
        times = np.maximum(np.exp(n) / self.unique, 1.0)
        fade = np.exp(-(times - 1) / self.decay)
        worth = 1 + self.decay * (1 - fade)  # in units of U
        slope = times * fade / worth
        curvature = np.where(times > 1, slope * (1 - times / self.decay - slope), 0.0)
        fresh = np.minimum(n, math.log(self.unique))
        return fresh + np.log(worth), slope, curvature


@dataclass(frozen=True, slots=True)
class Chain:
    """`outer` after `inner`: the worth of the tokens that a budget leaves."""

    outer: LogMap
    inner: LogMap

    def __call__(self, n: Floats) -> tuple[Floats, Floats, Floats]:
        """Value, slope and curvature by the chain rule."""
        middle, slope, curvature = self.inner(n)
        value, outer_slope, outer_curvature = self.outer(middle)
        return (
            value,
            outer_slope * slope,
            outer_curvature * slope**2 + outer_slope * curvature,
        )
