"""From a run table to the inputs of a law, under one convention for N and S."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention
from autotune.laws.base import ScalingLaw
from autotune.types import Floats

_TOTAL_FORMS = frozenset({"abnar", "krajewski"})
_BOTH_FORMS = frozenset({"zhao"})

MOST_SORTED = 3000
"""Runs among which values that repeat are looked for; more are not searched side by side."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An input that laws raise to powers; values that repeat are raised once.

    Attributes:
        distinct: The different values, shape (u,), or those of all runs.
        at: Which of them each run has, shape (n,); None where there is one for each run.
        log: Logarithms of the runs' values, shape (n,).
    """

    distinct: Floats
    at: NDArray[np.int64] | None
    log: Floats

    def power(self, exponent: Floats) -> Floats:
        """Powers of the runs' values, shape (m, n) for exponents of shape (m, 1)."""
        powers = self.distinct**exponent
        return powers if self.at is None else np.take(powers, self.at, axis=1)


@dataclass(frozen=True, slots=True)
class Group:
    """The different inputs that runs have, of those a term reads.

    Attributes:
        design: Runs of which each has others, shape (u,) each.
        at: Which of them each of the n runs has, shape (n,); None where all are different.
        order: The runs by `at`, shape (n,).
        first: Where in `order` each begins, shape (u,).
    """

    design: "Design"
    at: NDArray[np.int64] | None
    order: NDArray[np.int64]
    first: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.order)

    def spread(self, values: Floats) -> Floats:
        """From the different inputs (m, u), or one for all (m, 1), to the runs (m, n)."""
        return values if self.at is None else np.take(values, self.at, axis=1)

    def sum(self, values: Floats) -> Floats:
        """Sums over the runs that share their inputs, (m, u) of (m, n)."""
        if self.at is None:
            return values
        return np.add.reduceat(np.take(values, self.order, axis=1), self.first, axis=1)


@dataclass(frozen=True)
class Design:
    """The arguments of a law's `loss`, one per run: arrays of shape (n,).

    Under a convention other than the form's natural one they are not the run's own counts but
    those with which the *formula* reads the N and the S that the convention names.
    """

    n_active: Floats
    tokens: Floats
    sparsity: Floats
    factors: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.tokens)

    def loss(self, law: ScalingLaw) -> Floats:
        """Predict; shape (n,), or (m, n) for coefficients of shape (m, 1)."""
        return law.loss(self.n_active, self.tokens, self.sparsity, **self.factors)

    def gradient(self, law: ScalingLaw) -> dict[str, Floats]:
        """Partial derivatives by input and coefficient, in the shape of `loss`."""
        return law.gradient(self.n_active, self.tokens, self.sparsity, **self.factors)

    @cached_property
    def _prepared(self) -> dict[str, Raised]:
        return {}

    def raised(self, name: str) -> Raised:
        """What laws raise to powers: an input, or `n_total`, or `kept` for 1 - sparsity."""
        if name not in self._prepared:
            kept = 1 - self.sparsity
            made = {"kept": kept, "n_total": self.n_active / kept}
            inputs = {"n_active": self.n_active, "tokens": self.tokens, **self.factors, **made}
            self._prepared[name] = _raised(inputs[name])
        return self._prepared[name]

    @cached_property
    def _groups(self) -> dict[tuple[str, ...], Group]:
        return {}

    def group(self, names: tuple[str, ...]) -> Group:
        """Runs that have the same inputs, of those named, as one."""
        if names not in self._groups:
            self._groups[names] = _group(self, names)
        return self._groups[names]

    def take(self, rows: NDArray[np.int64]) -> "Design":
        """The rows chosen by indices, in that order."""
        return Design(
            self.n_active[rows],
            self.tokens[rows],
            self.sparsity[rows],
            {name: values[rows] for name, values in self.factors.items()},
        )


def _raised(values: Floats) -> Raised:
    log = np.log(values)
    if len(values) <= MOST_SORTED:
        distinct, at = np.unique(values, return_inverse=True)
        if 2 * len(distinct) <= len(values):
            return Raised(distinct, at, log)
    return Raised(values, None, log)


def _group(design: Design, names: tuple[str, ...]) -> Group:
    every = np.arange(len(design))
    if len(design) > MOST_SORTED:
        return Group(design, None, every, every)
    inputs = {"n_active": design.n_active, "tokens": design.tokens, "sparsity": design.sparsity}
    columns = [{**inputs, **design.factors}[name] for name in names] or [np.zeros(len(design))]
    _, first, at = np.unique(
        np.stack(columns, axis=1), axis=0, return_index=True, return_inverse=True
    )
    if 2 * len(first) > len(design):
        return Group(design, None, every, every)
    at = at.ravel()
    order = np.argsort(at, kind="stable")
    return Group(design.take(first), at, order, np.searchsorted(at[order], np.arange(len(first))))


def natural(form: type[ScalingLaw]) -> Convention:
    """The convention of the form's own paper; a dense form reads active parameters."""
    return Convention("total" if form.form in _TOTAL_FORMS else "active")


def conventions(form: type[ScalingLaw], table: RunTable) -> list[Convention]:
    """The conventions that give the form different inputs on this table, natural one first.

    Expert sparsity needs the column `n_experts`; a form that reads both active and total
    parameters leaves no choice of N.
    """
    first = natural(form)
    other: Convention = Convention("active" if first.n == "total" else "total")
    dense = bool(np.all(table.n_total == table.n_active))
    admitted = [first] if dense or form.form in _BOTH_FORMS else [first, other]
    by_experts = table.expert_sparsity
    if not _reads_sparsity(form) or by_experts is None or np.allclose(by_experts, table.sparsity):
        return admitted
    return [*admitted, *(Convention(each.n, "expert") for each in admitted)]


def design(form: type[ScalingLaw], table: RunTable, convention: Convention) -> Design:
    """The law's inputs for each run, so that its formula reads the N and S of the convention.

    Raises:
        InputError: If the table lacks a factor of the form, or `n_experts` for expert sparsity.
    """
    missing = [name for name in form.factors if name not in table.factors]
    if missing:
        raise InputError(
            f"{form.form} needs {', '.join(missing)}, and {table.name} has no such column. "
            "Add it, or choose another law."
        )
    size = table.n_active if convention.n == "active" else table.n_total
    sparsity = _sparsity(form, table, convention)
    if form.form in _BOTH_FORMS:
        size = table.n_active
    if form.form in _TOTAL_FORMS:  # the formula reads n_active / (1 - sparsity)
        size = size * (1 - sparsity)
    factors = {name: table.factors[name] for name in form.factors}
    return Design(size, table.tokens, sparsity, factors)


def _sparsity(form: type[ScalingLaw], table: RunTable, convention: Convention) -> Floats:
    if not _reads_sparsity(form):
        return np.zeros(len(table))
    if convention.sparsity == "param":
        return table.sparsity
    by_experts = table.expert_sparsity
    if by_experts is None:
        raise InputError(
            f"expert sparsity needs n_experts, and {table.name} has no such column. "
            "Add it, or use the sparsity of parameters."
        )
    return by_experts


def _reads_sparsity(form: type[ScalingLaw]) -> bool:
    """Whether 1 - S enters the formula other than through the conversion of N."""
    return form.reads_sparsity and not form.dense and form.form != "krajewski"
