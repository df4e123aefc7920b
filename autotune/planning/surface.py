"""The loss to minimise, as a difference of two convex functions.

A law within a budget is F(n, u) = sum_i k_i exp(p_i n + q_i d(n) + m_i s(n) + r_i u), with
n = ln N_active, u = ln(N_total/N_active), d = ln of the effective tokens and s = ln of the
effective size. Each exponent is convex, so the terms with k > 0 add up to a convex function and
those with k < 0 to the negative of one.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from autotune.planning.spending import LogMap
from autotune.types import Floats


class Jet(NamedTuple):
    """A value with its gradient and Hessian in (n, u)."""

    value: Floats
    by_n: Floats
    by_u: Floats
    by_nn: Floats
    by_nu: Floats
    by_uu: Floats


@dataclass(frozen=True, slots=True)
class Surface:
    """Coefficients and exponents of the terms, each of shape (t,).

    Attributes:
        k: Coefficients, none of them 0.
        p: Exponents of N_active.
        q: Exponents of the effective tokens; all 0 where `data` is None.
        m: Exponents of the effective size; all 0 where `size` is None.
        r: Exponents of N_total / N_active.
        data: ln of the effective tokens as a function of n.
        size: ln of the effective size as a function of n.
    """

    k: Floats
    p: Floats
    q: Floats
    m: Floats
    r: Floats
    data: LogMap | None = None
    size: LogMap | None = None

    @property
    def linear(self) -> bool:
        """Whether every exponent is linear in (n, u)."""
        return self.data is None and self.size is None

    @property
    def convex(self) -> bool:
        """Whether no negative term varies, so that any local minimum is the global one."""
        varies = (self.p != 0) | (self.q != 0) | (self.m != 0) | (self.r != 0)
        return bool(np.all(self.k[varies] > 0))

    def split(self) -> tuple["Surface", "Surface"]:
        """The convex functions P and Q of F = P - Q."""
        positive = self.k > 0
        return self._terms(positive, 1.0), self._terms(~positive, -1.0)

    def value(self, n: Floats, u: Floats) -> Floats:
        """F at points of any shape."""
        d, s = self._maps(n)[0]
        shape = (-1,) + (1,) * np.ndim(n)
        k, p, q, m, r = (x.reshape(shape) for x in (self.k, self.p, self.q, self.m, self.r))
        return np.asarray((k * np.exp(p * n + q * d + m * s + r * u)).sum(axis=0))

    def jet(self, n: Floats, u: Floats) -> Jet:
        """F with its gradient and Hessian at points of any shape."""
        (d, s), (d1, s1), (d2, s2) = self._maps(n)
        shape = (-1,) + (1,) * np.ndim(n)
        k, p, q, m, r = (x.reshape(shape) for x in (self.k, self.p, self.q, self.m, self.r))
        term = k * np.exp(p * n + q * d + m * s + r * u)
        slope = p + q * d1 + m * s1
        return Jet(
            term.sum(axis=0),
            (term * slope).sum(axis=0),
            (term * r).sum(axis=0),
            (term * (slope**2 + q * d2 + m * s2)).sum(axis=0),
            (term * slope * r).sum(axis=0),
            (term * r**2).sum(axis=0),
        )

    def at_expansion(self, u: float) -> "Surface":
        """The curve at fixed u, with like terms merged; a function of n alone."""
        return self._curve(self.k * np.exp(self.r * u), self.p)

    def at_total(self, log_total: float) -> "Surface":
        """The curve n + u = `log_total`; a function of n alone."""
        return self._curve(self.k * np.exp(self.r * log_total), self.p - self.r)

    def at_size(self, n: float) -> "Surface":
        """The curve at fixed n as a function of u, which takes the place of n."""
        (d, s), _, _ = self._maps(np.asarray(n))
        k = self.k * np.exp(self.p * n + self.q * d + self.m * s)
        none = np.zeros_like(k)
        return Surface(k, self.r, none, none, none)._merged()

    def _curve(self, k: Floats, p: Floats) -> "Surface":
        curve = Surface(k, p, self.q, self.m, np.zeros_like(k), self.data, self.size)
        return curve._merged()

    def _merged(self) -> "Surface":
        """Add the coefficients of terms that have the same exponents."""
        sums: dict[tuple[float, ...], float] = {}
        for k, *exponents in np.stack([self.k, self.p, self.q, self.m, self.r], axis=1).tolist():
            # 14 digits: exponents that differ by rounding alone are the same
            key = tuple(float(f"{exponent:.14g}") for exponent in exponents)
            sums[key] = sums.get(key, 0.0) + k
        kept = {key: k for key, k in sums.items() if k}
        p, q, m, r = (np.array(column) for column in zip(*kept, strict=True))
        return Surface(np.array(list(kept.values())), p, q, m, r, self.data, self.size)

    def _terms(self, chosen: NDArray[np.bool_], sign: float) -> "Surface":
        k, p, q, m, r = (x[chosen] for x in (sign * self.k, self.p, self.q, self.m, self.r))
        return Surface(k, p, q, m, r, self.data, self.size)

    def _maps(self, n: Floats) -> tuple[tuple[Floats, Floats], ...]:
        """Values, slopes and curvatures of (data, size)."""
        none = (np.zeros(()),) * 3
        data = self.data(n) if self.data else none
        size = self.size(n) if self.size else none
        return tuple(zip(data, size, strict=True))
