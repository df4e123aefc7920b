r"""The common structure of most scaling laws, which makes their optima certifiable.

With the architecture factors fixed, such a law is

    L(N, D, R) = (sum_i c_i N^{p_i} D^{q_i} R^{r_i})^{power},   R = N_total / N_active = 1 / (1 - S)

In logarithms of (N, D, R) each term with c_i > 0 is convex, while a compute budget and every
cap is linear, so a planner can prove that a minimum is the global one.
"""

from dataclasses import dataclass

import numpy as np

from autotune.types import Floats


@dataclass(frozen=True, slots=True)
class Monomial:
    """One term `coefficient * N_active^n_active * D^tokens * R^expansion`."""

    coefficient: float
    n_active: float = 0.0
    tokens: float = 0.0
    expansion: float = 0.0


@dataclass(frozen=True, slots=True)
class Signomial:
    """A sum of monomials raised to a power (1 for every law but Kaplan's)."""

    terms: tuple[Monomial, ...]
    power: float = 1.0

    def value(self, n_active: Floats, tokens: Floats, sparsity: Floats) -> Floats:
        """Evaluate at broadcasting arrays of parameters, tokens and sparsity."""
        log_n, log_d, log_r = np.log(n_active), np.log(tokens), -np.log1p(-sparsity)
        total = sum(
            term.coefficient
            * np.exp(term.n_active * log_n + term.tokens * log_d + term.expansion * log_r)
            for term in self.terms
            if term.coefficient
        )
        return np.asarray(total**self.power, dtype=np.float64)
