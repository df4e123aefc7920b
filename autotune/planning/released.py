"""Released models: what was trained, on how many tokens, and how sure that is.

The table here has those of which only sizes are known; `models/trained.py` has all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from autotune.architecture.published import Sure
from autotune.errors import InputError
from autotune.planning.cost import SIX_ND


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedModel:
    """A trained model.

    Attributes:
        name: As on the command line.
        n_active: Parameters used per token.
        n_total: All parameters.
        tokens: Training tokens, None if they are not known.
        reported_flops: The compute its authors state, None if they do not.
        source: Where the figures come from.
        sure: How well they are established.
        note: What else to know.
    """

    name: str
    n_active: float
    n_total: float
    tokens: float | None
    reported_flops: float | None = None
    source: str
    sure: Sure
    note: str = ""

    @property
    def sparsity(self) -> float:
        """1 - n_active/n_total."""
        return 1 - self.n_active / self.n_total

    @property
    def flops(self) -> float:
        """C = 6 N_active D.

        Raises:
            InputError: If the tokens are not known.
        """
        return SIX_ND.flops(self.n_active, self.trained_tokens)

    @property
    def trained_tokens(self) -> float:
        """The training tokens.

        Raises:
            InputError: If they are not known.
        """
        if self.tokens is None:
            raise InputError(
                f"the training tokens of {self.name} are not known here, so its budget is not. "
                "Give --flops yourself, or choose another model."
            )
        return self.tokens


def _dense(
    name: str, size: float, tokens: float, *, source: str, sure: Sure = Sure.UNCONFIRMED,
    reported: float | None = None,
) -> ReleasedModel:  # fmt: skip
    return ReleasedModel(
        name=name, n_active=size, n_total=size, tokens=tokens, reported_flops=reported,
        source=source, sure=sure,
    )  # fmt: skip


_GPT3 = "Brown et al. (2020), arXiv:2005.14165"
_CHINCHILLA = "Hoffmann et al. (2022), arXiv:2203.15556"
_PALM = "Chowdhery et al. (2022), arXiv:2204.02311"
_LLAMA = "Touvron et al. (2023), arXiv:2302.13971"
_LLAMA2 = "Touvron et al. (2023), arXiv:2307.09288"
_LLAMA3 = "Dubey et al. (2024), arXiv:2407.21783"
_PYTHIA = "Biderman et al. (2023), arXiv:2304.01373"
_DEEPSPEED = "Rajbhandari et al. (2022), arXiv:2201.05596"

_PYTHIA_SIZES = {
    "70m": 70_426_624,
    "160m": 162_322_944,
    "410m": 405_334_016,
    "1b": 1_011_781_632,
    "1.4b": 1_414_647_808,
    "2.8b": 2_775_208_960,
    "6.9b": 6_857_302_016,
    "12b": 11_846_072_320,
}

_MODELS = (
    _dense("gpt-3", 175e9, 300e9, source=_GPT3, reported=3.14e23),
    _dense("gopher", 280e9, 300e9, source=_CHINCHILLA, sure=Sure.SECONDARY, reported=5.76e23),
    _dense("chinchilla", 70e9, 1.4e12, source=_CHINCHILLA, sure=Sure.SECONDARY, reported=5.76e23),
    _dense("palm", 540e9, 780e9, source=_PALM, reported=2.5e24),
    _dense("llama-7b", 6.7e9, 1.0e12, source=_LLAMA),
    _dense("llama-13b", 13.0e9, 1.0e12, source=_LLAMA),
    _dense("llama-33b", 32.5e9, 1.4e12, source=_LLAMA),
    _dense("llama-65b", 65.2e9, 1.4e12, source=_LLAMA),
    _dense("llama-2-7b", 7e9, 2e12, source=_LLAMA2),
    _dense("llama-2-13b", 13e9, 2e12, source=_LLAMA2),
    _dense("llama-2-70b", 70e9, 2e12, source=_LLAMA2),
    _dense("llama-3-8b", 8e9, 15e12, source=_LLAMA3, sure=Sure.SECONDARY),
    _dense("llama-3-70b", 70e9, 15e12, source=_LLAMA3, sure=Sure.SECONDARY),
    _dense(
        "llama-3.1-405b", 405e9, 15.6e12, source=_LLAMA3, sure=Sure.SECONDARY, reported=3.8e25
    ),
    *(
        _dense(f"pythia-{size}", total, 299.9e9, source=_PYTHIA, sure=Sure.SECONDARY)
        for size, total in _PYTHIA_SIZES.items()
    ),
    ReleasedModel(
        name="deepspeed-moe-1.3b", n_active=1.3e9, n_total=52e9, tokens=300e9,
        source=_DEEPSPEED, sure=Sure.UNCONFIRMED,
        note="128 experts, top 1, on every other layer; sizes are secondary, tokens unconfirmed",
    ),
    ReleasedModel(
        name="deepspeed-moe-350m", n_active=0.35e9, n_total=13e9, tokens=300e9,
        source=_DEEPSPEED, sure=Sure.UNCONFIRMED,
        note="128 experts, top 1, on every other layer; sizes are secondary, tokens unconfirmed",
    ),
    ReleasedModel(
        name="ling-mini-beta", n_active=0.855e9, n_total=17.5e9, tokens=1e12,
        source="Tian et al. (2025), arXiv:2507.17702", sure=Sure.PRIMARY,
        note="3.4 % of the routed experts active, granularity 12",
    ),
)  # fmt: skip

SIZES_ALONE: Mapping[str, ReleasedModel] = MappingProxyType(
    {model.name: model for model in _MODELS}
)
"""Models whose shape is not in the catalogue, by name."""
