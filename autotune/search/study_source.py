"""A finished study as a prior: what its outcomes predict, on the parameters it shares."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ConfigSpace import ConfigurationSpace

from autotune.errors import InputError
from autotune.search.axes import axis
from autotune.search.codec import INACTIVE, Codec
from autotune.search.native.gaussian import GaussianProcess
from autotune.search.native.hyper import Data
from autotune.search.native.surrogate import MOST_LEARNED, learn, resting, surrogate
from autotune.search.native.warp import Warp
from autotune.search.prior import Columns
from autotune.trials import Completed
from autotune.types import Floats

FEWEST = 5


@dataclass(frozen=True, slots=True)
class StudySource:
    """The posterior mean of another study, in that study's values.

    Attributes:
        shared: The parameters that both spaces have.
        lacking: Those of the tuned space that the study does not have.
        middle: The median of its values, for configurations that have no place in its space.
    """

    shared: tuple[str, ...]
    lacking: tuple[str, ...]
    middle: float
    _codec: Codec
    _process: GaussianProcess
    _warp: Warp

    def __call__(self, columns: Columns) -> Floats:
        """Predict, shape (m,); values out of the study's range count as its nearest end."""
        points = self._codec.placed(columns)
        known = np.asarray(np.isfinite(points).all(axis=1))
        mean, _ = self._process.predict(
            self._codec.features(np.where(np.isfinite(points), points, INACTIVE))
        )
        return np.where(known, self._warp.inverse(mean), self.middle)


def study_source(
    space: ConfigurationSpace,
    studied: ConfigurationSpace,
    completed: Sequence[Completed],
    name: str,
) -> StudySource:
    """Learn a process of a study's values on the parameters that it shares with a space.

    Args:
        space: Of what is tuned.
        studied: Of the study.
        completed: Its trials that have a value, in their order.
        name: What messages call it.

    Raises:
        InputError: If no parameter is shared, or too few trials have a value.
    """
    if len(completed) < FEWEST:
        raise InputError(
            f"study {name} has {len(completed)} completed trials; a prior needs {FEWEST}. "
            "Let it run on, or choose another."
        )
    shared = tuple(each for each in space if each in studied and _alike(space, studied, each))
    if not shared:
        raise InputError(
            f"study {name} has no parameter of {', '.join(space)}; it has {', '.join(studied)}. "
            "Choose a study of the same parameters."
        )
    codec, whole = Codec(_part(studied, shared)), Codec(studied)
    at = [whole.names.index(each) for each in codec.names]
    points = np.array([whole.encode(outcome.trial.config) for outcome in completed])[:, at]
    y = np.array([outcome.value for outcome in completed])
    data = resting(codec.features(points), y, codec.owners, most=MOST_LEARNED, seed=0)
    every = Data(data.x, np.ones(len(data.x)), codec.owners)
    model = surrogate(learn(data, every), data, every, cautious=False)
    lacking = tuple(each for each in space if each not in shared)
    return StudySource(shared, lacking, float(np.median(y)), codec, model.process, model.warp)


def _alike(space: ConfigurationSpace, studied: ConfigurationSpace, name: str) -> bool:
    """Whether a parameter of both varies in both, and is a number or a choice in both."""
    one, other = axis(space[name]), axis(studied[name])
    if 1 in (one.size, other.size):
        return False
    ends = np.array([0.0, 1.0])
    mine, theirs = one.decoded(ends), other.decoded(ends)
    return bool((mine.dtype == object) == (theirs.dtype == object))


def _part(studied: ConfigurationSpace, shared: Sequence[str]) -> ConfigurationSpace:
    """The space of some parameters, without their conditions."""
    part = ConfigurationSpace()
    part.add(*(studied[name] for name in shared))
    return part
