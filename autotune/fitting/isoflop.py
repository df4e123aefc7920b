"""Hoffmann's approach 2: the vertex of a parabola at each budget, and power laws through them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotune import checks
from autotune.errors import FitError, InputError
from autotune.fitting.allocation import (
    AHEAD,
    DEFAULTS,
    AllocationFit,
    AllocationPoint,
    AllocationSettings,
    flops_per_size_and_token,
    log_lines,
    mixture,
    power,
    settled,
)
from autotune.fitting.budgets import FEWEST_SIZES, budgets
from autotune.fitting.fit import fit
from autotune.fitting.grid_bias import Grid, GridBias, grid_bias
from autotune.fitting.parabola import Parabola
from autotune.fitting.runs import RunTable
from autotune.laws.hoffmann import HoffmannLaw
from autotune.types import Floats

PASSES = 3
"""Losses are moved to the budget along the best loss over C, which depends on them in turn."""

FEWEST_RUNS = 5
"""Coefficients of the law that judges the grids."""

FREE = 1e-6
"""Least 1 - leverage of a run whose residual says something."""

MOST_BIAS = 1.1
"""A factor between vertex and optimum that is worth a warning."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The runs of one budget, and their parabola.

    Attributes:
        rows: Which runs, shape (n,).
        flops: Geometric mean of their compute.
        per_token: Geometric mean of C/(N D).
        parabola: On their sizes.
    """

    rows: NDArray[np.int64]
    flops: float
    per_token: float
    parabola: Parabola


def isoflop(table: RunTable, settings: AllocationSettings = DEFAULTS) -> AllocationFit:
    """Fit N = k_N C^a and D = k_D C^b through the best split of each budget.

    At a budget, the loss is fitted by a parabola in ln N. A loss at a compute that is off the
    budget's is first moved there along the best loss over compute. A parabola without a minimum
    among the sampled sizes is flagged and left out.

    Args:
        table: Finished runs; several budgets, each spent on at least three sizes.
        settings: What N counts, what counts as one budget, intervals.

    Raises:
        InputError: If fewer than two budgets have three sizes.
        FitError: If fewer than two of their parabolas have a minimum.

    References:
        Hoffmann et al. (2022), arXiv:2203.15556, section 3.2.
    """
    checks.positive("tolerance", settings.tolerance, hint="0.1 means within 10 %.")
    size = settings.size(table)
    grouped = _grouped(table, size, settings)
    loss, coefficients = _at_budget(grouped, table)
    points = tuple(_point(*each, size) for each in zip(grouped, coefficients, strict=True))
    used = [not point.flag for point in points]
    _check_used(points)
    log_c = np.log([point.flops for point in points])
    log_n = np.log([[point.size if ok else np.nan for point, ok in zip(points, used, strict=True)]])
    per_token = np.log([budget.per_token for budget in grouped])
    line_n, line_d = _lines(log_c, log_n, per_token)
    draws = _draws(grouped, coefficients, loss, table.weight, used, settings)
    lines = np.concatenate(_lines(log_c, draws, per_token), axis=1)
    kept, lost = settled(lines)
    bias = _bias(table, grouped, size, AHEAD * max(p.flops for p in points if not p.flag))
    method = "bootstrap of residuals, pooled over budgets" if len(kept) else "none"
    return AllocationFit(
        method="isoflop",
        how="a parabola of the loss in ln N at each budget",
        settings=settings,
        n_runs=len(table),
        points=points,
        size=power(line_n[0]),
        tokens=power(line_d[0]),
        draws=kept,
        interval_method=method,
        bias=bias,
        caveats=(*mixture(table), *_flagged(points)),
        warnings=(
            *_unshared(table, grouped, settings),
            *lost,
            *_without(kept, settings),
            *_biased(bias),
        ),
    )


def _grouped(table: RunTable, size: Floats, settings: AllocationSettings) -> list[Budget]:
    found = budgets(table.flops, size, settings.tolerance)
    if len(found) < 2:
        raise InputError(
            f"isoflop needs at least 2 budgets of {FEWEST_SIZES} sizes each, but {table.name} has "
            f"{len(found)}: {len(table)} runs of compute {table.flops.min():.3g} .. "
            f"{table.flops.max():.3g} FLOPs and N {size.min():.3g} .. {size.max():.3g}, where runs "
            f"within {settings.tolerance:g} of a common compute are one budget. Add runs, widen "
            "--tolerance, or fit a law, which needs no common budgets."
        )
    return [
        Budget(
            rows,
            float(np.exp(np.log(table.flops[rows]).mean())),
            flops_per_size_and_token(table.flops[rows], size[rows], table.tokens[rows]),
            Parabola.on(np.log(size[rows]), table.weight[rows]),
        )
        for rows in found
    ]


def _at_budget(grouped: list[Budget], table: RunTable) -> tuple[Floats, list[Floats]]:
    """Losses moved to their budget, shape (n,), and coefficients of each parabola."""
    loss = table.loss
    for _ in range(PASSES):
        coefficients = [each.parabola.fit(loss[each.rows]) for each in grouped]
        best = np.array(
            [
                each.parabola.least(c) if _has_minimum(each.parabola, c) else np.nan
                for each, c in zip(grouped, coefficients, strict=True)
            ]
        )
        log_c = np.log([each.flops for each in grouped])
        slope = log_lines(log_c, np.log(best)[None, :])[0, 0]
        if not np.isfinite(slope):
            break
        loss = table.loss.copy()
        for each in grouped:
            loss[each.rows] *= (each.flops / table.flops[each.rows]) ** slope
    return loss, [each.parabola.fit(loss[each.rows]) for each in grouped]


def _has_minimum(parabola: Parabola, coefficients: Floats) -> bool:
    return bool(parabola.inside(parabola.vertex(coefficients)))


def _point(budget: Budget, coefficients: Floats, size: Floats) -> AllocationPoint:
    parabola, rows = budget.parabola, budget.rows
    vertex = parabola.vertex(coefficients)
    best = float(np.exp(vertex))
    sampled = (float(size[rows].min()), float(size[rows].max()))
    if np.isnan(vertex):
        flag = "the parabola has no minimum"
    elif not parabola.inside(vertex):
        flag = f"the vertex lies {'below' if best < sampled[0] else 'above'} the sampled sizes"
    else:
        flag = ""
    return AllocationPoint(
        flops=budget.flops,
        size=best,
        tokens=budget.flops / (budget.per_token * best),
        loss=float(parabola.least(coefficients)) if np.isfinite(vertex) else np.nan,
        n_runs=len(rows),
        sampled=sampled,
        flag=flag,
    )


def _check_used(points: tuple[AllocationPoint, ...]) -> None:
    used = sum(not point.flag for point in points)
    if used < 2:
        first = next(point for point in points if point.flag)
        raise FitError(
            f"a power law needs 2 budgets whose loss has a minimum among the sampled sizes, but "
            f"{used} of {len(points)} budgets have one (first without: {first.flops:.3g} FLOPs, N "
            f"{first.sampled[0]:.3g} .. {first.sampled[1]:.3g}: {first.flag}). "
            "Add runs on the other side of the minimum."
        )


def _lines(log_c: Floats, log_n: Floats, per_token: Floats) -> tuple[Floats, Floats]:
    """Power laws of N and of D = C/(per_token N), each of shape (m, 2)."""
    return log_lines(log_c, log_n), log_lines(log_c, log_c - per_token - log_n)


def _draws(
    grouped: list[Budget],
    coefficients: list[Floats],
    loss: Floats,
    weight: Floats,
    used: list[bool],
    settings: AllocationSettings,
) -> Floats:
    """Vertices ln N of resampled losses, shape (draws, budgets); not-a-number where left out.

    A relative residual of any run may have befallen any other, and their scale is known no better
    than its degrees of freedom allow, so each draw has a scale of its own. Resampling the runs of
    a budget often leaves three of them, and the interval then covers far more than it states.
    """
    part = [(each, c) for each, c, ok in zip(grouped, coefficients, used, strict=True) if ok]
    fitted = [each.parabola.design @ c for each, c in part]
    pool = np.concatenate(
        [_studentised(each, y, loss, weight) for (each, _), y in zip(part, fitted, strict=True)]
    )
    draws = np.full((settings.bootstrap if len(pool) else 0, len(grouped)), np.nan)
    if not len(draws):
        return draws
    rng = np.random.default_rng(settings.seed)
    freedom = sum(float((1 - each.parabola.leverage).sum()) for each, _ in part)
    scale = np.sqrt(freedom / rng.chisquare(freedom, (len(draws), 1)))
    places = [i for i, ok in enumerate(used) if ok]
    for i, (each, _), y in zip(places, part, fitted, strict=True):
        error = scale * rng.choice(pool, (len(draws), len(y))) / np.sqrt(weight[each.rows])
        vertex = each.parabola.vertex(each.parabola.fit(y * (1 + error)))
        draws[:, i] = np.where(each.parabola.inside(vertex), vertex, np.nan)
    return draws


def _studentised(budget: Budget, fitted: Floats, loss: Floats, weight: Floats) -> Floats:
    """Relative residuals at unit weight, of the runs that do not fix their own fitted value."""
    free = 1 - budget.parabola.leverage
    says = free > FREE
    residual = (loss[budget.rows] / fitted - 1) * np.sqrt(weight[budget.rows])
    return residual[says] / np.sqrt(free[says])


def _bias(table: RunTable, grouped: list[Budget], size: Floats, ahead: float) -> GridBias | None:
    """What these grids do to the law of Hoffmann's form that fits the same runs."""
    if len(table) < FEWEST_RUNS:
        return None
    dense = replace(table, n_active=size, n_total=size, factors={})
    try:
        law = fit(HoffmannLaw, dense).law
    except (FitError, InputError):
        return None
    if not isinstance(law, HoffmannLaw) or min(law.A, law.B, law.alpha, law.beta) <= 0:
        return None
    grids = [Grid(each.flops, size[each.rows], each.per_token) for each in grouped]
    return grid_bias(law, grids, ahead_flops=ahead)


def _flagged(points: tuple[AllocationPoint, ...]) -> tuple[str, ...]:
    return tuple(
        f"The budget of {point.flops:.3g} FLOPs ({point.n_runs} runs) is left out: {point.flag}."
        for point in points
        if point.flag
    )


def _unshared(
    table: RunTable, grouped: list[Budget], settings: AllocationSettings
) -> tuple[str, ...]:
    alone = np.setdiff1d(np.arange(len(table)), np.concatenate([each.rows for each in grouped]))
    if not alone.size:
        return ()
    first = alone[0]
    return (
        f"{alone.size} of {len(table)} runs belong to no budget (first: line {table.lines[first]}, "
        f"{table.flops[first]:.3g} FLOPs): fewer than {FEWEST_SIZES} sizes share their compute "
        f"within {settings.tolerance:g}.",
    )


def _without(draws: Floats, settings: AllocationSettings) -> tuple[str, ...]:
    if len(draws) or not settings.bootstrap:
        return ()
    return ("No interval: no budget has more runs than the parabola has coefficients.",)


def _biased(bias: GridBias | None) -> tuple[str, ...]:
    if bias is None:
        return (
            "Nothing tells how far the grids are off: these runs give no law of Hoffmann's form.",
        )
    inside = [v for v, ok in zip(bias.vertex, bias.inside, strict=True) if ok]
    if not inside or not np.isfinite(bias.ahead):
        return ("On a law of Hoffmann's form, these grids hold no optimum.",)
    worst = max(np.abs(np.log([*inside, bias.ahead])))
    if worst <= np.log(MOST_BIAS):
        return ()
    return (
        "The grids are off: on the law of Hoffmann's form that fits these runs, without noise, "
        f"they would put N {min(inside):.3g} .. {max(inside):.3g} times its optimum, a at "
        f"{bias.exponent:.3f} instead of {bias.true_exponent:.3f}, and N at {bias.ahead_flops:.3g} "
        f"FLOPs {bias.ahead:.3g} times off.",
    )
