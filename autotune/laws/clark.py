"""The routed-language-model law of Clark et al. (2022), one fit per router."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.saturation import saturate, saturate_slopes
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats

LN10 = float(np.log(10.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClarkLaw(ScalingLaw):
    r"""Law of routed models at 130B tokens, N the size of the dense base, E the experts.

    .. math:: \log L = a \log N + b \log h + c \log N \log h + d

    with base-10 logarithms and h the saturated E (see `saturation`). There is no data term.

    Attributes:
        a: Exponent of the loss in size.
        b: Exponent of the loss in experts.
        c: How the gain from experts shrinks with size.
        d: Logarithm of the loss at N = h = 1.
        E_start: Value of h for one expert.
        E_max: Value of h for infinitely many experts.

    References:
        Clark et al. (2022), arXiv:2202.01169, the joint law with saturated expert counts.
    """

    form: ClassVar[str] = "clark"
    formula: ClassVar[str] = (
        "log10 L = a log10 N + b log10 h + c log10 N log10 h + d; "
        "1/h = 1/(E-1 + 1/(1/E_start - 1/E_max)) + 1/E_max, E = n_experts"
    )
    reads_sparsity: ClassVar[bool] = False
    factors: ClassVar[tuple[str, ...]] = ("n_experts",)
    fixed_tokens: ClassVar[float | None] = 130e9

    a: float
    b: float
    c: float
    d: float
    E_start: float
    E_max: float

    def _loss(self, x: Inputs) -> Floats:
        size = np.log10(x.n_active)
        experts = np.log10(saturate(x.factors["n_experts"] - 1, self.E_start, self.E_max))
        exponent = self.d + self.a * size + (self.b + self.c * size) * experts
        return np.exp(LN10 * exponent)

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        extra = x.factors["n_experts"] - 1
        h = saturate(extra, self.E_start, self.E_max)
        by_experts, by_start, by_max = saturate_slopes(extra, self.E_start, self.E_max)
        size, experts = np.log10(x.n_active), np.log10(h)
        loss = self._loss(x)
        by_h = loss * (self.b + self.c * size) / h
        return {
            "n_active": loss * (self.a + self.c * experts) / x.n_active,
            "tokens": np.zeros(()),
            "sparsity": np.zeros(()),
            "n_experts": by_h * by_experts,
            "a": LN10 * loss * size,
            "b": LN10 * loss * experts,
            "c": LN10 * loss * size * experts,
            "d": LN10 * loss,
            "E_start": by_h * by_start,
            "E_max": by_h * by_max,
        }

    @property
    def cutoff(self) -> float:
        """The size N beyond which more experts stop helping, 10^(-b/c)."""
        return float(np.exp(-LN10 * self.b / self.c))


_SBASE = Source(
    citation="Clark et al. (2022), arXiv:2202.01169",
    where="fitted coefficients, S-BASE router",
    n="active: the dense base model",
    sparsity="experts (their number is read, not a sparsity)",
    flops="6 N D",
    corpus="MassiveText",
    range=FittedRange(
        n_active=(1.652736e7, 1.30881946e9),
        n_total=(1.652736e7, 2.07083474e11),
        tokens=(1.3e11, 1.31072e11),  # 250k steps of 524,288, called 130B
        factors={"n_experts": (1, 512)},
    ),
    caveat="Every run saw 130B tokens, so the law says nothing about data; c is rounded so "
    "coarsely that the published cutoff sizes do not follow from it.",
)

CLARK_2022_SBASE = ClarkLaw(
    a=-0.082, b=-0.108, c=0.009, d=1.104, E_start=1.847, E_max=314.478, source=_SBASE,
)  # fmt: skip

CLARK_2022_RLR = ClarkLaw(
    a=-0.083, b=-0.126, c=0.012, d=1.111, E_start=1.880, E_max=469.982,
    source=replace(_SBASE, where="fitted coefficients, RL-R router"),
)  # fmt: skip

CLARK_2022_HASH = ClarkLaw(
    a=-0.087, b=-0.136, c=0.012, d=1.157, E_start=4.175, E_max=477.741,
    source=replace(_SBASE, where="fitted coefficients, HASH router"),
)  # fmt: skip
