"""What the runs cannot tell apart, whatever their losses, and which runs would."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotune.fitting.design import Design
from autotune.fitting.model import Model
from autotune.fitting.search import starts
from autotune.laws.factors import FACTORS
from autotune.types import Floats

RANK_TOLERANCE = 1e-9
TRIALS = 4
ROWS = 400
OTHER = 0.5
SAME = 1.02
"""Largest ratio of sizes, or of token counts, that counts as one value."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Coefficients that the runs leave exchangeable.

    Attributes:
        names: The coefficients.
        held: Those held, so that the rest is determined.
        remedy: Inputs that would separate them if they varied, empty if no single one would.
    """

    names: tuple[str, ...]
    held: tuple[str, ...]
    remedy: tuple[str, ...]


def settle_exchanges(model: Model) -> tuple[Model, list[Exchange]]:
    """Hold as few coefficients as make the others identifiable at generic coefficients."""
    jacobian = _generic_jacobian(model)
    rank = _rank(jacobian)
    if rank == len(model.free):
        return model, []
    held = _held(model, rank)
    groups = [
        Exchange(names, tuple(n for n in names if n in held), _remedies(model, names, jacobian))
        for names in _components(model, jacobian)
    ]
    return model.hold(held), groups


def _held(model: Model, rank: int) -> dict[str, float]:
    """What to hold, and where, so that the rest is determined and every prediction can be made.

    A neutral value may take another coefficient's effect away: where A is 0, alpha tells no sizes
    apart. Then another coefficient is held, at last a power at `OTHER`.
    """
    held: dict[str, float] = {}
    for other in (False, True):
        for name in model.structure.neutral:
            if len(model.free) - len(held) == rank:
                return held
            linear = name in model.structure.linear
            if name not in model.free or name in held or (other and linear):
                continue
            value = OTHER if other else model.structure.neutral[name]
            tried = held | {name: _within(model, name, value)}
            if _rank(_generic_jacobian(model.hold(tried))) == rank:
                held = tried
    return held


def _within(model: Model, name: str, value: float) -> float:
    at = model.free.index(name)
    if model.is_log[at]:
        return float(np.exp(np.clip(np.log(value), model.low[at], model.high[at])))
    return float(np.clip(value, model.low[at], model.high[at]))


def _generic_jacobian(model: Model) -> Floats:
    """Column-scaled derivatives of the loss at a few generic points, (trials, n, k)."""
    if len(model.log_loss) > ROWS:
        rows = np.random.default_rng(0).permutation(len(model.log_loss))[:ROWS]
        model = model.take(rows)
    model = replace(model, design=_collapsed(model.design))
    z = starts(model, TRIALS, 1)
    linear = model.is_linear
    z[:, linear] = np.random.default_rng(2).uniform(0.5, 2.0, (TRIALS, int(linear.sum())))
    loss, slopes = model.slopes(z)
    columns = np.swapaxes(slopes / np.abs(loss)[:, None, :], 1, 2)
    columns = columns[np.isfinite(columns).all(axis=(1, 2))]
    size = np.linalg.norm(columns, axis=1, keepdims=True)
    tiny = size <= RANK_TOLERANCE * size.max(initial=1.0)
    return np.where(tiny, 0.0, columns / np.where(tiny, 1.0, size))


def _collapsed(design: Design) -> Design:
    """The design with sizes and tokens that hardly vary made constant: noise in a step count."""
    return replace(design, n_active=_collapse(design.n_active), tokens=_collapse(design.tokens))


def _collapse(values: Floats) -> Floats:
    if values.max() >= SAME * values.min():
        return values
    return np.full_like(values, np.exp(np.log(values).mean()))


def _rank(jacobian: Floats) -> int:
    """The largest rank among the generic points."""
    if not jacobian.size:
        return 0
    values = np.linalg.svd(jacobian, compute_uv=False)
    return int((values > RANK_TOLERANCE * values[:, :1]).sum(axis=1).max())


def _components(model: Model, jacobian: Floats) -> list[tuple[str, ...]]:
    """Coefficients linked by a direction that changes no prediction, in groups."""
    _, values, vectors = np.linalg.svd(jacobian[0], full_matrices=True)
    padded = np.zeros(len(model.free))
    padded[: len(values)] = values
    null = vectors[padded <= RANK_TOLERANCE * values[0]]
    linked = np.abs(null.T @ null) > 1e-6
    reach = linked.astype(float)
    for _ in model.free:
        reach = np.minimum(reach @ reach, 1.0)
    groups = {tuple(np.flatnonzero(row)) for row in reach if row.any()}
    return [tuple(model.free[i] for i in group) for group in sorted(groups)]


def _remedies(model: Model, names: tuple[str, ...], jacobian: Floats) -> tuple[str, ...]:
    """Which inputs, if they varied, would tell more of the group apart."""
    columns = [model.free.index(name) for name in names]
    now = _rank(jacobian[:, :, columns])
    design = model.design
    found = []
    for name in ("n_active", "tokens", "sparsity", *design.factors):
        varied = replace(model, design=_varied(model, design, name))
        if _rank(_generic_jacobian(varied)[:, :, columns]) > now:
            found.append(name)
    return tuple(found)


def _varied(model: Model, design: Design, name: str) -> Design:
    """The design with one input spread over a wide range."""
    draw: NDArray[np.float64] = np.random.default_rng(3).random(len(design))
    if name == "sparsity":
        return design if model.form.dense else replace(design, sparsity=0.9 * draw)
    if name in ("n_active", "tokens"):
        if name == "tokens" and model.form.fixed_tokens:
            return design
        return replace(design, **{name: getattr(design, name) * 10 ** (2 * draw)})
    values = 0.9 * draw if FACTORS[name].share else design.factors[name] + 1 + 9 * draw
    factors: Mapping[str, Floats] = {**design.factors, name: values}
    return replace(design, factors=factors)


def condition(law_slopes: Floats, names: tuple[str, ...]) -> tuple[float, tuple[str, ...]]:
    """Condition number of column-scaled derivatives (k, n), and the weakest direction's names."""
    size = np.linalg.norm(law_slopes, axis=1, keepdims=True)
    if not np.isfinite(size).all() or (size == 0).any():
        return float("inf"), ()
    _, values, vectors = np.linalg.svd((law_slopes / size).T, full_matrices=False)
    share = np.abs(vectors[-1])
    weakest = tuple(name for name, part in zip(names, share, strict=True) if part > 0.3)
    return float(values[0] / max(values[-1], np.finfo(float).tiny)), weakest
