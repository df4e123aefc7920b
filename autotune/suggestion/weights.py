"""How much each law is believed: by its error on larger runs than it was fitted to.

A weight is a likelihood: n independent normal residuals of unknown size have one proportional to
their root mean square to the power -n. Residuals beyond an origin are alike, and tell as much as
half as many (`ALIKE`). Beyond `POWER`, which of the powers tried had the least error on hidden runs
of the public tables (`results/reference/held_out/rules.txt`), more runs count no more: laws are
approximations. Weights by in-sample likelihood would trust the law that bends most.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotune.errors import FitError, InputError
from autotune.fitting.candidates import EVERYTHING, Candidate, Wanted, candidates
from autotune.fitting.runs import RunTable
from autotune.fitting.splits import ORIGINS, Cut, rolling
from autotune.suggestion.posterior import LEAST_SIGMA, estimate

POWER = 8.0
ALIKE = 2.0
"""Hidden residuals for each independent one. Of four residuals the square of the mean is 0.51 of
the mean square (446 fits of twelve planted runs), as that of 1.95 independent ones."""

MOST_LAWS = 5
LEAST_WEIGHT = 0.01
SCREENED = 0.8
"""The share of the runs that all laws are fitted to before the best are rolled on."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A law and how it extrapolates.

    Attributes:
        candidate: Its form and convention.
        weight: How much it is believed; those of all laws sum to 1.
        sigma: Standard deviation of log losses around it.
    """

    candidate: Candidate
    weight: float
    sigma: float


def weighted_laws(
    table: RunTable, *, wanted: Wanted = EVERYTHING, seed: int = 0
) -> tuple[Judged, ...]:
    """Choose the laws worth asking, and weigh them.

    Args:
        table: Finished runs, at least 8.
        wanted: Forms and conventions to restrict it to.
        seed: Seed of the fits' starts.

    Returns:
        At most `MOST_LAWS` laws of a weight of `LEAST_WEIGHT` or more.

    Raises:
        InputError: If all runs have the same compute.
        FitError: If no law with a data term can be fitted.
    """
    listed, left_out = candidates(table, wanted)
    listed = [each for each in listed if each.form.fixed_tokens is None]
    if len(listed) > MOST_LAWS:
        first = rolling(table, origins=(SCREENED,))
        errors = np.array([_error(each, table, first, seed) for each in listed])
        listed = [listed[i] for i in np.argsort(errors, kind="stable")[:MOST_LAWS]]
    origins = rolling(table, origins=ORIGINS)
    errors = np.array([_error(each, table, origins, seed) for each in listed])
    if not np.isfinite(errors).any():
        said = "; ".join(f"{name}: {why}" for name, why in left_out.items())
        raise FitError(
            f"no law of sizes and tokens can be fitted to {len(table)} runs of {table.name}"
            f"{f' ({said})' if said else ''}. Add runs, or choose laws with fewer coefficients."
        )
    errors = np.maximum(errors, LEAST_SIGMA)  # a law may be exact on runs without noise
    weight = (errors / errors.min()) ** -_power(origins)
    weight /= weight.sum()
    weight = np.where(weight >= LEAST_WEIGHT, weight, 0.0)
    weight /= weight.sum()
    return tuple(
        Judged(listed[i], float(weight[i]), estimate(listed[i], table, seed=seed).sigma)
        for i in np.flatnonzero(weight)
    )


def _power(origins: Sequence[Cut]) -> float:
    """The power of an error in a weight: by the runs beyond the first origin."""
    return min(POWER, max(len(each.test) for each in origins) / ALIKE)


def _error(candidate: Candidate, table: RunTable, origins: Sequence[Cut], seed: int) -> float:
    """Geometric mean over the origins of the root mean square error of log loss beyond each."""
    found = [_beyond(candidate, table, each, seed) for each in origins]
    return float(np.prod(found) ** (1 / len(found)))


def _beyond(candidate: Candidate, table: RunTable, origin: Cut, seed: int) -> float:
    try:
        law = estimate(candidate, table.take(origin.train), seed=seed)
    except (FitError, InputError):
        return np.inf
    hidden = table.take(origin.test)
    residual = law.log_loss(hidden)[0] - np.log(hidden.loss)
    error = float(np.sqrt(np.mean(residual**2)))
    return error if np.isfinite(error) else np.inf
