"""Draws legal configurations that were not proposed before: Sobol, uniform, or all that is left."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
from scipy.stats import qmc

from autotune.errors import InfeasibleError
from autotune.problem import Problem
from autotune.search.codec import Codec, Key, key
from autotune.search.memory import Memory
from autotune.types import Floats, Value

GRID_LIMIT = 20_000
PLAIN_TRIES = 8_192
TRIES = 200_000
ENUMERATED = 500_000
BATCH = 512
KEPT = 64
SMALLEST, LARGEST = -5.0, -0.3  # powers of ten of the steps away from a known point
FORBIDDEN = "the space's forbidden clauses"


class Sampler:
    """The legal part of a problem's space, less what a memory has seen.

    Finite spaces of up to `GRID_LIMIT` points are enumerated once, so running out of them is
    noticed exactly. In larger ones points are drawn. After `PLAIN_TRIES` rejected in a row, those
    of up to `ENUMERATED` points are enumerated too; in others half of the draws are made from
    legal points known and from those that break the fewest rules, until after `TRIES` the space
    counts as used up.
    """

    def __init__(self, problem: Problem, codec: Codec, memory: Memory) -> None:
        self._problem = problem
        self._codec = codec
        self._memory = memory
        self._left: dict[Key, Floats] | None = None
        self._legal: list[dict[str, Value]] | None = None  # of a larger finite space, once needed
        if codec.size is not None and codec.size <= GRID_LIMIT:
            rows = ((codec.decode(point), point) for point in codec.grid())
            self._left = {key(config): point for config, point in rows if self.legal(config)}

    def legal(self, config: dict[str, Value]) -> bool:
        """Whether forbidden clauses and constraints allow a configuration."""
        return self._codec.legal(config) and self._problem.allows(config)

    def fresh(self, config: dict[str, Value]) -> bool:
        """Whether a configuration is legal and was neither told nor is pending."""
        return not self._memory.seen(config) and self.legal(config)

    def remaining(self) -> Floats | None:
        """All fresh points of a small finite space, shape (m, d); None if it is not small."""
        if self._left is None:
            return None
        for gone in self._left.keys() & self._memory.seen_keys:
            del self._left[gone]
        return np.array(list(self._left.values())).reshape(-1, len(self._codec.names))

    def sobol(self, seed: int) -> dict[str, Value] | None:
        """The first fresh configuration of the Sobol sequence, shifted by a seed."""
        rng = np.random.default_rng((seed, self._memory.size))
        return self._first(_sobol(len(self._codec.names), seed), rng)

    def uniform(self, rng: np.random.Generator) -> dict[str, Value] | None:
        """A fresh configuration, uniform in the unit cube; None if there is none left."""
        remaining = self.remaining()
        if remaining is not None and len(remaining):
            return self._codec.decode(remaining[rng.integers(len(remaining))])
        return self._first(_uniform(len(self._codec.names), rng), rng)

    def _first(
        self, batches: Iterator[Floats], rng: np.random.Generator
    ) -> dict[str, Value] | None:
        remaining = self.remaining()
        if remaining is not None and not len(remaining):
            if self._memory.size == 0:
                raise InfeasibleError(self._contradiction(""))
            return None
        for _ in range(PLAIN_TRIES // BATCH):
            for point in self._codec.snap(next(batches)):
                config = self._codec.decode(point)
                if self.fresh(config):
                    return config
            if remaining is not None:
                return self._codec.decode(remaining[0])
        if self._codec.size is not None and self._codec.size <= ENUMERATED:
            return self._one_of_all(rng)
        return self._hunt(rng)

    def _one_of_all(self, rng: np.random.Generator) -> dict[str, Value] | None:
        if self._legal is None:
            self._legal = [each for each in self._codec.configurations() if self.legal(each)]
        if not self._legal:
            raise InfeasibleError(self._contradiction(""))
        fresh = [config for config in self._legal if not self._memory.seen(config)]
        return dict(fresh[rng.integers(len(fresh))]) if fresh else None

    def _hunt(self, rng: np.random.Generator) -> dict[str, Value] | None:
        """Find a fresh configuration where plain draws find none, in bounded time.

        Raises:
            InfeasibleError: If nothing was evaluated yet and nothing legal is found.
        """
        known = [*self._memory.points, *self._memory.pending]
        points = [p for p in known if self.legal(self._codec.decode(p))]
        near = Nearest(np.array(points[-KEPT:]).reshape(-1, len(self._codec.names)))
        tally: Counter[str] = Counter()
        tried = (TRIES - PLAIN_TRIES) // BATCH * BATCH
        for _ in range(tried // BATCH):
            for point in self._codec.snap(near.draw(BATCH, rng)):
                config = self._codec.decode(point)
                broken = self._rules_broken(config)
                if not broken and not self._memory.seen(config):
                    return config
                tally.update(broken)
                near.note(point, len(broken))
            near.settle()
        if self._memory.size == 0:
            held = ", ".join(f"{rule} held for {tried - n}" for rule, n in tally.most_common(2))
            raise InfeasibleError(self._contradiction(f"; of {tried} tried, {held}"))
        return None

    def _rules_broken(self, config: dict[str, Value]) -> list[str]:
        forbidden = [] if self._codec.legal(config) else [FORBIDDEN]
        return forbidden + [rule.text for rule in self._problem.broken(config)]

    def _contradiction(self, found: str) -> str:
        rules = "; ".join(rule.text for rule in self._problem.constraints)
        return (
            f"no configuration of {self._problem.name} obeys its constraints"
            f" ({rules or FORBIDDEN}){found}. Widen a bound or drop one."
        )


def _sobol(dimension: int, seed: int) -> Iterator[Floats]:
    # A random shift modulo 1 instead of scipy's scrambling, whose seeding differs by version.
    shift = np.random.default_rng(seed).random(dimension)
    engine = qmc.Sobol(dimension, scramble=False)
    while True:
        yield (engine.random(BATCH) + shift) % 1.0


def _uniform(dimension: int, rng: np.random.Generator) -> Iterator[Floats]:
    while True:
        yield rng.random((BATCH, dimension))


def around(centres: Floats, count: int, step: Floats | float, rng: np.random.Generator) -> Floats:
    """Draw points around centres: normal steps in about half of the coordinates, clipped."""
    chosen = centres[rng.integers(len(centres), size=count)]
    shape = chosen.shape
    moved = rng.random(shape) < 0.5
    moved[np.arange(count), rng.integers(shape[1], size=count)] = True
    return np.clip(chosen + np.where(moved, rng.normal(size=shape) * step, 0.0), 0.0, 1.0)


class Nearest:
    """Points that obey the rules, or break the fewest: where to look for legal ones.

    Draws points: half uniform, half from the best noted so far.

    Those are moved by random steps, or along the line through two of them, which follows a thin
    straight region however thin it is.
    """

    def __init__(self, points: Floats) -> None:
        """Start from legal points, shape (m, d); m may be 0."""
        self._points = points
        self._broken = np.zeros(len(points))
        self._noted: list[tuple[Floats, int]] = []

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw points of the unit cube, shape (count, d)."""
        points, d = self._points, self._points.shape[1]
        drawn = rng.random((count, d))
        if not len(points):
            return drawn
        half = count // 2
        step = 10 ** rng.uniform(SMALLEST, LARGEST, (half, 1))
        walked = around(points, half, step, rng)
        one, other = points[rng.integers(len(points), size=(2, half))]
        along = np.clip(one + rng.uniform(-1, 2, (half, 1)) * (other - one), 0.0, 1.0)
        drawn[:half] = np.where(rng.random((half, 1)) < 0.5, walked, along)
        return drawn

    def note(self, point: Floats, broken: int) -> None:
        """Remember a point, shape (d,), that breaks so many rules."""
        self._noted.append((point, broken))

    def settle(self) -> None:
        """Keep the points that break the fewest rules; of equals, the newer ones."""
        points = np.concatenate([np.array([p for p, _ in self._noted]), self._points])
        broken = np.concatenate([[n for _, n in self._noted], self._broken])
        order = np.argsort(broken, kind="stable")[:KEPT]
        self._points, self._broken, self._noted = points[order], broken[order], []
