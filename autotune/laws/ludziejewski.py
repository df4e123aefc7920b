"""The joint dense and mixture-of-experts law of Ludziejewski et al. (2025)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.saturation import saturate, saturate_slopes
from autotune.laws.signomial import Monomial, Signomial
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class LudziejewskiLaw(ScalingLaw):
    r"""Law of E experts, one active, with N the active parameters and h the saturated E.

    .. math:: L = a h^\delta N^{\alpha + \gamma \ln h} + b h^\omega D^{\beta + \zeta \ln h} + c

    Attributes:
        a: Size coefficient.
        alpha: Size exponent of the dense limit h = 1, < 0.
        delta: Exponent of h beside size.
        gamma: How the size exponent moves with ln h.
        b: Data coefficient.
        beta: Data exponent of the limit h = 1, < 0.
        omega: Exponent of h beside data.
        zeta: How the data exponent moves with ln h.
        c: Irreducible loss, nats per token.
        E_start: Value of h for one expert.
        E_max: Value of h for infinitely many experts.

    References:
        Ludziejewski et al. (2025), arXiv:2502.05172, the joint law and its table of coefficients.
    """

    form: ClassVar[str] = "ludziejewski"
    formula: ClassVar[str] = (
        "L = a h^delta N^(alpha + gamma ln h) + b h^omega D^(beta + zeta ln h) + c; "
        "1/h = 1/(E-1 + 1/(1/E_start - 1/E_max)) + 1/E_max, E = n_experts"
    )
    reads_sparsity: ClassVar[bool] = False
    factors: ClassVar[tuple[str, ...]] = ("n_experts",)

    a: float
    alpha: float
    delta: float
    gamma: float
    b: float
    beta: float
    omega: float
    zeta: float
    c: float
    E_start: float
    E_max: float

    def _loss(self, x: Inputs) -> Floats:
        size, data = self._terms(x, self._log_h(x.factors["n_experts"]))
        return size + data + self.c

    def _log_h(self, n_experts: Floats) -> Floats:
        return np.log(saturate(n_experts - 1, self.E_start, self.E_max))

    def _terms(self, x: Inputs, log_h: Floats) -> tuple[Floats, Floats]:
        log_n, log_d = np.log(x.n_active), np.log(x.tokens)
        size = self.a * np.exp(self.delta * log_h + (self.alpha + self.gamma * log_h) * log_n)
        data = self.b * np.exp(self.omega * log_h + (self.beta + self.zeta * log_h) * log_d)
        return size, data

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        extra = x.factors["n_experts"] - 1
        h = saturate(extra, self.E_start, self.E_max)
        by_experts, by_start, by_max = saturate_slopes(extra, self.E_start, self.E_max)
        log_n, log_d, log_h = np.log(x.n_active), np.log(x.tokens), np.log(h)
        size, data = self._terms(x, log_h)
        by_h = (
            size * (self.delta + self.gamma * log_n) + data * (self.omega + self.zeta * log_d)
        ) / h
        return {
            "n_active": size * (self.alpha + self.gamma * log_h) / x.n_active,
            "tokens": data * (self.beta + self.zeta * log_h) / x.tokens,
            "sparsity": np.zeros(()),
            "n_experts": by_h * by_experts,
            "a": size / self.a,
            "alpha": size * log_n,
            "delta": size * log_h,
            "gamma": size * log_n * log_h,
            "b": data / self.b,
            "beta": data * log_d,
            "omega": data * log_h,
            "zeta": data * log_d * log_h,
            "c": np.ones(()),
            "E_start": by_h * by_start,
            "E_max": by_h * by_max,
        }

    def signomial(self, **factors: float) -> Signomial:
        """The law at one number of experts: m N^mu + n D^nu + c in the paper's table 4."""
        log_h = self._log_h(np.asarray(self._fix(factors)["n_experts"]))
        m, n = self.a * np.exp(self.delta * log_h), self.b * np.exp(self.omega * log_h)
        mu, nu = self.alpha + self.gamma * log_h, self.beta + self.zeta * log_h
        return Signomial(
            (
                Monomial(float(m), n_active=float(mu)),
                Monomial(float(n), tokens=float(nu)),
                Monomial(self.c),
            )
        )


LUDZIEJEWSKI_2025 = LudziejewskiLaw(
    a=35.91, alpha=-0.1889, delta=-0.2285, gamma=0.0098,
    b=35.98, beta=-0.1775, omega=0.5529, zeta=-0.0259,
    c=1.3637, E_start=2.0732, E_max=290.4521,
    source=Source(
        citation="Ludziejewski et al. (2025), arXiv:2502.05172",
        where="the joint law's table of coefficients, as printed",
        n="active, embeddings included",
        sparsity="experts (their number is read, not a sparsity)",
        flops="6 N_active D",
        corpus="FineWeb-Edu",
        range=FittedRange(
            n_active=(0, 2.7e9), n_total=(0, 5e9), factors={"n_experts": (1, 32)}
        ),
        caveat="One active expert per token (top-1).",
    ),
)  # fmt: skip
