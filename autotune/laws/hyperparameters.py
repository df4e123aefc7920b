"""Power laws of the best learning rate and batch size: what to set, not what loss follows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np

from autotune import checks
from autotune.errors import InputError
from autotune.laws.factors import FACTORS
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats, FloatsLike

Target: TypeAlias = Literal["lr", "batch_tokens"]

UNITS: Mapping[Target, str] = MappingProxyType(
    {"lr": "learning rate", "batch_tokens": "tokens per batch"}
)
LETTERS: Mapping[str, str] = MappingProxyType(
    {"n_active": "N", "tokens": "D", "flops": "C", "n_experts": "E"}
)
HINTS: Mapping[str, str] = MappingProxyType(
    {
        "n_active": "Pass parameters, not billions of them.",
        "tokens": "Pass training tokens, not billions of them.",
        "flops": "A budget is in FLOPs, not FLOP/s.",
    }
)


@dataclass(frozen=True, slots=True)
class HyperparameterForm:
    """`target = c x1^p x2^q`, with free coefficients.

    Attributes:
        name: Its name in the catalogue.
        target: What it gives.
        exponents: Name of the exponent by input, in order.
    """

    name: str
    target: Target
    exponents: Mapping[str, str]

    @property
    def coefficient_names(self) -> tuple[str, ...]:
        """The scale, then the exponents."""
        return ("c", *self.exponents.values())

    @property
    def formula(self) -> str:
        """The law as people write it."""
        powers = (f"{LETTERS[name]}^{letter}" for name, letter in self.exponents.items())
        return f"{self.target} = c {' '.join(powers)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HyperparameterLaw:
    """A form with values for its coefficients.

    Attributes:
        form: Which inputs it reads, and what it gives.
        coefficients: The scale `c` > 0 and the exponents, by name.
        source: Where they come from, and how they count N and FLOPs.
    """

    form: HyperparameterForm
    coefficients: Mapping[str, float]
    source: Source

    def value(self, **inputs: FloatsLike) -> Floats:
        """Evaluate the law; arguments broadcast together.

        Args:
            **inputs: n_active, tokens and flops > 0, n_experts >= 1: those of the form.

        Returns:
            Learning rate, or tokens per batch.

        Raises:
            InputError: If an input is missing, not one of the form, or out of its domain.
        """
        wanted = self.form.exponents
        if inputs.keys() != wanted.keys():
            raise InputError(
                f"{self.form.name} reads {' and '.join(wanted)}, not "
                f"{' and '.join(inputs) or 'nothing'}. Pass what it reads."
            )
        log = np.log(self.coefficients["c"])
        for name, letter in wanted.items():
            log = log + self.coefficients[letter] * np.log(_checked(name, inputs[name]))
        return np.asarray(np.exp(log))


def _checked(name: str, values: FloatsLike) -> Floats:
    if name in FACTORS:
        return FACTORS[name].check(name, values)
    return checks.positive(name, values, hint=HINTS[name])


_N: Mapping[str, str] = MappingProxyType({"n_active": "p"})
_C: Mapping[str, str] = MappingProxyType({"flops": "p"})
_FORMS = (
    HyperparameterForm("step-lr", "lr", MappingProxyType({"n_active": "p", "tokens": "q"})),
    HyperparameterForm("step-batch", "batch_tokens", MappingProxyType({"tokens": "q"})),
    HyperparameterForm("deepseek-lr", "lr", _C),
    HyperparameterForm("deepseek-batch", "batch_tokens", _C),
    HyperparameterForm("porian-lr", "lr", _N),
    HyperparameterForm("porian-batch", "batch_tokens", _N),
    HyperparameterForm(
        "ludziejewski-lr", "lr", MappingProxyType({"n_active": "p", "n_experts": "q"})
    ),
)
HYPERPARAMETER_FORMS: Mapping[str, HyperparameterForm] = MappingProxyType(
    {form.name: form for form in _FORMS}
)

_STEP = Source(
    citation="Li et al. (2025), arXiv:2503.04715",
    where="the Step Law: optimal learning rate and batch size",
    n="active, embeddings not counted",
    sparsity="none",
    flops="not used",
    corpus="the authors' own, several mixtures",
    loss_unit="no loss is predicted",
    range=FittedRange(),
    caveat="Coefficients as secondary sources quote them.",
)
_DEEPSEEK = replace(
    _STEP,
    citation="DeepSeek-AI (2024), arXiv:2401.02954",
    where="scaling of hyper-parameters with compute",
    n="not used; the model's part in C leaves embeddings out",
    flops="M D, M = 72 L d^2 + 12 L d S per token, attention counted in full",
    corpus="the authors' own",
    caveat="From settings within 0.25 % of the least loss; quoted from secondary sources.",
)
_LING = replace(
    _DEEPSEEK,
    citation="Tian et al. (2025), arXiv:2507.17702",
    where="hyper-parameters of mixtures of experts: 4 of 64 and one shared",
    sparsity="experts, shared ones included",
    flops="M D with M the FLOPs per token, embeddings not counted",
    range=FittedRange(flops=(3e17, 3e20)),
    caveat="At an activation of 7.8 %, WSD schedule; from settings within 0.25 % of the best.",
)
_WAN = replace(
    _LING,
    citation="Wan et al. (2026), arXiv:2603.21862",
    where="derived: a power law through the six settings of its tables 2 and 4",
    flops="M D with M the training FLOPs per token, embeddings not counted",
    corpus="the authors' own, text, code and mathematics",
    range=FittedRange(flops=(1e18, 3e20)),
    caveat="The paper shows its own coefficients in a figure only. AdamW, WSD, 8 of 288 experts.",
)
_PORIAN = replace(
    _STEP,
    citation="Porian et al. (2024), arXiv:2406.19146",
    where="as OLMo's ladder codes it: 0.0047 (N/108e6)^(-1/3), 160 x 2048 (N/108e6)^(2/3) tokens",
    corpus="not stated",
    caveat="For sequences of 2048 tokens; OLMo-core halves the rate for its WSD schedule.",
)
_OLMO_N = 108e6


def _law(form: str, source: Source, **coefficients: float) -> HyperparameterLaw:
    return HyperparameterLaw(
        form=HYPERPARAMETER_FORMS[form],
        coefficients=MappingProxyType(coefficients),
        source=source,
    )


HYPERPARAMETERS: Mapping[str, HyperparameterLaw] = MappingProxyType(
    {
        "step2025-lr": _law("step-lr", _STEP, c=1.79, p=-0.713, q=0.307),
        "step2025-batch": _law("step-batch", _STEP, c=0.58, q=0.571),
        "deepseek2024-lr": _law("deepseek-lr", _DEEPSEEK, c=0.3118, p=-0.1250),
        "deepseek2024-batch": _law("deepseek-batch", _DEEPSEEK, c=0.2920, p=0.3271),
        "ling2025-moe-lr": _law("deepseek-lr", _LING, c=1.1576, p=-0.1529),
        "ling2025-moe-batch": _law("deepseek-batch", _LING, c=0.0694, p=0.3644),
        "wan2026-lr": _law("deepseek-lr", _WAN, c=0.887657, p=-0.159474),
        "wan2026-batch": _law(
            "deepseek-batch",
            replace(
                _WAN, caveat=f"{_WAN.caveat} Printed batches are multiples of 16 x 8192 tokens."
            ),
            c=9.09059,
            p=0.264459,
        ),
        "ludziejewski2025-lr": _law(
            "ludziejewski-lr",
            replace(
                _STEP,
                citation="Ludziejewski et al. (2025), arXiv:2502.05172",
                where="the learning rate of its runs: exp(8.39 - 0.81 ln N - 0.25 ln E)",
                sparsity="experts: E per layer, one of them active",
                corpus="FineWeb-Edu",
                caveat="E is the number of experts, 1 for a dense model.",
            ),
            c=float(np.exp(8.39)),
            p=-0.81,
            q=-0.25,
        ),
        "porian2024-lr": _law("porian-lr", _PORIAN, c=0.0047 * _OLMO_N ** (1 / 3), p=-1 / 3),
        "porian2024-batch": _law(
            "porian-batch", _PORIAN, c=160 * 2048 * _OLMO_N ** (-2 / 3), p=2 / 3
        ),
    }
)
