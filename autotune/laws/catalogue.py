"""The catalogue: every form by name, and every preset by name."""

from collections.abc import Mapping
from types import MappingProxyType

from autotune import checks
from autotune.laws import generalized, hoffmann
from autotune.laws.base import ScalingLaw

FORMS: Mapping[str, type[ScalingLaw]] = MappingProxyType(
    {law.form: law for law in (hoffmann.HoffmannLaw, generalized.GeneralizedLaw)}
)

PRESETS: Mapping[str, ScalingLaw] = MappingProxyType(
    {
        "hoffmann2022": hoffmann.HOFFMANN_2022,
        "hoffmann2022-unrounded": hoffmann.HOFFMANN_2022_UNROUNDED,
        "besiroglu2024": hoffmann.BESIROGLU_2024,
        "generalized-dense": generalized.GENERALIZED_DENSE,
        "generalized-pruning": generalized.GENERALIZED_PRUNING,
        "generalized-moe": generalized.GENERALIZED_MOE,
        "generalized-2025-08": generalized.GENERALIZED_2025_08,
        "generalized-pruning-inferred": generalized.GENERALIZED_PRUNING_INFERRED,
        "generalized-moe-inferred": generalized.GENERALIZED_MOE_INFERRED,
    }
)


def preset(name: str) -> ScalingLaw:
    """Look a preset up by name.

    Raises:
        InputError: If there is none; the message names the nearest.
    """
    return PRESETS[checks.one_of("law", name, PRESETS)]
