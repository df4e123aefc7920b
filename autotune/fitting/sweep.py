"""A sweep of learning rates and batch sizes, and the best of each model and token count."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.budgets import numbered
from autotune.fitting.identify import SAME
from autotune.fitting.local_minimum import local_minimum
from autotune.laws.hyperparameters import Target
from autotune.types import Floats

NEAR = 0.0025
"""DeepSeek's near-optimal share, where a cell has no local minimum."""

DISTINCT = 3
"""Values of a setting that a minimum along it takes at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Runs at several settings.

    Attributes:
        inputs: What the model and its training are, by name, each of shape (n,): `n_active`,
            `tokens`, `flops`, `n_experts`. Rows that share them are one cell.
        settings: `lr` and `batch_tokens`, those that are known, each of shape (n,).
        loss: Final loss, shape (n,); None where every row is stated to be an optimum.
        lines: Where each row stands in its file.
        name: What to call the file.
    """

    inputs: Mapping[str, Floats]
    settings: Mapping[str, Floats]
    loss: Floats | None
    lines: NDArray[np.int64]
    name: str

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Optima:
    """The best value of a setting, one per cell.

    Attributes:
        inputs: The cells' inputs, each of shape (cells,).
        value: The best value in each, shape (cells,).
        method: How each was found: `minimum`, `near` or `stated`.
        n_near: Rows within the near-optimal share, over the cells of method `near`.
        n_rows: Rows of those cells.
        at_end: Cells whose least loss is at the smallest or largest value that was tried.
        unswept: Cells of several rows that tried one value only.
    """

    inputs: Mapping[str, Floats]
    value: Floats
    method: tuple[str, ...]
    n_near: int
    n_rows: int
    at_end: NDArray[np.int64]
    unswept: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.value)


def optima(sweep: Sweep, target: Target, *, near: float | None = None) -> Optima:
    """Find the best value of a setting in each cell.

    The best value is the minimum of a cubic in the logarithms of what was swept, fitted to the
    rows within 2 % of the least loss. Where they determine none, or `near` is given, it is the
    geometric mean of the rows within that share of the least loss (0.25 % by default).

    Args:
        sweep: The runs.
        target: The setting.
        near: Use the near-optimal rows of every cell, and within which share.
    """
    label = cells(sweep.inputs)
    log = {name: np.log(values) for name, values in sweep.settings.items()}
    found, n_near, n_rows, at_end, unswept = [], 0, 0, [], []
    for cell in range(int(label.max()) + 1):
        rows = np.flatnonzero(label == cell)
        tried = log[target][rows]
        if sweep.loss is None or len(rows) == 1:
            found.append((tried.mean(), "stated"))
            continue
        loss = sweep.loss[rows]
        if np.ptp(tried) == 0:
            unswept.append(cell)
        elif tried[loss.argmin()] in (tried.min(), tried.max()):
            at_end.append(cell)
        best = None
        if near is None:
            best = _minimum({name: values[rows] for name, values in log.items()}, loss, target)
        if best is None:
            good = loss <= loss.min() * (1 + (NEAR if near is None else near))
            n_near, n_rows = n_near + int(good.sum()), n_rows + len(rows)
            found.append((tried[good].mean(), "near"))
        else:
            found.append((best, "minimum"))
    return Optima(
        inputs={name: _medians(x, label) for name, x in sweep.inputs.items()},
        value=np.exp([value for value, _ in found]),
        method=tuple(method for _, method in found),
        n_near=n_near,
        n_rows=n_rows,
        at_end=np.array(at_end, dtype=np.int64),
        unswept=np.array(unswept, dtype=np.int64),
    )


def cells(inputs: Mapping[str, Floats]) -> NDArray[np.int64]:
    """Labels of the rows that share every input up to 2 %: whole steps round token counts."""
    columns = [numbered(np.log(values), np.log(SAME)) for values in inputs.values()]
    return np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)[1].ravel()


def _medians(values: Floats, label: NDArray[np.int64]) -> Floats:
    return np.array([np.median(values[label == cell]) for cell in range(int(label.max()) + 1)])


def _minimum(log: Mapping[str, Floats], loss: Floats, target: Target) -> float | None:
    """The minimum over what was swept widely; other settings stay at those of the best row."""
    swept = [name for name, values in log.items() if len(np.unique(values)) >= DISTINCT]
    if target not in swept:
        return None
    best = int(loss.argmin())
    beside = [values == values[best] for name, values in log.items() if name not in swept]
    here = np.logical_and.reduce(beside) if beside else np.ones(len(loss), dtype=bool)
    x = np.stack([log[name][here] for name in swept], axis=1)
    at = local_minimum(x, loss[here])
    return None if at is None else float(at[swept.index(target)])
