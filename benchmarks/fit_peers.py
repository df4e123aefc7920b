"""Other tools that fit Hoffmann's law: each from its own or Hoffmann's grid of starts.

All but `chinchilla` minimise the same sum as ours (Huber, delta 1e-3, on log residuals) in the
paper's way, log A, log B and log E through a log-sum-exp, with analytic gradients, from every
start of the paper's grid of 4,500. `chinchilla` is run as its documentation says, with its
grid of 3,125 starts and its loss `log_huber`, delta 1e-3. BFGS of scipy, which it calls with
the default tolerances, takes a mean of that loss (about 4e-6) for converged wherever it stands;
it is run a second time with the same loss times 1e6.
"""

import functools
import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from cpu import cpu
from scipy.optimize import minimize

from autotune.fitting.runs import RunTable
from autotune.types import Floats

DELTA = 1e-3
GRID = (
    np.arange(0, 30, 5.0),  # log A
    np.arange(0, 30, 5.0),  # log B
    np.arange(-1, 1.5, 0.5),  # log E
    np.arange(0, 2.5, 0.5),  # alpha
    np.arange(0, 2.5, 0.5),  # beta
)
DOCUMENTED = {
    "E": np.linspace(1, 2, 5),
    "a": np.linspace(1, 10, 5),  # log A
    "b": np.linspace(1, 10, 5),  # log B
    "alpha": np.linspace(0.1, 0.7, 5),
    "beta": np.linspace(0.1, 0.7, 5),
}
UNIT = 1e6
"""1/delta^2, in which the sum is of order one per run: tolerances are absolute in some tools."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool found.

    Attributes:
        seconds: CPU seconds of all starts, child processes included.
        sum: Our objective at the answer.
        starts: Starts taken.
        of: Starts of the whole grid, to which `seconds` extrapolates.
    """

    seconds: float
    sum: float
    starts: int
    of: int


@dataclass(frozen=True, slots=True)
class Problem:
    """The objective at (log A, log B, log E, alpha, beta)."""

    log_n: Floats
    log_d: Floats
    log_loss: Floats

    def value_and_slope(self, p: Floats) -> tuple[float, Floats]:
        """The sum and its gradient."""
        terms = np.stack(
            [p[0] - p[3] * self.log_n, p[1] - p[4] * self.log_d, np.full_like(self.log_n, p[2])]
        )
        top = terms.max(axis=0)
        parts = np.exp(terms - top)
        total = parts.sum(axis=0)
        residual = top + np.log(total) - self.log_loss
        size = np.minimum(np.abs(residual), DELTA)
        slope = np.clip(residual, -DELTA, DELTA) * parts / total
        gradient = [*slope.sum(axis=1), -(slope[0] @ self.log_n), -(slope[1] @ self.log_d)]
        return float((size * (np.abs(residual) - size / 2)).sum()), np.array(gradient)

    def sum(self, p: Floats) -> float:
        """The sum, infinite where it is undefined."""
        value = self.value_and_slope(np.asarray(p, dtype=float))[0]
        return value if np.isfinite(value) else np.inf


def problem(table: RunTable) -> Problem:
    """The objective on a table of dense runs."""
    return Problem(np.log(table.n_active), np.log(table.tokens), np.log(table.loss))


def lbfgsb(table: RunTable, every: int) -> Answer:
    """L-BFGS-B of scipy."""
    posed = problem(table)

    def one(start: Floats) -> Floats:
        found = minimize(posed.value_and_slope, start, jac=True, method="L-BFGS-B")
        return np.asarray(found.x)

    return _grid(posed, one, every)


def lmfit(table: RunTable, every: int) -> Answer:
    """L-BFGS-B through lmfit's `minimize`."""
    import lmfit as tool

    posed = problem(table)
    names = ("a", "b", "e", "alpha", "beta")

    def read(parameters: Any) -> Floats:  # noqa: ANN401 - lmfit has no types
        return np.array([parameters[name].value for name in names])

    def one(start: Floats) -> Floats:
        parameters = tool.Parameters()
        for name, value in zip(names, start, strict=True):
            parameters.add(name, value=float(value))
        found = tool.minimize(
            lambda p: posed.value_and_slope(read(p))[0],
            parameters,
            method="lbfgsb",
            jac=lambda p: posed.value_and_slope(read(p))[1],
        )
        return read(found.params)

    return _grid(posed, one, every)


def iminuit(table: RunTable, every: int) -> Answer:
    """MIGRAD of iminuit, on the sum in units of delta^2."""
    from iminuit import Minuit

    posed = problem(table)

    def one(start: Floats) -> Floats:
        found = Minuit(
            lambda p: posed.value_and_slope(p)[0] * UNIT,
            start,
            grad=lambda p: posed.value_and_slope(p)[1] * UNIT,
        )
        found.errordef = Minuit.LIKELIHOOD
        found.tol = 1e-5
        return np.array(found.migrad().values)

    return _grid(posed, one, every)


def chinchilla(table: RunTable, every: int, *, unit: float = 1.0) -> Answer:
    """`Chinchilla.fit` on the README's grid; `every` thins the longest axes evenly."""
    import matplotlib as mpl

    mpl.use("Agg")
    from chinchilla import Chinchilla, _metrics

    grid = DOCUMENTED if every == 1 else {name: ends[[1, 3]] for name, ends in DOCUMENTED.items()}
    columns = np.stack([table.flops, table.n_active, table.tokens, table.loss], axis=1)
    posed = problem(table)
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(Path(folder) / "df.csv", columns, delimiter=",", header="C,N,D,loss",
                   comments="", fmt="%.17g")  # fmt: skip
        loss = functools.partial(_scaled, _metrics, unit)
        tool = Chinchilla(folder, param_grid=grid, loss_fn=loss, log_level=40)
        seconds, _ = cpu(tool.fit)
        at = tool.params
    answer = np.array([np.log(at["A"]), np.log(at["B"]), np.log(at["E"]), at["alpha"], at["beta"]])
    taken, of = (int(np.prod([len(axis) for axis in g.values()])) for g in (grid, DOCUMENTED))
    return Answer(seconds, posed.sum(answer), taken, of)


def _scaled(metrics: ModuleType, unit: float, observed: Floats, predicted: Floats) -> Floats:
    return np.asarray(unit * metrics.log_huber(observed, predicted, delta=DELTA))


def _grid(posed: Problem, one: Callable[[Floats], Floats], every: int) -> Answer:
    """Run a tool from each so many-th start of the grid."""
    starts: Sequence[Any] = list(itertools.product(*GRID))

    def all_of_them() -> float:
        return min(_sums(posed, one, starts[::every]))

    seconds, best = cpu(all_of_them)
    return Answer(seconds, best, len(starts[::every]), len(starts))


def _sums(
    posed: Problem, one: Callable[[Floats], Floats], starts: Sequence[Any]
) -> Iterator[float]:
    for start in starts:
        yield posed.sum(one(np.array(start)))


PEERS: dict[str, Callable[[RunTable, int], Answer]] = {
    "scipy L-BFGS-B": lbfgsb,
    "lmfit L-BFGS-B": lmfit,
    "iminuit MIGRAD": iminuit,
    "chinchilla": chinchilla,
    "chinchilla, loss x 1e6": functools.partial(chinchilla, unit=UNIT),
}
