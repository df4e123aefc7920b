"""From a law to the surface that a plan minimises at a budget."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autotune.errors import InputError
from autotune.laws.base import ScalingLaw
from autotune.laws.ludziejewski import LudziejewskiLaw
from autotune.laws.muennighoff import R_D, MuennighoffLaw, effective_tokens
from autotune.laws.signomial import Monomial, Signomial
from autotune.planning.layout import FixedSparsity, Layout, LudziejewskiLayout
from autotune.planning.spending import Chain, LogMap, Repetition, Spending
from autotune.planning.surface import Surface
from autotune.types import Floats, FloatsLike

PLENTY = 1e40  # unique tokens of a corpus without limit


@dataclass(frozen=True, slots=True)
class Objective:
    """A law with everything but the sizes and the budget settled.

    Attributes:
        law: The law.
        factors: Exactly the further inputs the law takes.
        form: The law at these factors as a signomial.
        unique_tokens: Distinct tokens there are, None for no limit.
    """

    law: ScalingLaw
    factors: Mapping[str, float]
    form: Signomial
    unique_tokens: float | None = None

    @classmethod
    def of(
        cls, law: ScalingLaw, factors: Mapping[str, float], *, unique_tokens: float | None
    ) -> "Objective":
        """Settle a law's factors; those it does not use are left out.

        Raises:
            InputError: If the law misses a factor, or has no data term to plan with.
        """
        given = dict(factors)
        if isinstance(law, MuennighoffLaw):
            given["unique_tokens"] = unique_tokens or PLENTY
        used = {name: given[name] for name in law.factors if name in given}
        if law.fixed_tokens is not None:
            raise InputError(
                f"{law.form} has no data term: it holds at {law.fixed_tokens:.4g} tokens, so no "
                "budget can be split with it. Choose a law with a data term, see `autotune laws`."
            )
        return cls(law, used, law.signomial(**used), unique_tokens)

    def surface(self, spending: Spending) -> Surface:
        """The function to minimise when a budget is spent exactly.

        Raises:
            InputError: If the law rises with tokens in a way that cannot be proven optimal.
        """
        terms = [term for term in self.form.terms if term.coefficient]
        k, p, q, r = (np.array(x) for x in zip(*map(_row, terms), strict=True))
        none = np.zeros_like(k)
        if not spending.inference_tokens and self.unique_tokens is None:
            # d = ln(C/6) - n is linear, so the tokens' exponents join those of n.
            k = k * np.exp(q * np.log(spending.at_one_parameter()))
            return Surface(k, p - spending.cost.exponent * q, none, none, r)
        if np.any(q > 0):
            raise InputError(
                f"{self.law.form} rises with tokens, so it cannot be planned with inference or "
                "repeated tokens. Leave those out, or choose another law."
            )
        data: LogMap = spending
        if self.unique_tokens is not None:
            data = Chain(Repetition(self.unique_tokens, self._decay), spending)
        if isinstance(self.law, MuennighoffLaw) and self.unique_tokens is not None:
            fed = float(self.law.unique_parameters(np.asarray(self.unique_tokens)))
            size = Repetition(fed, self.law.R_N)
            return Surface(k, none, q, p, r, data, size)
        return Surface(k, p, q, none, r, data)

    def loss(self, n_active: float, tokens: float, sparsity: float) -> float:
        """The law's own loss; a dense law is read on active parameters."""
        return float(self.losses(n_active, tokens, sparsity))

    def losses(self, n_active: FloatsLike, tokens: FloatsLike, sparsity: FloatsLike) -> Floats:
        """The same for arrays, which broadcast together; coefficients may be arrays too."""
        read = 0.0 if self.law.dense else sparsity
        own = isinstance(self.law, MuennighoffLaw) or self.unique_tokens is None
        worth = tokens if own else self._worth(tokens)
        return self.law.loss(n_active, worth, read, **self.factors)

    def effective_tokens(self, tokens: float) -> float:
        """What the tokens are worth once repetitions are discounted."""
        return tokens if self.unique_tokens is None else float(self._worth(tokens))

    def _worth(self, tokens: FloatsLike) -> Floats:
        return effective_tokens(tokens, self.unique_tokens or PLENTY, repeats=self._decay)

    def loss_of(self, value: float) -> float:
        """The loss at a value of the surface, which leaves out the outer power."""
        return float(max(value, 0.0) ** self.form.power)

    def value_of(self, loss: float) -> float:
        """The value of the surface at a loss."""
        return float(loss ** (1 / self.form.power))

    def layout(self, sparsity: float) -> Layout:
        """What ties total to active parameters at a given sparsity.

        The law of Ludziejewski et al. counts experts, so their own models give the total,
        unless a sparsity is given.
        """
        if isinstance(self.law, LudziejewskiLaw) and not sparsity:
            return LudziejewskiLayout(self.factors["n_experts"])
        return FixedSparsity(-math.log1p(-sparsity))

    @property
    def _decay(self) -> float:
        return self.law.R_D if isinstance(self.law, MuennighoffLaw) else R_D


def _row(term: Monomial) -> tuple[float, float, float, float]:
    return term.coefficient, term.n_active, term.tokens, term.expansion
