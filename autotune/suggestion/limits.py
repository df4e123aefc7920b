"""What a run may cost at least and at most, and the steps its tokens come in."""

from dataclasses import dataclass

import numpy as np

from autotune import checks
from autotune.errors import InputError
from autotune.types import Floats

TOKENS_PER_PARAM = (5.0, 400.0)
"""Runs far from 20 tokens per parameter tell much if a law holds there, where it holds least.

`suggest.tokens_per_param` widens them to where the plan lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one run.

    Attributes:
        smallest: Fewest FLOPs.
        largest: Most FLOPs.
        batch_tokens: Tokens of one step: a run trains on a whole number of them.
        most_tokens: Most training tokens, for example what a walltime allows; None for no limit.
        tokens_per_param: Fewest and most tokens per active parameter.

    Raises:
        InputError: If a number is out of its domain, or nothing lies between two limits.
    """

    smallest: float
    largest: float
    batch_tokens: float = 1.0
    most_tokens: float | None = None
    tokens_per_param: tuple[float, float] = TOKENS_PER_PARAM

    def __post_init__(self) -> None:
        checks.positive("smallest run", self.smallest, hint="It is in FLOPs, such as 1e17.")
        checks.positive("largest run", self.largest, hint="It is in FLOPs, such as 1e20.")
        checks.at_least("batch tokens", self.batch_tokens, 1, hint="It is tokens per step.")
        if self.smallest > self.largest:
            raise InputError(
                f"the smallest run, {self.smallest:.3g} FLOPs, exceeds the largest, "
                f"{self.largest:.3g}. Raise --spend or --largest, or lower --smallest."
            )
        if self.most_tokens is not None:
            checks.at_least("most tokens", self.most_tokens, self.batch_tokens, hint="One batch.")

    def whole_tokens(self, tokens: Floats) -> Floats:
        """Tokens rounded to whole steps, at least one."""
        steps: Floats = np.maximum(np.round(tokens / self.batch_tokens), 1.0)
        return steps * self.batch_tokens

    def admit(self, n_active: Floats, tokens: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which runs keep to every limit."""
        flops, ratio = 6 * n_active * tokens, tokens / n_active
        kept = (flops >= self.smallest) & (flops <= self.largest)
        kept &= (ratio >= self.tokens_per_param[0]) & (ratio <= self.tokens_per_param[1])
        return kept if self.most_tokens is None else kept & (tokens <= self.most_tokens)
