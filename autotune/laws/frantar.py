"""The weight-sparsity law of Frantar et al. (2023), and its published fits."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.signomial import Monomial, Signomial
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class FrantarLaw(ScalingLaw):
    r"""Law of pruned models, N the non-zero parameters.

    .. math:: L = \frac{a_S (1-S)^{b_S} + c_S}{N^{b_N}} + \left(\frac{a_D}{D}\right)^{b_D} + c

    Attributes:
        a_S: Size coefficient that falls with sparsity, nats per token · parameters^b_N.
        b_S: Exponent of (1-S).
        c_S: Size coefficient that sparsity does not change, in the unit of `a_S`.
        b_N: Size exponent.
        a_D: Data scale, tokens.
        b_D: Data exponent.
        c: Irreducible loss, nats per token.

    References:
        Frantar et al. (2023), arXiv:2309.08520, the joint law of sparsity, size and data.
    """

    form: ClassVar[str] = "frantar"
    formula: ClassVar[str] = "L = (a_S (1-S)^b_S + c_S) / N^b_N + (a_D/D)^b_D + c"

    a_S: float
    b_S: float
    c_S: float
    b_N: float
    a_D: float
    b_D: float
    c: float

    def _loss(self, x: Inputs) -> Floats:
        size = self.a_S * (1 - x.sparsity) ** self.b_S + self.c_S
        return size * x.n_active**-self.b_N + (self.a_D / x.tokens) ** self.b_D + self.c

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        kept = 1 - x.sparsity
        per_c = x.n_active**-self.b_N
        per_a = kept**self.b_S * per_c
        size = self.a_S * per_a + self.c_S * per_c
        data = (self.a_D / x.tokens) ** self.b_D
        return {
            "n_active": -self.b_N * size / x.n_active,
            "tokens": -self.b_D * data / x.tokens,
            "sparsity": -self.b_S * self.a_S * per_a / kept,
            "a_S": per_a,
            "b_S": np.log(kept) * self.a_S * per_a,
            "c_S": per_c,
            "b_N": -np.log(x.n_active) * size,
            "a_D": self.b_D * data / self.a_D,
            "b_D": np.log(self.a_D / x.tokens) * data,
            "c": np.ones(()),
        }

    def signomial(self, **factors: float) -> Signomial:
        """The law with (1-S) = 1/R; every term is a positive power."""
        self._fix(factors)
        return Signomial(
            (
                Monomial(self.a_S, n_active=-self.b_N, expansion=-self.b_S),
                Monomial(self.c_S, n_active=-self.b_N),
                Monomial(self.a_D**self.b_D, tokens=-self.b_D),
                Monomial(self.c),
            )
        )


_T5 = Source(
    citation="Frantar et al. (2023), arXiv:2309.08520",
    where="T5/C4 fit, rounded as reprinted by Hossain et al. (2025)",
    n="active (non-zero), no embeddings",
    sparsity="weights",
    flops="6 N_active D for the final sparsity; gradual pruning costs more",
    corpus="C4",
    loss_unit="nats per token of span denoising, not autoregressive",
    range=FittedRange(
        n_active=(1.327104e6, 8.4934656e7),
        n_total=(1.327104e6, 6.79477248e8),
        tokens=(1.6384e10, 6.5536e10),
        sparsity=(0, 0.875),
    ),
    caveat="Encoder-decoder models; tokens are steps x 65,536.",
)

FRANTAR_2023_T5 = FrantarLaw(
    a_S=16.8, b_S=0.722, c_S=45.0, b_N=0.245, a_D=6.90e8, b_D=0.203, c=0.651, source=_T5,
)  # fmt: skip

FRANTAR_2023_VIT = FrantarLaw(
    a_S=294.0, b_S=0.821, c_S=468.0, b_N=0.392, a_D=2.37e8, b_D=0.890, c=4.517,
    source=replace(
        _T5,
        where="ViT/JFT-4B fit of the authors' notebook, converted to parameters and images",
        flops="not stated per image",
        corpus="JFT-4B (images)",
        loss_unit="validation loss of image classification, not nats per token",
        range=FittedRange(
            n_active=(6.63552e5, 4.2467328e7),
            n_total=(6.63552e5, 1.69869312e8),
            tokens=(2.25e8, 1.8e9),
            sparsity=(0, 0.9375),
        ),
        caveat="`tokens` are training images.",
    ),
)  # fmt: skip
