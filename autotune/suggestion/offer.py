"""The runs that a problem can train: its configurations as a run table without losses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError, ProblemError
from autotune.fitting.runs import RunTable
from autotune.laws.factors import FACTORS
from autotune.problem import Problem
from autotune.search.codec import Codec, key
from autotune.search.sampling import GRID_LIMIT
from autotune.suggestion.menu import Menu, menu
from autotune.suggestion.planned import planned
from autotune.types import Floats, Value

SAMPLED = 1024  # a power of two, as Sobol's sequence is balanced at
MOST_OFFERED = 600
"""Configurations followed at once; more are thinned evenly in cost."""

SEED = "seed"
"""The parameter that tells replicates of a configuration apart; offers have its least value."""

FLOPS = "flops"
"""The derived quantity that says what a configuration costs; 6 N_active D without it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Configurations and the runs that they are.

    Attributes:
        configs: One for each run.
        runs: The same as a run table, in that order; losses are not-a-number.
        branches: Token counts at which each gives a loss before its end; empty if none does.
    """

    configs: tuple[dict[str, Value], ...]
    runs: RunTable
    branches: tuple[tuple[float, ...], ...] = ()

    @property
    def menu(self) -> Menu:
        """What can be trained, and the losses that each run brings."""
        return menu(self.runs, self.branches)

    def take(self, rows: NDArray[np.int64]) -> "Offer":
        """Some of them, in that order."""
        branches = tuple(self.branches[i] for i in rows) if self.branches else ()
        return Offer(tuple(self.configs[i] for i in rows), self.runs.take(rows), branches)


def offer(problem: Problem, *, seed: int = 0) -> Offer:
    """List what a problem can train, cheapest first.

    A finite space of up to `GRID_LIMIT` configurations is listed whole, any other one sampled;
    then at most `MOST_OFFERED` are kept.

    Args:
        problem: Its `law_inputs` say what a run of a configuration is.
        seed: Of the sample.

    Raises:
        InputError: If the problem does not say, or not in numbers, or allows nothing.
    """
    configs = [each for each in _listed(problem, seed) if problem.allows(each)]
    if not configs:
        raise InputError(f"problem {problem.name} allows no configuration.")
    runs = replace(as_runs(problem, configs), flops=costs(problem, configs))
    made = Offer(tuple(configs), runs, _branches(problem, configs))
    order = np.argsort(made.runs.flops, kind="stable")
    kept = order[np.unique(np.linspace(0, len(order) - 1, MOST_OFFERED).astype(np.int64))]
    return made.take(kept)


def as_runs(problem: Problem, configs: Sequence[dict[str, Value]]) -> RunTable:
    """The runs that configurations of a problem are; their compute is 6 N_active D.

    Raises:
        InputError: If the problem does not say what a law needs.
    """
    if problem.law_inputs is None:
        raise InputError(
            f"problem {problem.name} does not say which run a configuration is. Give its Problem "
            "law_inputs: n_active and tokens of each, and n_total or sparsity where it is sparse."
        )
    columns = {
        name: np.array([config.get(name, np.nan) for config in configs]) for name in problem.space
    }
    given = {
        name: np.broadcast_to(np.asarray(values, dtype=np.float64), (len(configs),)).copy()
        for name, values in problem.law_inputs(columns).items()
    }
    missing = [name for name in ("n_active", "tokens") if name not in given]
    if missing:
        raise InputError(f"problem {problem.name} does not say {missing[0]} of a configuration.")
    total = given.get("n_total")
    if total is None:
        total = given["n_active"] / (1 - given.get("sparsity", np.zeros(len(configs))))
    factors = {name: values for name, values in given.items() if name in FACTORS}
    return planned(given["n_active"], given["tokens"], n_total=total, factors=factors)


def costs(problem: Problem, configs: Sequence[dict[str, Value]]) -> Floats:
    """FLOPs that runs of configurations cost, branches included, shape (n,)."""
    if FLOPS not in problem.derived:
        return as_runs(problem, configs).flops
    return np.array([problem.quantities(config)[FLOPS] for config in configs])


def _branches(
    problem: Problem, configs: Sequence[dict[str, Value]]
) -> tuple[tuple[float, ...], ...]:
    if problem.branches is None:
        return ()
    return tuple(tuple(map(float, problem.branches(config))) for config in configs)


def first_seed(problem: Problem) -> int:
    """The least seed of a problem that has seeds.

    Raises:
        ProblemError: If its seeds are no integers.
    """
    low = getattr(problem.space[SEED], "lower", None)
    if not isinstance(low, int):
        raise ProblemError(f"problem {problem.name}: its parameter {SEED} must be an integer.")
    return low


def _listed(problem: Problem, seed: int) -> list[dict[str, Value]]:
    codec = Codec(problem.space)
    if codec.size is not None and codec.size <= GRID_LIMIT:
        points = codec.grid()
    else:
        from scipy.stats import qmc

        points = codec.snap(qmc.Sobol(len(codec.names), seed=seed).random(SAMPLED))
    fixed = {SEED: first_seed(problem)} if SEED in problem.space else {}
    decoded = ({**codec.decode(point), **fixed} for point in points)
    found = {key(config): config for config in decoded if codec.legal(config)}
    if not found:
        raise ProblemError(f"problem {problem.name}: its space holds no legal configuration.")
    return list(found.values())
