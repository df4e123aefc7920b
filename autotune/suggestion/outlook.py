"""What further runs would teach: a normal update of every law, over simulated outcomes.

Each law's draws stand for a joint normal distribution of the log losses of candidates and
choices. A run at candidate x with noise variance v moves the mean by
cov(., x)/(var(x) + v) times the surprise, lowers the covariance by the rank-one term that belongs
to it, and changes the laws' weights by the likelihood of the surprise (Bayes). Outcomes are
simulated from draws of the laws, the same for every candidate: common random numbers.

The value of runs is the knowledge gradient for correlated beliefs (Frazier, Powell and Dayanik
2009): how far the least expected loss falls below that of what looks best now.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.runs import RunTable
from autotune.suggestion.belief import Belief
from autotune.suggestion.noise import Noise, counted
from autotune.suggestion.planned import decades_off
from autotune.types import Floats

FANTASIES = 64
STEPS = 64
"""Simulated outcomes have shocks of their own up to this many runs, and share them beyond."""

LEAST_VARIANCE = 1e-14


@dataclass(frozen=True, slots=True)
class Outlook:
    """The state of knowledge in each of m simulated futures.

    Attributes:
        noises: Of one run around each law, shape (laws,).
        known: Runs of each candidate, simulated ones included, shape (c,).
        decades: How much further off each candidate lies than the nearest finished run, (c,).
        truth: Law of each future, shape (m,).
        true_loss: Log losses of the candidates in each future, shape (m, c).
        shocks: Standard normal numbers for the outcomes to come, shape (steps, m).
        mean: Expected log losses by law and future, candidates before choices, (laws, m, c + k).
        cov: Their covariances by law, shape (laws, c + k, c + k).
        log_weight: Of each law in each future, shape (laws, m).
        best: Index among the followed choices of what looks best now.
        step: How many runs were simulated.
    """

    noises: tuple[Noise, ...]
    known: NDArray[np.int64]
    decades: Floats
    truth: NDArray[np.int64]
    true_loss: Floats
    shocks: Floats
    mean: Floats
    cov: Floats
    log_weight: Floats
    best: int
    step: int = 0

    @property
    def n_candidates(self) -> int:
        """How many candidates there are."""
        return len(self.known)

    def gain(self, copies: int = 1) -> Floats:
        """Expected fall of the regret by all simulated runs and this many of a candidate, (c,)."""
        c = self.n_candidates
        variance = self._noise(copies)
        total = np.einsum("lxx->lx", self.cov)[:, :c] + variance
        surprise = self._surprise(variance)
        weight = shares(self.log_weight[:, :, None] + _log_likelihood(surprise, total[:, None]))
        slope = self.cov[:, :c, c:] / total[:, :, None]
        expected = np.einsum("lmx,lmk->mxk", weight, self.mean[:, :, c:])
        expected += np.einsum("lmx,lxk->mxk", weight * surprise, slope)
        return np.asarray((expected[:, :, self.best] - expected.min(axis=2)).mean(axis=0))

    def gain_so_far(self) -> float:
        """Expected fall of the regret by the simulated runs alone."""
        weight = shares(self.log_weight)
        expected = np.einsum("lm,lmk->mk", weight, self.mean[:, :, self.n_candidates :])
        return float((expected[:, self.best] - expected.min(axis=1)).mean())

    def information(self) -> Floats:
        """Expected gain of each candidate in the log determinant of a law's coefficients, (c,).

        One run multiplies the determinant of their information by 1 + var(x)/v: the D-optimal
        criterion, averaged over the laws (Chaloner and Verdinelli 1995).
        """
        c = self.n_candidates
        ratio = np.einsum("lxx->lx", self.cov)[:, :c] / self._noise(1)
        return np.asarray(shares(self.log_weight).mean(axis=1) @ np.log1p(ratio))

    def closeness(self) -> Floats:
        """Expected fall of the variance of the loss of what looks best, shape (c,): I-optimal."""
        c = self.n_candidates
        total = np.einsum("lxx->lx", self.cov)[:, :c] + self._noise(1)
        fall = self.cov[:, :c, c + self.best] ** 2 / total
        return np.asarray(shares(self.log_weight).mean(axis=1) @ fall)

    def after(self, x: int) -> "Outlook":
        """The state once a run of a candidate has ended in every future."""
        variance = self._noise(1)[:, x]
        total = self.cov[:, x, x] + variance
        surprise = self._surprise(self._noise(1))[:, :, x]
        slope = self.cov[:, :, x] / total[:, None]
        known = self.known.copy()
        known[x] += 1
        return replace(
            self,
            known=known,
            mean=self.mean + surprise[:, :, None] * slope[:, None, :],
            cov=self.cov - slope[:, :, None] * self.cov[:, x, None, :],
            log_weight=self.log_weight + _log_likelihood(surprise, total[:, None]),
            step=self.step + 1,
        )

    def _noise(self, copies: int) -> Floats:
        """Noise variance of one more observation of each candidate by law, shape (laws, c)."""
        return np.stack(
            [each.variance(self.known, copies, decades=self.decades) for each in self.noises]
        )

    def _surprise(self, variance: Floats) -> Floats:
        """Outcome less expectation, shape (laws, m, c)."""
        shock = self.shocks[self.step % len(self.shocks)][:, None]
        outcome = self.true_loss + np.sqrt(variance[self.truth]) * shock
        return np.asarray(outcome[None] - self.mean[:, :, : self.n_candidates])


def outlook(belief: Belief, candidates: RunTable, *, seed: int = 0) -> Outlook:
    """The state of knowledge now.

    Args:
        belief: What is known.
        candidates: The runs that could be trained.
        seed: Of the simulated outcomes.
    """
    weights, rng = belief.weights, np.random.default_rng(seed)
    at = [_finite(view.posterior.log_loss(candidates)) for view in belief.views]
    joint = [np.hstack([x, view.log_loss]) for x, view in zip(at, belief.views, strict=True)]
    truth = _stratified(weights, rng)
    mean = np.stack([each.mean(axis=0) for each in joint])
    ridge = LEAST_VARIANCE * np.eye(joint[0].shape[1])
    return Outlook(
        noises=tuple(view.noise for view in belief.views),
        known=counted(belief.table, candidates),
        decades=_further(belief, candidates),
        truth=truth,
        true_loss=np.stack([at[law][rng.integers(len(at[law]))] for law in truth]),
        shocks=rng.standard_normal((STEPS, FANTASIES)),
        mean=np.repeat(mean[:, None, :], FANTASIES, axis=1),
        cov=np.stack([np.cov(each, rowvar=False) for each in joint]) + ridge,
        log_weight=np.repeat(np.log(weights)[:, None], FANTASIES, axis=1),
        best=int(np.argmin(weights @ mean[:, len(candidates) :])),
    )


def _further(belief: Belief, candidates: RunTable) -> Floats:
    target = float(np.median(belief.choices.flops))
    nearest = decades_off(belief.table, target).min()
    return np.asarray(np.maximum(decades_off(candidates, target) - nearest, 0.0))


def _finite(log_loss: Floats) -> Floats:
    """Log losses with what is not finite at the median of the other draws."""
    usual = np.nanmedian(np.where(np.isfinite(log_loss), log_loss, np.nan), axis=0)
    return np.where(np.isfinite(log_loss), log_loss, usual)


def _stratified(weights: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    points = (rng.random() + np.arange(FANTASIES)) / FANTASIES
    return np.minimum(np.searchsorted(np.cumsum(weights), points), len(weights) - 1)


def _log_likelihood(surprise: Floats, variance: Floats) -> Floats:
    return -0.5 * (surprise**2 / variance + np.log(variance))


def shares(log_weight: Floats) -> Floats:
    """Weights that sum to 1 over the laws, from their logarithms, shape (laws, ...)."""
    weight = np.exp(log_weight - log_weight.max(axis=0))
    return np.asarray(weight / weight.sum(axis=0))
