"""The catalogue: every form by name, and every preset by name."""

from collections.abc import Mapping
from types import MappingProxyType

from autotune import checks
from autotune.laws import (
    abnar,
    clark,
    coupled,
    effective,
    frantar,
    generalized,
    hoffmann,
    interaction,
    kaplan,
    krajewski,
    kumar,
    ludziejewski,
    muennighoff,
    zhao,
)
from autotune.laws.allocation import ALLOCATIONS
from autotune.laws.base import ScalingLaw
from autotune.laws.hyperparameters import HYPERPARAMETER_FORMS, HYPERPARAMETERS
from autotune.laws.leverage import TIAN_2025, EfficiencyLeverage

__all__ = [
    "ALLOCATIONS",
    "FORMS",
    "HYPERPARAMETERS",
    "HYPERPARAMETER_FORMS",
    "LEVERAGES",
    "PRESETS",
    "preset",
]

_FORMS: tuple[type[ScalingLaw], ...] = (
    kaplan.KaplanLaw,
    hoffmann.HoffmannLaw,
    frantar.FrantarLaw,
    clark.ClarkLaw,
    krajewski.KrajewskiLaw,
    abnar.AbnarLaw,
    ludziejewski.LudziejewskiLaw,
    zhao.ZhaoLaw,
    muennighoff.MuennighoffLaw,
    kumar.KumarLaw,
    generalized.GeneralizedLaw,
    effective.EffectiveLaw,
    interaction.InteractionLaw,
    coupled.CoupledLaw,
)

FORMS: Mapping[str, type[ScalingLaw]] = MappingProxyType({law.form: law for law in _FORMS})

PRESETS: Mapping[str, ScalingLaw] = MappingProxyType(
    {
        "kaplan2020": kaplan.KAPLAN_2020,
        "hoffmann2022": hoffmann.HOFFMANN_2022,
        "hoffmann2022-unrounded": hoffmann.HOFFMANN_2022_UNROUNDED,
        "besiroglu2024": hoffmann.BESIROGLU_2024,
        "frantar2023-t5": frantar.FRANTAR_2023_T5,
        "frantar2023-vit": frantar.FRANTAR_2023_VIT,
        "clark2022-sbase": clark.CLARK_2022_SBASE,
        "clark2022-rlr": clark.CLARK_2022_RLR,
        "clark2022-hash": clark.CLARK_2022_HASH,
        "krajewski2024-moe": krajewski.KRAJEWSKI_2024_MOE,
        "krajewski2024-dense": krajewski.KRAJEWSKI_2024_DENSE,
        "abnar2025": abnar.ABNAR_2025,
        "ludziejewski2025": ludziejewski.LUDZIEJEWSKI_2025,
        "zhao2025": zhao.ZHAO_2025,
        "muennighoff2023": muennighoff.MUENNIGHOFF_2023,
        "generalized-dense": generalized.GENERALIZED_DENSE,
        "generalized-pruning": generalized.GENERALIZED_PRUNING,
        "generalized-moe": generalized.GENERALIZED_MOE,
        "generalized-2025-08": generalized.GENERALIZED_2025_08,
        "generalized-pruning-inferred": generalized.GENERALIZED_PRUNING_INFERRED,
        "generalized-moe-inferred": generalized.GENERALIZED_MOE_INFERRED,
    }
)

LEVERAGES: Mapping[str, EfficiencyLeverage] = MappingProxyType({"tian2025": TIAN_2025})


def preset(name: str) -> ScalingLaw:
    """Look a preset up by name.

    Raises:
        InputError: If there is none; the message names the nearest.
    """
    return PRESETS[checks.one_of("law", name, PRESETS)]
