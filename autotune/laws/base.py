"""What every scaling law offers: loss, analytic gradient, coefficients, provenance."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from autotune import checks
from autotune.errors import InputError
from autotune.laws.factors import FACTORS, check_experts
from autotune.laws.signomial import Signomial
from autotune.laws.source import Source
from autotune.types import Floats, FloatsLike

FIXED_TOKENS_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class Inputs:
    """Checked inputs of a law: float64 arrays that broadcast together."""

    n_active: Floats
    tokens: Floats
    sparsity: Floats
    factors: Mapping[str, Floats]

    @property
    def n_total(self) -> Floats:
        """All parameters held: n_active / (1 - sparsity)."""
        return self.n_active / (1 - self.sparsity)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingLaw(ABC):
    """Final pre-training loss as a function of active parameters, tokens and sparsity.

    A subclass is one published form. Its fields are the form's coefficients in the paper's
    letters, so an instance is a form with numbers: a preset, or a fit.

    Class attributes:
        form: Name of the form in the catalogue.
        formula: The formula as text, in the names of the coefficients.
        dense: Whether the form is of dense models; it then refuses any sparsity but 0.
        reads_sparsity: Whether sparsity enters the formula. A sparse law that reads the number
            of experts instead takes sparsity as a property of the model, without effect.
        factors: Further inputs the form needs, by name; `factors.FACTORS` says what they mean.
        fixed_tokens: The token count the form holds at, if it has no data term.
    """

    form: ClassVar[str]
    formula: ClassVar[str]
    dense: ClassVar[bool] = False
    reads_sparsity: ClassVar[bool] = True
    factors: ClassVar[tuple[str, ...]] = ()
    fixed_tokens: ClassVar[float | None] = None

    source: Source

    @property
    def coefficients(self) -> dict[str, float]:
        """The coefficients by name, in the order the form declares them."""
        return {name: getattr(self, name) for name in self.coefficient_names()}

    @classmethod
    def coefficient_names(cls) -> tuple[str, ...]:
        """Names of the form's coefficients, in declaration order."""
        return tuple(field.name for field in fields(cls) if field.name != "source")

    def loss(
        self,
        n_active: FloatsLike,
        tokens: FloatsLike,
        sparsity: FloatsLike = 0.0,
        **factors: FloatsLike,
    ) -> Floats:
        """Predict the final loss; all arguments broadcast together.

        Args:
            n_active: Parameters used per token, > 0. A law whose formula counts total
                parameters converts with n_total = n_active / (1 - sparsity).
            tokens: Training tokens, > 0.
            sparsity: 1 - n_active/n_total, in [0, 1).
            **factors: The further inputs named in `self.factors`.

        Returns:
            Loss in the source's unit (nats per token), in the broadcast shape. Coefficients
            may be arrays too, one law standing for many: they broadcast with the inputs.

        Raises:
            InputError: If an argument is out of its domain, missing, or not used by this law.
        """
        x = self._check(n_active, tokens, sparsity, factors)
        return _spread(self._loss(x), self._shape(x))

    def gradient(
        self,
        n_active: FloatsLike,
        tokens: FloatsLike,
        sparsity: FloatsLike = 0.0,
        **factors: FloatsLike,
    ) -> dict[str, Floats]:
        """Differentiate the loss with respect to each input and each coefficient.

        Takes the arguments of `loss`. The derivative with respect to one input holds the
        others: the one by `sparsity` holds `n_active`, so `n_total` moves.

        Returns:
            Partial derivatives by input or coefficient name, each in the broadcast shape.

        Raises:
            InputError: As `loss`.
        """
        x = self._check(n_active, tokens, sparsity, factors)
        shape = self._shape(x)
        return {name: _spread(slope, shape) for name, slope in self._gradient(x).items()}

    def signomial(self, **factors: float) -> Signomial:
        """The law at fixed factors as a signomial in (n_active, tokens, 1/(1 - sparsity)).

        Raises:
            InputError: If the form has no such structure, or a factor is missing.
        """
        self._fix(factors)
        raise InputError(
            f"{self.form} has no data term that a budget could trade against model size. "
            "Choose another law, for example generalized-moe."
        )

    @abstractmethod
    def _loss(self, x: Inputs) -> Floats:
        """Evaluate the formula on checked inputs."""

    @abstractmethod
    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        """Evaluate all partial derivatives on checked inputs."""

    def _check(
        self,
        n_active: FloatsLike,
        tokens: FloatsLike,
        sparsity: FloatsLike,
        factors: Mapping[str, FloatsLike],
    ) -> Inputs:
        self._check_factor_names(factors)
        x = Inputs(
            checks.positive("n_active", n_active, hint="Pass parameters, not billions of them."),
            checks.positive("tokens", tokens, hint="Drop runs that stopped before a first step."),
            checks.fraction("sparsity", sparsity, hint="It is 1 - n_active/n_total."),
            {name: FACTORS[name].check(name, value) for name, value in factors.items()},
        )
        if self.dense and x.sparsity.any():
            raise InputError(
                f"{self.form} is a dense law and cannot use sparsity. "
                "Choose a law with a sparsity term, for example generalized-moe."
            )
        if self.fixed_tokens is not None:
            self._check_fixed_tokens(x.tokens)
        return x

    def _check_fixed_tokens(self, tokens: Floats) -> None:
        fixed = self.fixed_tokens or np.nan
        low, high = fixed * (1 - FIXED_TOKENS_TOLERANCE), fixed * (1 + FIXED_TOKENS_TOLERANCE)
        if tokens.size and not (tokens.min() >= low and tokens.max() <= high):
            far = (tokens < low) | (tokens > high)
            raise InputError(
                f"{self.form} has no data term: it holds at {fixed:.4g} tokens, give or take "
                f"{FIXED_TOKENS_TOLERANCE:.0%}, but {int(far.sum())} of {far.size} values are "
                f"further off (first: {tokens[far][0]:.4g}). Choose a law with a data term."
            )

    def _check_factor_names(self, factors: Mapping[str, FloatsLike]) -> None:
        check_experts(factors)
        missing = [name for name in self.factors if name not in factors]
        unused = [name for name in factors if name not in self.factors]
        if missing:
            raise InputError(f"{self.form} needs {', '.join(missing)}. Pass one value or an array.")
        if unused:
            needs = ", ".join(self.factors) or "none"
            raise InputError(f"{self.form} does not use {', '.join(unused)}; it uses: {needs}.")

    def _fix(self, factors: Mapping[str, float]) -> dict[str, float]:
        """Check factors that must be one number each."""
        self._check_factor_names(factors)
        fixed = {name: FACTORS[name].check(name, value) for name, value in factors.items()}
        arrays = [name for name, value in fixed.items() if value.ndim]
        if arrays:
            raise InputError(f"{', '.join(arrays)} must be one number here, not an array.")
        return {name: float(value) for name, value in fixed.items()}

    def _shape(self, x: Inputs) -> tuple[int, ...]:
        parts = (x.n_active, x.tokens, x.sparsity, *x.factors.values())
        return np.broadcast(*parts, *self.coefficients.values()).shape


def _spread(value: Floats, shape: tuple[int, ...]) -> Floats:
    """Give a result that some inputs did not enter the full broadcast shape."""
    return value if np.shape(value) == shape else np.broadcast_to(value, shape).copy()
