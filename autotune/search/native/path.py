"""Sample paths of a Gaussian process, for Thompson sampling: functions with values and slopes."""

from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.linalg import cho_solve

from autotune.search.native.gaussian import JITTER, GaussianProcess
from autotune.types import Floats

WAVES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Path(GaussianProcess):
    """A draw from the posterior by pathwise conditioning (Wilson et al. 2020, eq. 13).

    A function drawn from the prior is corrected by what it misses at the points told. The prior's
    draw is a sum of cosines with frequencies of the Matern-5/2 spectrum, a multivariate t with
    five degrees of freedom, and of the basis with normal coefficients. `weights` are those of the
    correction.

    Attributes:
        frequencies: Of the waves, by points over the lengths, shape (w, d).
        phases: Shape (w,).
        heights: Shape (w,).
        coefficients: Of the basis, shape (2 d + k,).
    """

    frequencies: Floats
    phases: Floats
    heights: Floats
    coefficients: Floats

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """The path at (m, d + k), and a deviation of 0, shape (m,) each."""
        corrected = self.expected(x) + self.covariance(x) @ self.weights
        return corrected + self._drawn(*self.split(x)), np.zeros(len(x))

    def gradient(self, x: Floats) -> tuple[float, float, Floats, Floats]:
        """The path at a point (d + k,), a deviation of 0, and their gradients."""
        _, _, by_value, _ = super(Path, self).gradient(x)
        scaled, _ = self.split(x[None, :])
        waves = -self.heights * np.sin(self.frequencies @ scaled[0] + self.phases)
        drawn, d = self.chain(x, self.coefficients), scaled.shape[1]
        drawn[:d] += (waves @ self.frequencies) / self.hyper.length
        drawn[:d] *= self.hyper.stretch(x[:d])
        by_value = by_value + drawn
        return float(self.predict(x[None, :])[0][0]), 0.0, by_value, np.zeros_like(by_value)

    def _drawn(self, scaled: Floats, basis: Floats) -> Floats:
        """The prior's draw at points over the lengths and their basis, shape (m,)."""
        waves = np.cos(scaled @ self.frequencies.T + self.phases) @ self.heights
        return np.asarray(waves + basis @ self.coefficients)


def drawn(process: GaussianProcess, rng: np.random.Generator) -> Path:
    """A path of a process, the same for the same state of the generator."""
    d, scale = process.x.shape[1], np.sqrt(process.variance)
    spread = np.sqrt(5.0 / rng.chisquare(5.0, (WAVES, 1)))
    known = {field.name: getattr(process, field.name) for field in fields(GaussianProcess)}
    path = Path(
        **known,
        frequencies=rng.standard_normal((WAVES, d)) * spread,
        phases=rng.uniform(0.0, 2 * np.pi, WAVES),
        heights=scale * np.sqrt(2.0 / WAVES) * rng.standard_normal(WAVES),
        coefficients=scale * rng.standard_normal(process.basis.shape[1]),
    )
    noise = scale * np.sqrt(process.noise + JITTER) * rng.standard_normal(len(process.y))
    told = process.factor @ process.whitened  # what the mean and the trend leave of the values
    left = told - path._drawn(process.x, process.basis) - noise
    return replace(path, weights=cho_solve((process.factor, True), left, check_finite=False))
