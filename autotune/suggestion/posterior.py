"""What runs say about the coefficients of one law: draws from its posterior distribution.

Exponents are drawn by adaptive importance sampling (Cappé et al. 2004, population Monte Carlo)
from their profile likelihood with the noise integrated out, times a weak prior; given them, the
coefficients that enter linearly are normal. Unlike a bootstrap this costs one fit, not hundreds.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotune.errors import FitError
from autotune.fitting.candidates import Candidate
from autotune.fitting.design import design
from autotune.fitting.model import NOWHERE, Model
from autotune.fitting.runs import RunTable
from autotune.fitting.search import misfit, project, refine, starts
from autotune.fitting.settings import FitSettings
from autotune.fitting.twin import Posed, pose
from autotune.laws.base import ScalingLaw
from autotune.types import Floats

STARTS, REFINED, ROUNDS = 256, 16, 25
REWEIGHTED, KEPT, SETTLING = 2, 2, 8
"""Rounds of downweighting runs that lie far off, each followed by a descent of the best few."""

SAME_FIT = 1e-6
"""Relative fall of the mean square that ends a descent: a thousandth of a standard error or so."""

FAR = 2.0
"""Residuals, in robust standard deviations, beyond which a run counts less (Huber 1964)."""

MAD_TO_SIGMA = 1.4826
LEAST_SIGMA = 1e-5
PROPOSED, ADAPTED = 800, 3
TAILS = 5
"""Degrees of freedom of the proposals (Student's t): wider than what they stand for."""

WIDER = 1.3


@dataclass(frozen=True, slots=True)
class Posterior:
    """Draws of one law's coefficients.

    Attributes:
        candidate: The form and its convention.
        coefficients: By name, shape (draws,) each.
        sigma: Standard deviation of log losses around the law, misfit included.
    """

    candidate: Candidate
    coefficients: dict[str, Floats]
    sigma: float

    def log_loss(self, table: RunTable) -> Floats:
        """Predicted log losses, shape (draws, runs); not-a-number where a loss is <= 0."""
        columns = {name: values[:, None] for name, values in self.coefficients.items()}
        form, convention = self.candidate.form, self.candidate.convention
        law: ScalingLaw = form(source=NOWHERE, **columns)
        with np.errstate(all="ignore"):  # a wild draw overflows, and is dropped by who reads it
            return np.asarray(np.log(design(form, table, convention).loss(law)))

    def take(self, rows: NDArray[np.bool_]) -> "Posterior":
        """Some of the draws, by a mask."""
        return replace(self, coefficients={k: v[rows] for k, v in self.coefficients.items()})


def posterior(candidate: Candidate, table: RunTable, *, draws: int, seed: int) -> Posterior:
    """Draw a law's coefficients given runs.

    Args:
        candidate: The form and its convention.
        table: Finished runs; their weights are relative.
        draws: How many.
        seed: Seed of starts and draws.

    Raises:
        InputError: If the table lacks an input of the form.
        FitError: If there are too few runs for its coefficients, no start gives a loss, or the
            best fit lies where a coefficient has no effect.
    """
    with np.errstate(all="ignore"):
        posed, best, sigma = _estimate(candidate, table, seed)
        z = _draw(posed.model, best, sigma, count=draws, rng=np.random.default_rng(seed))
        values = posed.coefficients(z)
    return Posterior(candidate, values, sigma)


def estimate(candidate: Candidate, table: RunTable, *, seed: int) -> Posterior:
    """The single best set of coefficients, as one draw; raises as `posterior`."""
    with np.errstate(all="ignore"):
        posed, best, sigma = _estimate(candidate, table, seed)
        return Posterior(candidate, posed.coefficients(best[None, :]), sigma)


def _estimate(candidate: Candidate, table: RunTable, seed: int) -> tuple[Posed, Floats, float]:
    """The least squares of log loss without the runs that lie far off, and their deviation."""
    form = candidate.form
    inputs = design(form, table, candidate.convention)
    posed = pose(form, inputs, table.loss, weight=table.weight, settings=FitSettings())
    spare = len(table) - len(posed.model.free)
    if spare < 1:
        raise FitError(
            f"{form.form} has {len(posed.model.free)} coefficients, and there are {len(table)} "
            "runs. Add runs, or choose a law with fewer."
        )
    model = posed.model
    z, value = project(model, starts(model, STARTS, seed))
    z, value = refine(
        model, z[np.argsort(value, kind="stable")[:REFINED]], ROUNDS, least_fall=SAME_FIT
    )
    if not np.isfinite(value).any():
        raise FitError(f"{form.form}: no start gives a finite loss on {table.name}.")
    z = z[np.argsort(value, kind="stable")[:KEPT]]
    for _ in range(REWEIGHTED):
        model = replace(posed.model, weight=_weights(posed.model, z[0]))
        z, value = refine(model, z, SETTLING, least_fall=SAME_FIT)
        z, value = z[np.argsort(value, kind="stable")], np.sort(value)
    total = float(model.weight.sum())
    freedom = max(total - len(model.free), 1.0)
    sigma = float(np.sqrt(value[0] * total / freedom))
    return replace(posed, model=model), z[0], max(sigma, LEAST_SIGMA)


def _weights(model: Model, z: Floats) -> Floats:
    """Weights that count a run less the further it lies off, 1 on average at most."""
    residual = np.abs(misfit(model, z[None, :])[0][0])
    spare = len(residual) / max(len(residual) - len(model.free), 1)
    sigma = MAD_TO_SIGMA * float(np.median(residual)) * np.sqrt(spare)
    limit = FAR * max(sigma, LEAST_SIGMA)
    return np.asarray(model.weight * np.minimum(1.0, limit / np.maximum(residual, limit)))


def _draw(
    model: Model, best: Floats, sigma: float, *, count: int, rng: np.random.Generator
) -> Floats:
    """Coordinates, shape (count, k)."""
    moving = np.flatnonzero(~model.is_linear)
    middle, spread = _prior(model, moving)
    _, slopes = misfit(model, best[None, :])
    if not np.isfinite(slopes).all():
        raise FitError(
            f"{model.form.form}: its best fit lies at the end of what a coefficient can be, and "
            "has no slopes. Add runs of other sizes and tokens, or choose another law."
        )
    information = (slopes[0] * model.weight) @ slopes[0].T / sigma**2
    information[moving, moving] += spread**-2
    at, cov = best[moving], np.linalg.pinv(information, hermitian=True)[np.ix_(moving, moving)]
    z = np.repeat(best[None, :], PROPOSED, axis=0)
    for _ in range(ADAPTED):
        z[:, moving], density = _proposals(at, cov, rng)
        np.clip(z, model.low, model.high, out=z)
        z, value = project(model, z)
        log_weight = _log_profile(model, value) - density
        log_weight -= 0.5 * (((z[:, moving] - middle) / spread) ** 2).sum(axis=1)
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        at = weight @ z[:, moving]
        off = z[:, moving] - at
        cov = (weight[:, None] * off).T @ off + 1e-12 * np.diag(spread**2)
    chosen = z[_systematic(weight, count, rng)]
    return _with_linear_noise(model, chosen, sigma, rng)


def _prior(model: Model, moving: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Middle and standard deviation of the prior: the range that starts are taken from."""
    ends = np.array([model.structure.starts[model.free[i]] for i in moving]).reshape(-1, 2)
    log = model.is_log[moving]
    ends[log] = np.log(ends[log])
    return ends.mean(axis=1), (ends[:, 1] - ends[:, 0]) / 4


def _log_profile(model: Model, value: Floats) -> Floats:
    """Log likelihood of exponents, with the noise's size integrated out (Student's t)."""
    freedom = max(float(model.weight.sum()) - int(model.is_linear.sum()), 1.0)
    return np.where(np.isfinite(value), -0.5 * freedom * np.log(np.maximum(value, 1e-300)), -np.inf)


def _proposals(at: Floats, cov: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Points of a multivariate t, shape (n, d), and their log density up to a constant."""
    size = len(at)
    values, vectors = np.linalg.eigh(cov) if size else (np.zeros(0), np.zeros((0, 0)))
    root = vectors * np.sqrt(np.maximum(values, 1e-16)) * WIDER
    normal = rng.standard_normal((PROPOSED, size))
    unit = normal / np.sqrt(rng.chisquare(TAILS, (PROPOSED, 1)) / TAILS)
    density = -0.5 * (TAILS + size) * np.log1p((unit**2).sum(axis=1) / TAILS)
    return at + unit @ root.T, density


def _systematic(weight: Floats, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices drawn in proportion to weights, evenly (Kitagawa 1996)."""
    points = (rng.random() + np.arange(count)) / count
    return np.minimum(np.searchsorted(np.cumsum(weight), points), len(weight) - 1)


def _with_linear_noise(model: Model, z: Floats, sigma: float, rng: np.random.Generator) -> Floats:
    """The same exponents, the linear coefficients drawn from their normal distribution."""
    linear = np.flatnonzero(model.is_linear)
    if not linear.size:
        return z
    _, slopes = misfit(model, z)
    own = slopes[:, linear]
    gram = (own * model.weight) @ np.swapaxes(own, 1, 2)
    size = np.sqrt(np.maximum(np.einsum("mkk->mk", gram), 1e-300))
    gram = gram / size[:, :, None] / size[:, None, :]
    values, vectors = np.linalg.eigh(np.nan_to_num(gram))
    root = vectors / np.sqrt(np.maximum(values, 1e-10))[:, None, :]
    step = np.einsum("mkl,ml->mk", root, rng.standard_normal((len(z), linear.size)))
    z = z.copy()
    z[:, linear] = np.clip(
        z[:, linear] + sigma * step / size, model.low[linear], model.high[linear]
    )
    return z
