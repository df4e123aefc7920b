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
from autotune.suggestion.menu import Menu, as_menu
from autotune.suggestion.noise import Noise, counted
from autotune.suggestion.planned import decades_off
from autotune.types import Floats

FANTASIES = 64
STEPS = 64
"""Simulated outcomes have shocks of their own up to this many runs, and share them beyond."""

LEAST_VARIANCE = 1e-14

SHARED = 0.5
"""Correlation of the noise around a law of losses that one trunk gives at several token counts."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The state of knowledge in each of m simulated futures.

    Attributes:
        noises: Of one run around each law, shape (laws,).
        known: Losses at each place, simulated ones included, shape (p,).
        decades: How much further off each place lies than the nearest finished run, (p,).
        brings: Places of the losses that each candidate brings, shape (c, s); -1 for none.
        truth: Law of each future, shape (m,).
        true_loss: Log losses of the places in each future, shape (m, p).
        shocks: Standard normal numbers for the outcomes to come, shape (s, steps, m).
        mean: Expected log losses by law and future, places before choices, (laws, m, p + k).
        cov: Their covariances by law, shape (laws, p + k, p + k).
        log_weight: Of each law in each future, shape (laws, m).
        best: Index among the followed choices of what looks best now.
        step: How many runs were simulated.
    """

    noises: tuple[Noise, ...]
    known: NDArray[np.int64]
    decades: Floats
    brings: NDArray[np.int64]
    truth: NDArray[np.int64]
    true_loss: Floats
    shocks: Floats
    mean: Floats
    cov: Floats
    log_weight: Floats
    best: int
    step: int = 0

    @property
    def n_places(self) -> int:
        """How many places there are: choices come after them."""
        return len(self.known)

    def gain(self, copies: int = 1) -> Floats:
        """Expected fall of the regret by all simulated runs and this many of a candidate, (c,)."""
        seen = self._seen(self.brings, copies, onto=self._choices)
        weight = shares(self.log_weight[:, :, None] + seen.log_likelihood)
        pull = np.moveaxis(weight[:, :, :, None] * seen.surprise, 2, 0)  # (c, laws, m, s)
        pull = np.moveaxis(pull, 1, 2).reshape(len(pull), pull.shape[2], -1)
        slope = np.moveaxis(seen.slope, 1, 0)  # (c, laws, s, k)
        moved = pull @ slope.reshape(len(slope), -1, slope.shape[-1])  # (c, m, k)
        now = np.moveaxis(self.mean[:, :, self._choices], 0, 1)  # (m, laws, k)
        expected = np.moveaxis(np.moveaxis(weight, 0, 2) @ now, 1, 0) + moved
        return np.asarray((expected[:, :, self.best] - expected.min(axis=2)).mean(axis=1))

    def gain_so_far(self) -> float:
        """Expected fall of the regret by the simulated runs alone."""
        weight = shares(self.log_weight)
        expected = np.einsum("lm,lmk->mk", weight, self.mean[:, :, self._choices])
        return float((expected[:, self.best] - expected.min(axis=1)).mean())

    def information(self) -> Floats:
        """Expected gain of each candidate in the log determinant of a law's coefficients, (c,).

        Observations of covariance C and noise R multiply the determinant of their information by
        that of 1 + C/R: the D-optimal criterion, averaged over the laws (Chaloner and Verdinelli
        1995).
        """
        own, noise = self._covariance(self.brings, 1)
        ratio = np.linalg.slogdet(own + noise)[1] - np.linalg.slogdet(noise)[1]
        return np.asarray(shares(self.log_weight).mean(axis=1) @ ratio)

    def closeness(self) -> Floats:
        """Expected fall of the variance of the loss of what looks best, shape (c,): I-optimal."""
        slope = self._slope(self.brings, 1, self._choices)[0][..., self.best]
        return np.asarray(shares(self.log_weight).mean(axis=1) @ (slope**2).sum(axis=2))

    def after(self, x: int) -> "Outlook":
        """The state once a run of a candidate has ended in every future."""
        seen = self._seen(self.brings[[x]], 1, onto=slice(None))
        surprise, slope = seen.surprise[:, :, 0], seen.slope[:, 0]
        known = self.known.copy()
        known[self.brings[x][self.brings[x] >= 0]] += 1
        return replace(
            self,
            known=known,
            mean=self.mean + surprise @ slope,
            cov=self.cov - np.swapaxes(slope, 1, 2) @ slope,
            log_weight=self.log_weight + seen.log_likelihood[:, :, 0],
            step=self.step + 1,
        )

    @property
    def _choices(self) -> slice:
        """Where the choices are among places and choices."""
        return slice(self.n_places, None)

    def _seen(self, brings: NDArray[np.int64], copies: int, *, onto: slice) -> "_Seen":
        """The outcomes of each of some runs in every future, in independent parts."""
        slope, white, root = self._slope(brings, copies, onto)
        shock = self.shocks[:, self.step % self.shocks.shape[1]].T  # (m, s)
        noise = np.einsum("mcst,mt->mcs", root[self.truth], shock)
        off = (self.true_loss[:, brings] + noise)[None] - self.mean[:, :, brings]
        off = np.where(brings >= 0, off, 0.0)
        surprise = np.einsum("lcst,lmct->lmcs", white, off)
        size = -np.log(np.einsum("lcss->lcs", white)).sum(axis=2)
        likelihood = -0.5 * (surprise**2).sum(axis=3) - size[:, None]
        return _Seen(surprise, slope, likelihood)

    def _slope(
        self, brings: NDArray[np.int64], copies: int, onto: slice
    ) -> tuple[Floats, Floats, Floats]:
        """What each independent part of an outcome moves, and what makes and mixes the parts.

        Args:
            brings: Places of the losses that runs bring, shape (c, s).
            copies: Replicates of each.
            onto: Which places and choices are moved, j of them.

        Returns:
            Slopes by parts of unit variance, (laws, c, s, j); the matrices that turn surprises
            into parts, and the roots of the noise, (laws, c, s, s).
        """
        own, noise = self._covariance(brings, copies)
        white: Floats = np.asarray(np.linalg.inv(_root(own + noise)), dtype=np.float64)
        across = np.where((brings >= 0)[:, :, None], self.cov[:, brings, onto], 0.0)
        return white @ across, white, _root(noise)

    def _covariance(self, brings: NDArray[np.int64], copies: int) -> tuple[Floats, Floats]:
        """Of what runs bring, and of its noise, shape (laws, c, s, s); 1 where there is none."""
        there = brings >= 0
        both = there[:, :, None] & there[:, None, :]
        own = np.where(both, self.cov[:, brings[:, :, None], brings[:, None, :]], 0.0)
        size = np.sqrt(self._noise(copies)[:, brings])
        same = np.eye(brings.shape[1])
        noise = size[:, :, :, None] * size[:, :, None, :] * (SHARED + (1 - SHARED) * same)
        return own, np.where(both, noise, same)

    def _noise(self, copies: int) -> Floats:
        """Noise variance of one more observation of each place by law, shape (laws, p)."""
        return np.stack(
            [each.variance(self.known, copies, decades=self.decades) for each in self.noises]
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    """Outcomes of runs, as independent parts of unit variance if the law is true.

    Attributes:
        surprise: Parts less what was expected, shape (laws, m, c, s).
        slope: What each part moves, shape (laws, c, s, j).
        log_likelihood: Up to a constant, shape (laws, m, c).
    """

    surprise: Floats
    slope: Floats
    log_likelihood: Floats


def outlook(belief: Belief, candidates: RunTable | Menu, *, seed: int = 0) -> Outlook:
    """The state of knowledge now.

    Args:
        belief: What is known.
        candidates: The runs that could be trained, with what they bring if that is more than one
            loss.
        seed: Of the simulated outcomes.
    """
    weights, rng, offered = belief.weights, np.random.default_rng(seed), as_menu(candidates)
    places = offered.places
    at = [_finite(view.posterior.log_loss(places)) for view in belief.views]
    joint = [np.hstack([x, view.log_loss]) for x, view in zip(at, belief.views, strict=True)]
    truth = _stratified(weights, rng)
    mean = np.stack([each.mean(axis=0) for each in joint])
    ridge = LEAST_VARIANCE * np.eye(joint[0].shape[1])
    return Outlook(
        noises=tuple(view.noise for view in belief.views),
        known=counted(belief.table, places),
        decades=_further(belief, places),
        brings=offered.brings,
        truth=truth,
        true_loss=np.stack([at[law][rng.integers(len(at[law]))] for law in truth]),
        shocks=rng.standard_normal((offered.brings.shape[1], STEPS, FANTASIES)),
        mean=np.repeat(mean[:, None, :], FANTASIES, axis=1),
        cov=np.stack([np.cov(each, rowvar=False) for each in joint]) + ridge,
        log_weight=np.repeat(np.log(weights)[:, None], FANTASIES, axis=1),
        best=int(np.argmin(weights @ mean[:, len(places) :])),
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


def _root(matrix: Floats) -> Floats:
    """Lower triangular square roots."""
    return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)


def shares(log_weight: Floats) -> Floats:
    """Weights that sum to 1 over the laws, from their logarithms, shape (laws, ...)."""
    weight = np.exp(log_weight - log_weight.max(axis=0))
    return np.asarray(weight / weight.sum(axis=0))
