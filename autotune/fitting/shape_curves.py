"""How the loss of one budget follows each number of the shape: best values and their bands."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autotune.architecture.sparse_constants import SparseConstants
from autotune.architecture.triad import of_ratios
from autotune.architecture.triad_inverse import widths
from autotune.fitting.budgets import distinct
from autotune.fitting.shape_basis import Basis
from autotune.fitting.shape_runs import ShapeRuns
from autotune.fitting.shape_slices import FEWEST, slice_of
from autotune.laws.fitted_shape import ShapeNumber
from autotune.types import Floats

HELD: tuple[ShapeNumber, ...] = ("M", "density", "expansion")
CURVED: tuple[ShapeNumber, ...] = ("M", "density", "expansion", "width")
Known: TypeAlias = Mapping[ShapeNumber, Floats]
NOTHING: Known = MappingProxyType({})
FREEDOM = 0.05
"""Least 1 - leverage of a run whose residual says something."""
TOGETHER = (
    "The curves of a budget are fitted together, one constant and two coefficients each, so that a "
    "run whose other numbers are not quite those of its slice is put right by their own curves."
)


class CurveState(StrEnum):
    """How a curve came out; all but the first leave its budget out of the law."""

    FITTED = "fitted"
    FEW = f"fewer than {FEWEST} different values"
    NO_MINIMUM = "no minimum: a coefficient is not above 0"
    OUTSIDE = "the best value lies outside what was run"


class HeldAt(StrEnum):
    """Where the curve over the hidden size has its M, M/N_a or N/N_a from."""

    OWN = "its best value at this budget"
    LAW = "its law over budgets"
    RUN = "as run"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeCurve:
    """The loss over one number at one budget.

    Attributes:
        rows: Indices of the runs that it goes through.
        n_values: How many different values they have.
        state: How it came out.
        ends: Best value and both ends of the band, shape (3,); not-a-number if it has none.
        held_at: Of the hidden size, where M, M/N_a and N/N_a are from; empty for other numbers.
    """

    rows: NDArray[np.int64]
    n_values: int
    state: CurveState
    ends: Floats
    held_at: Mapping[ShapeNumber, HeldAt] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Least squares of all curves of a budget at once.

    Attributes:
        rows: Indices of the runs, those of all slices, shape (n,).
        basis: By number, in the order of the columns: those that have a curve, and those that
            rounding spread enough over the runs of the others.
        values: What each basis is evaluated at, shape (n,), by number.
        slices: Positions among `rows` of the runs of each slice, by number that has a curve.
        solver: From losses to coefficients, shape (columns, n).
        fitted: Losses by the curves, shape (n,).
        residual: Relative residuals, widened by their leverage, of runs that say something.
        numbers: M, M/N_a and N/N_a of the runs, arrays of shape (n,).
        held: What most runs hold fixed.
        tolerance: How far above its least the loss may be in a band, as a share.
    """

    rows: NDArray[np.int64]
    basis: Mapping[ShapeNumber, Basis]
    values: Mapping[ShapeNumber, Floats]
    slices: Mapping[ShapeNumber, NDArray[np.int64]]
    solver: Floats
    fitted: Floats
    residual: Floats
    numbers: Mapping[str, Floats]
    held: SparseConstants
    tolerance: float

    def redrawn(self, noise: Floats, *, known: Known = NOTHING) -> dict[ShapeNumber, Floats]:
        """Best values and bands with other noise on the runs, shape (count, 3) by number.

        Args:
            noise: Relative noise of each of `rows`, shape (count, n).
            known: As for `ends`, shape (count,).
        """
        return self.ends((self.fitted * (1 + noise)) @ self.solver.T, known=known)

    def ends(self, coefficients: Floats, *, known: Known = NOTHING) -> dict[ShapeNumber, Floats]:
        """Best values and bands of coefficients (count, columns), shape (count, 3) by number.

        The curve over one number has the others as in its slice. The hidden size is in units of the
        middle one until here, and is that of the best triplet.

        Args:
            coefficients: Of the constant and of each pair of columns.
            known: The best M, M/N_a and N/N_a by laws over budgets, shape (count,), for those that
                the runs here do not settle.
        """
        found = {number: self._ends(number, coefficients) for number in self.slices}
        if "width" in found:
            found["width"] = found["width"] * self._middle(found, known)[:, None]
        return found

    def _ends(self, number: ShapeNumber, coefficients: Floats) -> Floats:
        constant: Floats = coefficients[:, 0]
        own: Floats = np.empty(0)
        for i, (name, basis) in enumerate(self.basis.items()):
            pair = coefficients[:, 1 + 2 * i : 3 + 2 * i]
            if name == number:
                own = pair
            else:
                held = np.asarray(np.median(self.values[name][self.slices[number]]))
                constant = np.asarray(constant + pair @ basis.columns(held))
        return self.basis[number].ends(constant, own, tolerance=self.tolerance)

    def _middle(self, found: Mapping[ShapeNumber, Floats], known: Known) -> Floats:
        """The middle hidden size of the best triplet.

        Of a number without a best value inside the runs, that of its law; without one, as run, and
        so in resamples that leave the law without a value.
        """
        best = {}
        for number in HELD:
            here = np.asarray(np.median(self.numbers[number][self.slices["width"]]))
            law = known.get(number, here)
            best[number] = np.where(np.isfinite(law), law, here)
            if number in found:
                inside = self._inside(number, found)
                best[number] = np.where(inside, found[number][:, 0], best[number])
        triad = of_ratios(best["M"], density=best["density"], expansion=best["expansion"])
        middle = widths(triad, self.held).middle
        return np.broadcast_to(middle, len(next(iter(found.values()))))

    def _inside(
        self, number: ShapeNumber, found: Mapping[ShapeNumber, Floats]
    ) -> NDArray[np.bool_]:
        """Whether best values lie inside what was run, by row."""
        own, best = self.numbers[number][self.slices[number]], found[number][:, 0]
        return np.asarray((own.min() <= best) & (best <= own.max()))

    def held_at(self, coefficients: Floats, *, known: Known) -> dict[ShapeNumber, HeldAt]:
        """Where `_middle` takes each number of the triplet from, for one row of coefficients."""
        found = {number: self._ends(number, coefficients) for number in self.slices}

        def origin(number: ShapeNumber) -> HeldAt:
            if number in found and self._inside(number, found)[0]:
                return HeldAt.OWN
            return HeldAt.LAW if np.isfinite(known.get(number, np.nan)).all() else HeldAt.RUN

        return {number: origin(number) for number in HELD}


def fit_curves(
    runs: ShapeRuns, rows: NDArray[np.int64], *, tolerance: float
) -> tuple[dict[ShapeNumber, ShapeCurve], Together | None]:
    """Fit the curves of one budget.

    Args:
        runs: All runs.
        rows: Indices of those of the budget.
        tolerance: How far above its least the loss may be in a band, as a share.

    Returns:
        Each curve, and what all of them were fitted with; None if no number has enough values.
    """
    numbers = runs.numbers()
    taken = {number: slice_of(runs, rows, number) for number in CURVED}
    counts = {number: len(distinct(numbers[number][taken[number]])) for number in CURVED}
    enough = [number for number in CURVED if counts[number] >= FEWEST]
    joint = _together(runs, {n: taken[n] for n in enough}, tolerance) if enough else None
    best = {} if joint is None else joint.ends((joint.solver @ runs.loss[joint.rows])[None, :])
    curves = {}
    for number in CURVED:
        state, ends = CurveState.FEW, np.full(3, np.nan)
        if number in best:
            ends = best[number][0]
            state = _state(float(ends[0]), numbers[number][taken[number]])
        curves[number] = ShapeCurve(
            rows=taken[number], n_values=counts[number], state=state, ends=ends
        )
    return curves, joint


def placed(curve: ShapeCurve, joint: Together, runs: ShapeRuns, *, known: Known) -> ShapeCurve:
    """The curve over the hidden size, with the best triplet by laws where these runs lack it."""
    if "width" not in joint.slices:
        return curve
    coefficients = (joint.solver @ runs.loss[joint.rows])[None, :]
    ends = joint.ends(coefficients, known=known)["width"][0]
    return replace(
        curve, ends=ends, state=_state(float(ends[0]), runs.d_model[curve.rows]),
        held_at=joint.held_at(coefficients, known=known),
    )  # fmt: skip


def _together(
    runs: ShapeRuns, taken: Mapping[ShapeNumber, NDArray[np.int64]], tolerance: float
) -> Together:
    rows = np.unique(np.concatenate(list(taken.values())))
    values = _values(runs, rows, taken)
    basis = {number: Basis.on(number, x, limit=runs.max_expansion) for number, x in values.items()}
    columns = [basis[number].columns(x) for number, x in values.items()]
    design = np.concatenate([np.ones((len(rows), 1)), *columns], axis=1)
    scale = np.linalg.norm(design, axis=0)
    solver = np.linalg.pinv(design / scale) / scale[:, None]
    loss = runs.loss[rows]
    fitted = design @ (solver @ loss)
    free = 1 - np.einsum("ij,ji->i", design, solver)
    says = free > FREEDOM
    return Together(
        rows=rows, basis=basis, values=values, solver=solver, fitted=fitted, tolerance=tolerance,
        slices={number: np.searchsorted(rows, np.sort(each)) for number, each in taken.items()},
        residual=(loss / fitted - 1)[says] / np.sqrt(free[says]),
        numbers={number: runs.numbers()[number][rows] for number in HELD},
        held=runs.commonest(rows),
    )  # fmt: skip


def _values(
    runs: ShapeRuns, rows: NDArray[np.int64], taken: Mapping[ShapeNumber, NDArray[np.int64]]
) -> dict[ShapeNumber, Floats]:
    """What the columns of each number are made of; a number without a curve needs spread and rows.

    Hidden sizes count in units of the middle one.
    """
    numbers = runs.numbers() | {"width": runs.d_model / runs.middle}
    found: dict[ShapeNumber, Floats] = {number: numbers[number][rows] for number in taken}
    for number in CURVED:
        room = len(rows) >= 2 * len(found) + FEWEST
        if number not in found and room and len(distinct(numbers[number][rows])) >= FEWEST:
            found[number] = numbers[number][rows]
    return found


def _state(best: float, x: Floats) -> CurveState:
    if not np.isfinite(best):
        return CurveState.NO_MINIMUM
    return CurveState.FITTED if x.min() <= best <= x.max() else CurveState.OUTSIDE
