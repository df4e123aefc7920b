"""The surrogate of a search: a warped Gaussian process and the chance that a trial succeeds."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from scipy.special import log_ndtr

from autotune.search.native.gaussian import GaussianProcess, condition, fit
from autotune.search.native.hyper import Data, Hyper, Prior
from autotune.search.native.input_fit import warped_inputs
from autotune.search.native.input_warp import InputWarp
from autotune.search.native.replicates import Ints, Replicates, levels, rows
from autotune.search.native.trend import FLAT, Trend, trends
from autotune.search.native.warp import Warp, warps
from autotune.types import Floats

STARTS = ((0.3, 1e-5, 0.01), (1.0, 1e-4, 1.0))  # lengths, noise and bowl to climb from
SCREENED, FINALISTS, ROUNDS = 10, 2, 30  # rounds for each warp, and for the likeliest of them
MILD = 2  # warps that a prior goes with: the line, and the mildest bend
ODDS = 2.0  # log odds, before any value, that the prior is of use
HALF_WIDTH = 0.1  # of the step between failure, 0, and success, 1
LIKELY, UNWANTED = 0.75, 1e3  # what a cautious search asks of a point, and the price of less
MOST, MOST_LEARNED = 320, 160  # outcomes that a process rests on, and its hyperparameters
BEST_SHARE = 4  # of the points kept from a larger record, one in so many are its best

Choice: TypeAlias = tuple[bool, int, Warp]
"""Whether a prior enters the mean, which of the warps, and the warp."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is learned seldom.

    Attributes:
        hyper: Hyperparameters of the objective.
        bend: Which of the warps.
        trended: Whether a prior enters the mean.
        success: Hyperparameters of the success of trials; None if none failed.
    """

    hyper: Hyper
    bend: int
    trended: bool
    success: Hyper | None


@dataclass(frozen=True, slots=True)
class Surrogate:
    """A posterior of the warped objective.

    Attributes:
        process: The Gaussian process of the warped values.
        best: The least posterior mean among the points told.
        success: A process of 1 for trials with a value and 0 for failed ones; None if none failed.
        cautious: Whether trials of late failed so often that only likely successes are proposed.
        warp: From the objective to the warped values.
    """

    process: GaussianProcess
    best: float
    success: GaussianProcess | None
    cautious: bool
    warp: Warp

    def with_pending(self, points: Floats, lie: float | None) -> "Surrogate":
        """Take running trials, features (m, d), as told: at a lie, or at the posterior mean.

        The hyperparameters stay; the factor of the correlations grows by their rows.
        """
        if not len(points):
            return self
        values = self.process.predict(points)[0] if lie is None else np.full(len(points), lie)
        return replace(self, process=self.process.append(points, values))

    def medians(self, x: Floats) -> Floats:
        """The objective where the process is at its mean, features (m, d) to (m,)."""
        return self.warp.inverse(self.process.predict(x)[0])

    def log_success(self, x: Floats) -> Floats:
        """Log chance that trials at features (m, d) succeed; 0 if none failed."""
        if self.success is None:
            return np.zeros(len(x))
        mean, _ = self.success.predict(x)
        chance = log_chance(mean)
        if self.cautious:
            chance = chance + UNWANTED * np.minimum(mean - LIKELY, 0.0)
        return np.asarray(chance)


def log_chance(ended: Floats) -> Floats:
    """Log chance of success where the mean of 0 (failure) and 1 (success) is `ended`, (m,)."""
    return np.asarray(log_ndtr((ended - 0.5) / HALF_WIDTH))


def learn(data: Data, trials: Data, inputs: InputWarp | None = None) -> Shape:
    """Fit the hyperparameters under each warp, and keep the most likely one.

    Args:
        data: The trials with a value.
        trials: All trials, 1 for those with a value and 0 for those that failed.
        inputs: A warp of the inputs that the objective is seen through.
    """
    parameters, prior, starts = data.parameters, _prior(data), _starts(data)
    data = data.seen_by(inputs)
    screened = [_likely(data, prior, starts[:1], each, SCREENED) for each in _choices(data)]
    screened = sorted(screened, key=lambda each: -each[0])[:FINALISTS]
    finals = [
        _likely(data, prior, np.stack([vector, *starts[1:]]), choice, ROUNDS)
        for _, vector, choice in screened
    ]
    _, vector, (trended, bend, _) = max(finals, key=lambda each: each[0])
    success = _learned_success(trials, prior, starts[:, : parameters + 2], ROUNDS)
    return Shape(Hyper.of(vector, data.owner, inputs), bend, trended, success)


def moved(data: Data, shape: Shape) -> Shape:
    """What was learned of the trials with a value, with a warp of the inputs if they ask for one.

    Args:
        data: The trials with a value.
        shape: What was learned from them, without such a warp.
    """
    trended, bend, warp = _same(_choices(data), shape)
    found = warped_inputs(
        _warped(data, warp), _prior(data), shape.hyper.vector(data.owner),
        _trend(data, bend, trended=trended),
    )  # fmt: skip
    if found is None:
        return shape
    vector, inputs = found
    return replace(shape, hyper=Hyper.of(vector, data.owner, inputs))


def relearn(data: Data, trials: Data, before: Shape, *, screens: bool) -> Shape:
    """Hyperparameters near those of a shorter record: few rounds, from these.

    Args:
        data: The trials with a value.
        trials: All trials, 1 for those with a value and 0 for those that failed.
        before: What was learned from fewer of them.
        screens: Whether all warps are compared, of the inputs as well; if not, those of `before`
            stay.
    """
    inputs, told = None if screens else before.hyper.inputs, data
    if (before.hyper.variance is None) == data.has_known_noise:
        return learn(data, trials, inputs)
    prior, start, data = _prior(data), before.hyper.vector(data.owner), data.seen_by(inputs)
    choices = _choices(data) if screens else [_same(_choices(data), before)]
    found = [_likely(data, prior, start[None, :], each, SCREENED) for each in choices]
    _, vector, choice = max(found, key=lambda each: each[0])
    if screens:
        _, vector, choice = _likely(data, prior, vector[None, :], choice, SCREENED)
    known = _starts(data)[0] if before.success is None else before.success.vector(data.owner)
    success = _learned_success(trials, prior, known[None, : data.parameters + 2], SCREENED)
    shape = Shape(Hyper.of(vector, data.owner, inputs), choice[1], choice[0], success)
    return moved(told, shape) if screens else shape


def surrogate(shape: Shape, data: Data, trials: Data, *, cautious: bool) -> Surrogate:
    """The posterior of all values under what was learned."""
    choices = _warps(data)
    warp = choices[min(shape.bend, len(choices) - 1)]
    trend, warped = _trend(data, shape.bend, trended=shape.trended), _warped(data, warp)
    process = condition(shape.hyper, data.x, warped.y, trend, warped.replicates)
    best = float(process.predict(data.x)[0].min())
    success = None
    if shape.success is not None and np.ptp(trials.y) > 0:
        success = condition(shape.success, trials.x, trials.y)
    return Surrogate(process, best, success, cautious, warp)


def _same(choices: list[Choice], shape: Shape) -> Choice:
    """The choice that a shape was learned under; the finest warp left if that is finer."""
    same = [each for each in choices if each[0] == shape.trended]
    return same[min(shape.bend, len(same) - 1)]


def _prior(data: Data) -> Prior:
    """What is expected of the objective's hyperparameters."""
    return Prior(length=0.5 * np.sqrt(max(data.parameters, 4) / 4))


def _starts(data: Data) -> Floats:
    """Log hyperparameters to climb from where nothing is known of them."""
    known = [1.0] * data.has_known_noise  # the variance of warped values, for the signal's
    parameters = data.parameters
    return np.log([[*np.full(parameters, length), *rest, *known] for length, *rest in STARTS])


def _learned_success(trials: Data, prior: Prior, starts: Floats, rounds: int) -> Hyper | None:
    """Hyperparameters of the success of trials; None if none failed."""
    if np.ptp(trials.y) == 0:
        return None
    smooth = Prior(length=2 * prior.length, length_sigma=0.5, noise=0.1, noise_sigma=0.5)
    return Hyper.of(fit(trials, smooth, starts, rounds=rounds)[0], trials.owner)


def _likely(
    data: Data, prior: Prior, starts: Floats, choice: Choice, rounds: int
) -> tuple[float, Floats, Choice]:
    """How likely a choice makes the values, and its log hyperparameters."""
    trended, bend, warp = choice
    trend = _trend(data, bend, trended=trended)
    vector, likely = fit(_warped(data, warp), prior, starts, rounds=rounds, trend=trend)
    return likely + warp.log_slope(data.y) + ODDS * trended, vector, choice


def _warps(data: Data) -> list[Warp]:
    """The warps of the values, none of them finer than the noise that is known."""
    known = None if data.replicates is None else data.replicates.known
    return warps(data.y, 0.0 if known is None else float(np.sqrt(np.median(known))))


def _warped(data: Data, warp: Warp) -> Data:
    """The data with warped values, whose known noise the warp stretches by its slope there."""
    replicates = data.replicates and data.replicates.scaled(warp.slope(data.y))
    return replace(data, y=warp(data.y), replicates=replicates)


def _choices(data: Data) -> list[Choice]:
    """What is compared: each warp about a constant, and the milder ones about a prior."""
    choices = list(enumerate(_warps(data)))
    own = [(False, *each) for each in choices]
    if data.x.shape[1] == len(data.owner):
        return own
    return [(True, *each) for each in choices[:MILD]] + own


def _trend(data: Data, bend: int, *, trended: bool) -> Trend:
    """The trend whose predictions are bent as the values are."""
    if not trended:
        return FLAT
    choices = trends(data.x[:, len(data.owner) :])
    return choices[min(bend, len(choices) - 1)]


def resting(
    x: Floats, y: Floats, owner: Ints, known: Floats | None = None, *, most: int, seed: int
) -> Data:
    """The data of a process that rests on so many points at most, each with all of its values.

    Args:
        x: What is seen of each trial with a value, shape (n, f).
        y: Values, shape (n,).
        owner: The parameter that each feature is of.
        known: Noise variances, as far as they are known, shape (n,).
        most: Points to keep.
        seed: Of the choice among those that are not the best.
    """
    row = rows(x)
    if row is None and known is None:
        points = kept(y, most, seed)
        return Data(x[points], y[points], owner)
    row = np.arange(len(y)) if row is None else row
    first = np.unique(row, return_index=True)[1]
    deviations = None if known is None else np.sqrt(known)
    points = kept(levels(x, y, deviations)[first], most, seed)
    told = np.isin(row, points)
    replicates = Replicates(
        np.searchsorted(points, row[told]), None if known is None else known[told]
    )
    return Data(x[first[points]], y[told], owner, replicates)


def kept(y: Floats, most: int, seed: int) -> Ints:
    """Which of many values, shape (n,), to keep: the best, and some of the others."""
    if len(y) <= most:
        return np.arange(len(y))
    order = np.argsort(y, kind="stable")
    best, rest = order[: most // BEST_SHARE], order[most // BEST_SHARE :]
    others = np.random.default_rng(seed).permutation(rest)[: most - len(best)]
    return np.sort(np.concatenate([best, others]))
