"""What a search knows: outcomes told, and configurations pending. Nothing else is state."""

import numpy as np

from autotune.errors import InputError
from autotune.search.codec import Codec, Key, key
from autotune.search.growing import Growing
from autotune.search.noise import Noise
from autotune.trials import Completed, Outcome, Trial
from autotune.types import Config, Floats


class Memory:
    """Outcomes and pending configurations as points of the unit cube.

    Attributes:
        seen_keys: Keys of everything told or pending.
    """

    def __init__(self, codec: Codec, noise: Noise | None = None) -> None:
        self._codec = codec
        self._noise = noise
        self._points = Growing(len(codec.names))
        self._results = Growing(2)
        self.seen_keys: set[Key] = set()
        self._pending: dict[Key, Floats] = {}

    def tell(self, outcome: Outcome) -> None:
        """Learn an outcome.

        Raises:
            InputError: If its configuration is not one of the space.
        """
        config = outcome.trial.config
        point = self._point(outcome.trial)
        self._pending.pop(key(config), None)
        self.seen_keys.add(key(config))
        self._points.append(point)
        value = outcome.value if isinstance(outcome, Completed) else np.nan
        noise = np.nan if self._noise is None else self._noise.of(outcome)
        self._results.append([value if np.isfinite(value) else np.nan, noise])

    def propose(self, config: Config) -> None:
        """Note that a configuration is being evaluated."""
        self.seen_keys.add(key(config))
        self._pending.setdefault(key(config), self._codec.encode(config))

    def pend(self, trial: Trial) -> None:
        """Note that a trial is being evaluated which was not proposed here.

        Raises:
            InputError: If its configuration is not one of the space.
        """
        self._point(trial)
        self.propose(trial.config)

    def seen(self, config: Config) -> bool:
        """Whether a configuration was told or is pending, failed ones included."""
        return key(config) in self.seen_keys

    def _point(self, trial: Trial) -> Floats:
        try:
            return self._codec.encode(trial.config)
        except InputError as error:
            raise InputError(
                f"recorded trial {trial.id} does not fit this problem's space: {error}. "
                "Give the study another name."
            ) from None

    @property
    def points(self) -> Floats:
        """Points of the outcomes told, in the order told, shape (n, d)."""
        return self._points.rows

    @property
    def values(self) -> Floats:
        """Objective per outcome, shape (n,); not-a-number for one without a finite value."""
        return np.asarray(self._results.rows[:, 0])

    @property
    def noise(self) -> Floats:
        """Known standard deviation per outcome, shape (n,); not-a-number where not known."""
        return np.asarray(self._results.rows[:, 1])

    @property
    def pending(self) -> list[Floats]:
        """Points of the pending configurations, oldest first."""
        return list(self._pending.values())

    @property
    def known_noise(self) -> float:
        """Median of the known standard deviations; 0 if there is none."""
        known = self.noise[np.isfinite(self.noise)]
        return float(np.median(known)) if len(known) else 0.0

    @property
    def size(self) -> int:
        """Outcomes told and configurations pending; with the seed, it fixes all randomness."""
        return len(self.points) + len(self._pending)

    @property
    def n_completed(self) -> int:
        """Outcomes that carry a value."""
        return int(np.isfinite(self.values).sum())
