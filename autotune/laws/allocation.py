"""Published rules that split a compute budget without predicting a loss."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from autotune import checks
from autotune.errors import InputError
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats, FloatsLike


@dataclass(frozen=True, slots=True)
class Power:
    """`coefficient * C^exponent`; a coefficient of None was never published."""

    exponent: float
    coefficient: float | None = None

    def __str__(self) -> str:
        scale = "" if self.coefficient is None else f"{self.coefficient:g} "
        return f"{scale}C^{self.exponent:.4g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationLaw:
    """How large a model, and how many tokens, a compute budget C is best spent on.

    Attributes:
        name: Its name in the catalogue.
        size: Best model size over C, or None where only tokens are published.
        size_unit: What size counts.
        tokens: Best training tokens over C.
        source: Where the numbers come from, and how it counts FLOPs.
    """

    name: str
    size: Power | None
    size_unit: Literal["parameters", "FLOPs per token"]
    tokens: Power
    source: Source

    def optimal_size(self, flops: FloatsLike) -> Floats:
        """Best size in `size_unit` for a budget in FLOPs, any shape.

        Raises:
            InputError: If the source states no coefficient, or flops are not > 0.
        """
        return self._evaluate("size", self.size, flops)

    def optimal_tokens(self, flops: FloatsLike) -> Floats:
        """Best tokens for a budget in FLOPs, any shape.

        Raises:
            InputError: If the source states no coefficient, or flops are not > 0.
        """
        return self._evaluate("tokens", self.tokens, flops)

    def _evaluate(self, what: str, power: Power | None, flops: FloatsLike) -> Floats:
        if power is None or power.coefficient is None:
            stated = "no rule" if power is None else f"only the exponent {power.exponent:.4g}"
            raise InputError(f"{self.name} states {stated} for {what}. Choose another rule.")
        c = checks.positive("flops", flops, hint="A budget is in FLOPs, not FLOP/s.")
        return power.coefficient * c**power.exponent


_DEEPSEEK = Source(
    citation="DeepSeek-AI (2024), arXiv:2401.02954",
    where="the fitted allocation",
    n="active, embeddings not counted",
    sparsity="none",
    flops="M D, M = 72 L d^2 + 12 L d S per token, attention counted in full",
    corpus="the authors' own",
    loss_unit="no loss is predicted",
    range=FittedRange(),
    caveat="A split counts as near-optimal within 0.25 % of the least loss.",
)
_LING = replace(
    _DEEPSEEK,
    citation="Tian et al. (2025), arXiv:2507.17702",
    where="allocation of dense models",
    flops="M D with M the FLOPs per token, embeddings not counted",
    range=FittedRange(flops=(3e17, 3e20)),
    caveat="",
)
_NAMED = (
    AllocationLaw(
        name="kaplan2020-allocation",
        size=Power(0.73),
        size_unit="parameters",
        tokens=Power(0.27),
        source=replace(
            _DEEPSEEK,
            citation="Kaplan et al. (2020), arXiv:2001.08361",
            where="summary of the compute-efficient frontier",
            flops="6 N D, embeddings not counted",
            corpus="WebText2",
            caveat="Exponents only.",
        ),
    ),
    AllocationLaw(
        name="deepseek2024-allocation",
        size=Power(0.5243, 0.1715),
        size_unit="FLOPs per token",
        tokens=Power(0.4757, 5.8316),
        source=_DEEPSEEK,
    ),
    AllocationLaw(
        name="minicpm2024-allocation",
        size=Power(0.23 / 0.52),
        size_unit="parameters",
        tokens=Power(0.29 / 0.52),
        source=replace(
            _DEEPSEEK,
            citation="Hu et al. (2024), arXiv:2404.06395",
            where="its loss law, alpha 0.29 and beta 0.23: N ~ C^(beta/(alpha+beta))",
            n="active (dense)",
            flops="6 N D",
            caveat="Exponents only; the paper's advice is about 192 tokens per parameter.",
        ),
    ),
    AllocationLaw(
        name="llama2024-allocation",
        size=None,
        size_unit="parameters",
        tokens=Power(0.537, 0.299),
        source=replace(
            _DEEPSEEK,
            citation="Llama team (2024), arXiv:2407.21783",
            where="compute-optimal tokens over FLOPs",
            n="active (dense)",
            flops="6 N D",
            caveat="The rounded digits give 16.29T tokens at 3.8e25 FLOPs, the paper 16.55T.",
        ),
    ),
    AllocationLaw(
        name="ling2025-moe-allocation",
        size=Power(0.5095, 0.1915),
        size_unit="FLOPs per token",
        tokens=Power(0.4905, 5.2232),
        source=replace(
            _LING,
            where="allocation of mixtures of experts: 4 of 64 and one shared",
            sparsity="experts, shared ones included",
            caveat="At an activation of 7.8 % and experts as wide as d_model only.",
        ),
    ),
    AllocationLaw(
        name="wan2026-allocation",
        size=Power(0.5437, 0.04368),
        size_unit="FLOPs per token",
        tokens=Power(0.4563, 22.8929),
        source=replace(
            _LING,
            citation="Wan et al. (2026), arXiv:2603.21862",
            where="eq. 2, for mixtures of experts: 8 of 288 and one shared",
            sparsity="experts",
            flops="M D with M the training FLOPs per token, embeddings not counted",
            corpus="the authors' own, text, code and mathematics",
            range=FittedRange(flops=(1e18, 3e20)),
            caveat="Fitted with shapes of the authors' choice, and not again with the best ones.",
        ),
    ),
    AllocationLaw(
        name="ling2025-dense-allocation",
        size=Power(0.5422, 0.0655),
        size_unit="FLOPs per token",
        tokens=Power(0.4578, 15.2582),
        source=_LING,
    ),
)

ALLOCATIONS: Mapping[str, AllocationLaw] = MappingProxyType({law.name: law for law in _NAMED})
