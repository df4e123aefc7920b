"""The further inputs that some laws take, each with one meaning everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from autotune import checks
from autotune.errors import InputError
from autotune.types import Floats, FloatsLike


@dataclass(frozen=True, slots=True)
class Factor:
    """What an input means, and which values it may take.

    Attributes:
        meaning: One phrase, for tables and error messages.
        low: Smallest value allowed; None means any value > 0.
        share: Whether it is a share, in [0, 1).
    """

    meaning: str
    low: float | None = None
    share: bool = False

    def check(self, name: str, values: FloatsLike) -> Floats:
        """Return the values as float64.

        Raises:
            InputError: If one of them is out of the domain.
        """
        hint = f"It is {self.meaning}."
        if self.share:
            return checks.fraction(name, values, hint=hint)
        if self.low is not None:
            return checks.at_least(name, values, self.low, hint=hint)
        return checks.positive(name, values, hint=hint)


FACTORS: Mapping[str, Factor] = MappingProxyType(
    {
        "n_experts": Factor("the routed experts per layer; 1 is a dense model", low=1),
        "top_k": Factor("the experts that a token activates", low=1),
        "granularity": Factor("4 d_model / d_expert: 1 is an expert as wide as a dense layer"),
        "shared_share": Factor("the share of shared ones among the activated experts", share=True),
        "unique_tokens": Factor("the tokens that exist; more training tokens repeat them"),
        "bits_weights": Factor("the precision of weights in training, in bits"),
        "bits_activations": Factor("the precision of activations in training, in bits"),
        "bits_kv": Factor("the precision of the key-value cache in training, in bits"),
        "bits_post": Factor("the precision of weights after quantisation, in bits"),
    }
)


def check_experts(factors: Mapping[str, FloatsLike]) -> None:
    """Check that no token activates more experts than there are, where both are given.

    Raises:
        InputError: If one does.
    """
    if "n_experts" not in factors or "top_k" not in factors:
        return
    top_k, n_experts = np.broadcast_arrays(factors["top_k"], factors["n_experts"])
    more = top_k > n_experts
    if more.any():
        raise InputError(
            f"top_k must not exceed n_experts, but {int(more.sum())} of {more.size} do "
            f"(first: top_k {top_k[more][0]:g} of {n_experts[more][0]:g} experts). "
            "Lower top_k or add experts."
        )
