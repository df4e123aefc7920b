"""How parameters and tokens share a budget, in logarithms, with derivatives.

With n = ln N_active, a budget C = 6 N D + 2 N D_inf leaves D(n) tokens, and repeating a limited
corpus makes them worth D'(n). Both logarithms are concave in n, which keeps the loss convex.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from autotune.types import Floats

TRAINING_FLOPS = 6.0  # per active parameter and token, forward and backward
INFERENCE_FLOPS = 2.0
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
    """

    flops: float
    inference_tokens: float = 0.0

    @property
    def fewest_tokens(self) -> float:
        """The fewest training tokens that a plan considers."""
        return max(1.0, FEWEST_PER_SERVED * self.inference_tokens)

    def tokens(self, n_active: float) -> float:
        """Training tokens that spend the budget exactly."""
        return self.flops / (TRAINING_FLOPS * n_active) - self._served

    def size_for_tokens(self, tokens: float) -> float:
        """The n_active that leaves `tokens` training tokens."""
        return self.flops / (TRAINING_FLOPS * (tokens + self._served))

    def size_for_ratio(self, ratio: float) -> float:
        """The n_active that leaves `ratio` training tokens per active parameter."""
        served = INFERENCE_FLOPS / 2 * self.inference_tokens  # half the linear coefficient
        root = math.hypot(served, math.sqrt(TRAINING_FLOPS * ratio * self.flops))
        return self.flops / (served + root)  # 6 ratio N^2 + 2 D_inf N = C

    @property
    def _served(self) -> float:
        return INFERENCE_FLOPS / TRAINING_FLOPS * self.inference_tokens

    def __call__(self, n: Floats) -> tuple[Floats, Floats, Floats]:
        """Take ln D(n): slope -(1+k) and curvature -k(1+k), with k = D_inf / (3 D)."""
        tokens = self.flops / TRAINING_FLOPS * np.exp(-n) - self._served
        k = self._served / tokens
        return np.log(tokens), -(1 + k), -k * (1 + k)


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
