"""The data-constrained law of Muennighoff et al. (2023): what repeated tokens are worth."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from autotune import checks
from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.signomial import Monomial, Signomial
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats, FloatsLike

R_D = 15.387756
"""Published number of repetitions after which repeated tokens have lost most of their worth."""

R_N = 5.309743
"""The same for parameters beyond those that the unique tokens can feed."""


def effective_tokens(
    tokens: FloatsLike, unique_tokens: FloatsLike, *, repeats: float = R_D
) -> Floats:
    """Count repeated tokens at their worth: the number of fresh ones that would do as much.

    Args:
        tokens: Tokens trained on, repetitions included, shape `S`, > 0.
        unique_tokens: Tokens that exist, shape broadcastable with `S`, > 0.
        repeats: Repetitions after which their worth has decayed, > 0 (R*_D in the paper).

    Returns:
        Effective tokens, at most `tokens` and at most `(1 + repeats) unique_tokens`.

    Raises:
        InputError: If an argument is not finite and > 0.
    """
    return _effective(*_positive("tokens", tokens, unique_tokens), repeats)


def effective_tokens_slope(
    tokens: FloatsLike, unique_tokens: FloatsLike, *, repeats: float = R_D
) -> Floats:
    """Differentiate `effective_tokens` by tokens: what one more token is worth, in (0, 1]."""
    d, unique = _positive("tokens", tokens, unique_tokens)
    return np.exp(-np.maximum(d / unique - 1, 0) / repeats)


def effective_parameters(
    n_active: FloatsLike, unique_parameters: FloatsLike, *, repeats: float = R_N
) -> Floats:
    """Count parameters beyond those that the unique tokens can feed at their worth.

    Args:
        n_active: Parameters of the dense model, shape `S`, > 0.
        unique_parameters: The size that is compute-optimal for the unique tokens, > 0.
        repeats: R*_N in the paper, > 0.

    Raises:
        InputError: If an argument is not finite and > 0.
    """
    return _effective(*_positive("parameters", n_active, unique_parameters), repeats)


def _positive(what: str, used: FloatsLike, unique: FloatsLike) -> tuple[Floats, Floats]:
    hint = "Pass counts, not billions."
    return checks.positive(what, used, hint=hint), checks.positive(
        f"unique {what}", unique, hint=hint
    )


def _effective(used: Floats, unique: Floats, repeats: float) -> Floats:
    fresh = np.minimum(used, unique)
    return fresh * (1 - repeats * np.expm1(-(used / fresh - 1) / repeats))


def _effective_slopes(
    used: Floats, unique: Floats, repeats: float
) -> tuple[Floats, Floats, Floats]:
    """Differentiate `_effective` with respect to used, unique and repeats."""
    again = np.maximum(used / unique - 1, 0)
    left = np.exp(-again / repeats)
    by_unique = (1 - left) * (1 + repeats) - left * again
    return left, by_unique, unique * ((1 - left) - left * again / repeats)


@dataclass(frozen=True, slots=True, kw_only=True)
class MuennighoffLaw(ScalingLaw):
    r"""Dense law in effective parameters N' and effective tokens D'.

    .. math:: L = E + \frac{A}{N'^\alpha} + \frac{B}{D'^\beta}, \quad
              D' = U_D + U_D R_D \left(1 - e^{-(D/U_D - 1)/R_D}\right)

    N' likewise with R_N and U_N, the compute-optimal size for U_D unique tokens. Up to U_D
    and U_N nothing is discounted.

    Attributes:
        E: Irreducible loss, nats per token.
        A: Size coefficient, nats per token · parameters^alpha.
        alpha: Size exponent.
        B: Data coefficient, nats per token · tokens^beta.
        beta: Data exponent.
        R_D: Repetitions after which repeated tokens have lost most of their worth.
        R_N: The same for excess parameters.

    References:
        Muennighoff et al. (2023), arXiv:2305.16264, the data-constrained law.
    """

    form: ClassVar[str] = "muennighoff"
    formula: ClassVar[str] = (
        "L = E + A/N'^alpha + B/D'^beta; D' = U + U R_D (1 - exp(-(D/U - 1)/R_D)) for D > U = "
        "unique_tokens, N' likewise with R_N and the size that is compute-optimal for U tokens"
    )
    dense: ClassVar[bool] = True
    factors: ClassVar[tuple[str, ...]] = ("unique_tokens",)

    E: float
    A: float
    alpha: float
    B: float
    beta: float
    R_D: float
    R_N: float

    def unique_parameters(self, unique_tokens: Floats) -> Floats:
        """The compute-optimal size U_N for so many tokens: alpha A/N^alpha = beta B/D^beta."""
        ratio = self.alpha * self.A / (self.beta * self.B)
        return (ratio * unique_tokens**self.beta) ** (1 / self.alpha)

    def _loss(self, x: Inputs) -> Floats:
        unique = x.factors["unique_tokens"]
        n = _effective(x.n_active, self.unique_parameters(unique), self.R_N)
        d = _effective(x.tokens, unique, self.R_D)
        return self.E + self.A * n**-self.alpha + self.B * d**-self.beta

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        unique = x.factors["unique_tokens"]
        fed = self.unique_parameters(unique)
        n = _effective(x.n_active, fed, self.R_N)
        d = _effective(x.tokens, unique, self.R_D)
        n_by_used, n_by_fed, n_by_repeats = _effective_slopes(x.n_active, fed, self.R_N)
        d_by_used, d_by_unique, d_by_repeats = _effective_slopes(x.tokens, unique, self.R_D)
        per_a, per_b = n**-self.alpha, d**-self.beta
        by_n, by_d = -self.alpha * self.A * per_a / n, -self.beta * self.B * per_b / d
        by_log_fed = by_n * n_by_fed * fed  # U_N depends on four coefficients and on U_D
        log_fed, log_unique = np.log(fed), np.log(unique)
        return {
            "n_active": by_n * n_by_used,
            "tokens": by_d * d_by_used,
            "sparsity": np.zeros(()),
            "unique_tokens": by_d * d_by_unique + by_log_fed * self.beta / self.alpha / unique,
            "E": np.ones(()),
            "A": per_a + by_log_fed / (self.alpha * self.A),
            "alpha": -np.log(n) * self.A * per_a
            + by_log_fed * (1 / self.alpha - log_fed) / self.alpha,
            "B": per_b - by_log_fed / (self.alpha * self.B),
            "beta": -np.log(d) * self.B * per_b
            + by_log_fed * (log_unique - 1 / self.beta) / self.alpha,
            "R_D": by_d * d_by_repeats,
            "R_N": by_n * n_by_repeats,
        }

    def signomial(self, **factors: float) -> Signomial:
        """The law *without repetition*: for tokens <= U_D and n_active <= U_N only."""
        self._fix(factors)
        return Signomial(
            (
                Monomial(self.E),
                Monomial(self.A, n_active=-self.alpha),
                Monomial(self.B, tokens=-self.beta),
            )
        )


MUENNIGHOFF_2023 = MuennighoffLaw(
    E=float(np.exp(0.6254804)),
    A=float(np.exp(6.255414)),
    alpha=0.3526596,
    B=float(np.exp(7.3049974)),
    beta=0.3526596,
    R_D=R_D,
    R_N=R_N,
    source=Source(
        citation="Muennighoff et al. (2023), arXiv:2305.16264",
        where="exact digits of the fit; printed 1.87 + 521/N^0.353 + 1488/D^0.353",
        n="active (dense: active = total)",
        sparsity="none",
        flops="6 N D",
        corpus="C4",
        range=FittedRange(n_active=(0, 9e9), tokens=(0, 9e11), sparsity=(0, 0)),
        caveat="The fit ties both exponents to one value.",
    ),
)
