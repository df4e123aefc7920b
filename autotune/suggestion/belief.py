"""What runs say about a target budget: draws of several laws, and how much each is believed."""

from dataclasses import dataclass, replace

import numpy as np

from autotune.errors import FitError
from autotune.fitting.candidates import EVERYTHING, Candidate, Wanted
from autotune.fitting.runs import RunTable
from autotune.suggestion.noise import Noise, seed_noise, split
from autotune.suggestion.planned import decades_off
from autotune.suggestion.posterior import Posterior, posterior
from autotune.suggestion.weights import weighted_laws
from autotune.types import Floats

DRAWS = 256
PLAUSIBLE = (0.25, 1.05)
"""The least loss at the target, in units of the least one seen: draws beyond are dropped."""

FEWEST_DRAWS = 16
DRIFT = 1e-4
"""Variance of log loss that a law's misfit grows by with each factor of ten off the target: 1 %.

Assumed. Rolling errors show as much on public tables, and on few runs nothing of use.
"""

MOST_CHOICES, FEWEST_VOTES = 64, 1e-3
"""How many choices at the target are followed, and the share of draws that makes one matter."""


@dataclass(frozen=True, slots=True)
class LawView:
    """One law's view of the choices at the target.

    Attributes:
        posterior: Draws of its coefficients.
        weight: How much it is believed; the weights of all laws sum to 1.
        noise: Of one run around it.
        log_loss: Predicted log losses of the choices, shape (draws, choices).
    """

    posterior: Posterior
    weight: float
    noise: Noise
    log_loss: Floats

    @property
    def candidate(self) -> Candidate:
        """The law's form and convention."""
        return self.posterior.candidate


@dataclass(frozen=True, slots=True)
class Belief:
    """Everything that is known of a target from finished runs.

    Attributes:
        table: The finished runs.
        choices: The configurations that the target budget could train.
        views: The laws, at least one.
    """

    table: RunTable
    choices: RunTable
    views: tuple[LawView, ...]

    @property
    def weights(self) -> Floats:
        """Of the laws, shape (laws,)."""
        return np.array([view.weight for view in self.views])


def believe(
    table: RunTable, choices: RunTable, *, wanted: Wanted = EVERYTHING, seed: int = 0
) -> Belief:
    """Fit the laws worth asking to finished runs.

    Args:
        table: Finished runs.
        choices: What the target budget could train.
        wanted: Which laws; every law that the runs can feed by default.
        seed: Seed of starts and draws.

    Raises:
        InputError: If the runs cannot be divided by compute.
        FitError: If no law gives a plausible loss at the target.
    """
    views = []
    seeds, target = seed_noise(table), float(np.median(choices.flops))
    for law in weighted_laws(table, wanted=wanted, seed=seed):
        noise = split(law.sigma, seeds, DRIFT)
        weighed = replace(table, weight=_weights(table, noise, target))
        try:
            drawn = posterior(law.candidate, weighed, draws=DRAWS, seed=seed)
        except FitError:  # of another law there is a belief
            continue
        found = _plausible(drawn, table, choices)
        if found is not None:
            views.append(LawView(found[0], law.weight, noise, found[1]))
    if not views:
        raise FitError(
            f"no law fitted to {len(table)} runs of {table.name} gives a plausible loss at the "
            "target. Add larger runs, or choose a law with fewer coefficients."
        )
    total = sum(view.weight for view in views)
    made = tuple(replace(view, weight=view.weight / total) for view in views)
    return _followed(Belief(table, choices, made))


def _weights(table: RunTable, noise: Noise, target: float) -> Floats:
    """In proportion to 1/variance, 1 on average: a law may have drifted where runs lie far off."""
    variance = noise.seed**2 + noise.misfit**2 + noise.drift * decades_off(table, target)
    weight = table.weight / variance
    return np.asarray(weight / weight.mean())


def _followed(belief: Belief) -> Belief:
    """The same with the choices that some draw takes for best, or that are near to it."""
    weights = belief.weights
    expected = sum(w * v.log_loss.mean(axis=0) for w, v in zip(weights, belief.views, strict=True))
    votes = np.zeros(len(belief.choices))
    for weight, view in zip(weights, belief.views, strict=True):
        best = view.log_loss.argmin(axis=1)
        votes += weight * np.bincount(best, minlength=len(votes)) / len(best)
    order = np.lexsort((expected, -np.where(votes >= FEWEST_VOTES, votes, 0.0)))
    kept = np.sort(order[:MOST_CHOICES])
    views = (replace(view, log_loss=view.log_loss[:, kept]) for view in belief.views)
    return Belief(belief.table, belief.choices.take(kept), tuple(views))


def _plausible(
    found: Posterior, table: RunTable, choices: RunTable
) -> tuple[Posterior, Floats] | None:
    """The draws whose least loss at the target is one that a larger run can have."""
    log_loss = found.log_loss(choices)
    finite = np.isfinite(log_loss).all(axis=1)
    least = np.exp(np.where(finite, np.min(log_loss, axis=1), np.nan)) / table.loss.min()
    kept = finite & (least >= PLAUSIBLE[0]) & (least <= PLAUSIBLE[1])
    if kept.sum() < FEWEST_DRAWS:
        return None
    return found.take(kept), log_loss[kept]
