"""What a Gaussian process is fitted to, and what is learned of it."""

from dataclasses import dataclass, replace

import numpy as np

from autotune.search.native.input_warp import InputWarp
from autotune.search.native.replicates import Ints, Replicates
from autotune.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Where lengths and noise are expected, as normal distributions of their logarithms.

    Attributes:
        length: Median length of a feature.
        length_sigma: Standard deviation of the log length.
        noise: Median ratio of noise variance to signal variance.
        noise_sigma: Standard deviation of its logarithm.
        bowl: Median ratio of the bowl's variance to signal variance.
        bowl_sigma: Standard deviation of its logarithm.
    """

    length: float
    length_sigma: float = 1.0
    bowl: float = 1e-1
    bowl_sigma: float = 2.0
    noise: float = 1e-5
    noise_sigma: float = 4.0

    def cost(self, vector: Floats, parameters: int) -> tuple[float, Floats]:
        """Minus the log density of log hyperparameters, up to a constant, and its gradient.

        A signal variance behind noise and bowl, if there is one, is as likely at any logarithm.
        """
        p = parameters
        off, sigma = np.zeros_like(vector), np.ones_like(vector)
        off[:p], sigma[:p] = vector[:p] - np.log(self.length), self.length_sigma
        off[p : p + 2] = vector[p : p + 2] - np.log([self.noise, self.bowl])
        sigma[p : p + 2] = self.noise_sigma, self.bowl_sigma
        return 0.5 * float(((off / sigma) ** 2).sum()), off / sigma**2


@dataclass(frozen=True, slots=True)
class Data:
    """What a process is fitted to.

    Attributes:
        x: Points, and after them what k priors predict there, shape (g, d + k).
        y: Values, shape (n,).
        owner: The parameter that each feature is of, shape (d,): features of one parameter,
            such as the indicators of its categories, share a length.
        replicates: Which point each value is of, and its known noise; None if each has one value
            and nothing is known, so that g = n.
    """

    x: Floats
    y: Floats
    owner: Ints
    replicates: Replicates | None = None

    @property
    def parameters(self) -> int:
        """How many parameters the features are of."""
        return int(self.owner.max()) + 1

    def seen_by(self, inputs: InputWarp | None) -> "Data":
        """The same with features after a warp."""
        if inputs is None:
            return self
        d = len(self.owner)
        return replace(self, x=np.concatenate([inputs(self.x[:, :d]), self.x[:, d:]], axis=1))

    @property
    def has_known_noise(self) -> bool:
        """Whether something is known of the noise, so that the signal's variance is learned."""
        return self.replicates is not None and self.replicates.known is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyper:
    """Hyperparameters of the process.

    Attributes:
        length: Of each feature, shape (d,).
        noise: Noise variance over signal variance, beyond what is known of the noise.
        bowl: Variance of the coefficients of linear and quadratic terms over signal variance.
        variance: Signal variance, where noise is known; None where it follows from the values.
        inputs: A warp that features go through first; None where they stay as they are.
    """

    length: Floats
    noise: float
    bowl: float
    variance: float | None = None
    inputs: InputWarp | None = None

    def seen(self, x: Floats) -> Floats:
        """Features as the process takes them, shape (..., d)."""
        return x if self.inputs is None else self.inputs(x)

    def stretch(self, x: Floats) -> Floats:
        """Derivatives of what `seen` returns, each by its own feature, shape (..., d)."""
        return np.ones_like(x) if self.inputs is None else self.inputs.slope(x)

    @staticmethod
    def of(vector: Floats, owner: Ints, inputs: InputWarp | None = None) -> "Hyper":
        """From logarithms, shape (p + 2,) or (p + 3,), and a warp of the inputs.

        They are of one length per parameter, of noise and bowl, and of the signal variance where
        noise is known.
        """
        p = int(owner.max()) + 1
        noise, bowl = np.exp(vector[p : p + 2])
        variance = float(np.exp(vector[p + 2])) if len(vector) > p + 2 else None
        return Hyper(
            length=np.exp(vector[owner]), noise=float(noise), bowl=float(bowl), variance=variance,
            inputs=inputs,
        )  # fmt: skip

    def vector(self, owner: Ints) -> Floats:
        """The logarithms that `of` takes."""
        lengths = self.length[np.unique(owner, return_index=True)[1]]
        variance = [] if self.variance is None else [self.variance]
        return np.asarray(np.log([*lengths, self.noise, self.bowl, *variance]))
