"""The global minimum of a model's objective: screen, project, descend, recombine."""

from dataclasses import dataclass

import numpy as np

from autotune.errors import FitError
from autotune.fitting.descend import Bools, descend
from autotune.fitting.model import Model
from autotune.fitting.objective import Objective
from autotune.fitting.recombine import Found, recombine
from autotune.fitting.search import project, refine, starts
from autotune.types import Floats

SEARCH_ROWS = 1500
AGREE, ROUNDING = 1e-6, 1e-12
APART, FAR, BASINS = 1e-3, 1.5, 8
ROUNDS = 120
INNER = 4
SURE, PATIENCE, CAUTION = 0.25, 4, 2
"""A share of agreeing starts, and the generations without progress that end a wider search: with
fewer agreeing, and with more. Where all agree there is none."""
NEAR, MOST_NEAR = 1.05, 16
"""Starts this near to the best after a quarter of the rounds are taken to their end."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How widely to search.

    Attributes:
        screened: Starts whose linear coefficients are solved once.
        refined: The best of them, taken to a minimum each.
        rounds: Levenberg-Marquardt iterations.
    """

    screened: int
    refined: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Minimum:
    """Where the search ended.

    Attributes:
        z: The best coordinates, shape (k,).
        value: The objective there.
        settled: Whether it is a minimum to machine precision.
        starts: Descents to a minimum, and how many of them agree with the best.
        basins: The best and the next different minima, shape (basins, k).
    """

    z: Floats
    value: float
    settled: bool
    starts: tuple[int, int]
    basins: Floats


def effort_for(model: Model) -> Effort:
    """More starts for more nonlinear coordinates."""
    moving = int((~model.is_linear).sum())
    if moving <= 2:
        return Effort(256, 16, 15)
    if moving <= 3:
        return Effort(256, 32, 20)
    return Effort(512, 64, 30)


def minimise(
    model: Model, objective: Objective, *, seed: int, effort: Effort | None = None
) -> Minimum:
    """Find the global minimum.

    A table of more than `SEARCH_ROWS` runs is searched on a sample of them; the best minimum
    then descends on all. `effort` is chosen by the number of nonlinear coordinates unless given.

    Raises:
        FitError: If no start has a finite objective.
    """
    total = len(model.log_loss)
    searched = model
    if total > SEARCH_ROWS:
        searched = model.take(np.random.default_rng(seed).permutation(total)[:SEARCH_ROWS])
    z, value, settled = _search(searched, objective, effort or effort_for(model), seed)
    best = _best(value, settled)
    agreeing = int((value <= value[best] * (1 + AGREE) + 1e-300).sum())
    counted = (len(value), agreeing)
    if searched is model and settled[best]:
        return Minimum(z[best], float(value[best]), bool(settled[best]), counted, _basins(z, value))
    weight = model.weight[None, :]
    z, value, settled = descend(
        model, objective, z[[best]], weight=weight, rounds=3 * ROUNDS, inner=INNER
    )
    return Minimum(z[0], float(value[0]), bool(settled[0]), counted, z)


def _best(value: Floats, settled: Bools) -> int:
    """The lowest minimum; of those that differ by rounding one that settled, if any did."""
    same = settled & (value <= value.min() * (1 + ROUNDING))
    return int(np.argmin(np.where(same, value, np.inf) if same.any() else value))


def _basins(z: Floats, value: Floats) -> Floats:
    """The lowest minima that differ in their objective, best first."""
    chosen: list[int] = []
    for i in np.argsort(value, kind="stable"):
        apart = not chosen or value[i] > value[chosen[-1]] * (1 + APART)
        if apart and value[i] < FAR * value[chosen[0] if chosen else i] + 1e-300:
            chosen.append(int(i))
    return z[chosen[:BASINS]]


def _search(
    model: Model, objective: Objective, effort: Effort, seed: int
) -> tuple[Floats, Floats, Bools]:
    z, value = project(model, starts(model, effort.screened, seed))
    chosen = np.argsort(value, kind="stable")[: effort.refined]
    z, value = refine(model, z[chosen], effort.rounds)
    weight = np.broadcast_to(model.weight, (len(z), len(model.weight)))
    z, value, settled = descend(model, objective, z, weight=weight, rounds=ROUNDS // 4, inner=INNER)
    near = np.flatnonzero((value <= NEAR * value.min()) & np.isfinite(value) & ~settled)
    near = near[np.argsort(value[near], kind="stable")][:MOST_NEAR]
    z[near], value[near], settled[near] = descend(
        model, objective, z[near], weight=weight[near], rounds=ROUNDS, inner=INNER
    )
    if not np.isfinite(value).any():
        raise FitError(
            f"{model.form.form}: no start out of {effort.screened} gives a finite objective. "
            "Loosen the fixed or bounded coefficients, or choose another law."
        )
    agreeing = float((value <= value.min() * (1 + AGREE)).mean())
    if agreeing == 1:
        return z, value, settled
    patience = CAUTION if agreeing >= SURE else PATIENCE
    found = recombine(model, objective, Found(z, value, settled), seed=seed, patience=patience)
    return found.z, found.value, found.settled
