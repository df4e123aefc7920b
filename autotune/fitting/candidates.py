"""Which forms, under which conventions, a table of runs can feed."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from autotune.fitting.design import conventions
from autotune.fitting.runs import RunTable
from autotune.fitting.settings import Convention
from autotune.laws.base import FIXED_TOKENS_TOLERANCE, ScalingLaw
from autotune.laws.catalogue import FORMS
from autotune.types import Floats

DENSE_TWINS = {
    "frantar": "hoffmann",
    "generalized": "hoffmann",
    "effective": "hoffmann",
    "coupled": "interaction",
}
"""Forms that are another one on dense models, for some values of their other coefficients."""

FIXED_TOKEN_TWINS = {"interaction": "effective", "coupled": "frantar"}
"""Forms that are another one where every run has the same tokens."""

ANY_SIZE = frozenset({"effective", "interaction"})
"""Forms that are the same law in total parameters: t there is t - 1 in active ones."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A form under a convention: what a comparison fits."""

    form: type[ScalingLaw]
    convention: Convention

    @property
    def n_coefficients(self) -> int:
        """How many coefficients the form has."""
        return len(self.form.coefficient_names())

    def __str__(self) -> str:
        return f"{self.form.form} ({self.convention.n}, {self.convention.sparsity})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a comparison is restricted to.

    Attributes:
        forms: Names of forms; empty for every form of the catalogue.
        n: Which parameters N may count.
        sparsity: Which sparsities S may mean.
    """

    forms: tuple[str, ...] = ()
    n: tuple[str, ...] = ("active", "total")
    sparsity: tuple[str, ...] = ("param", "expert")


EVERYTHING = Wanted()


def candidates(
    table: RunTable, wanted: Wanted = EVERYTHING
) -> tuple[list[Candidate], dict[str, str]]:
    """List what can be fitted to a table.

    Args:
        table: Finished runs.
        wanted: Which forms and conventions are asked for.

    Returns:
        The candidates in catalogue order; and for each form left out, the reason.
    """
    chosen: list[Candidate] = []
    left_out: dict[str, str] = {}
    for name in wanted.forms or FORMS:
        form = FORMS[name]
        reason = _obstacle(form, table, wanted.forms or FORMS)
        admitted = [] if reason else _admitted(form, table, wanted)
        chosen += [Candidate(form, convention) for convention in admitted]
        if not admitted:
            left_out[name] = reason or "it admits none of the conventions asked for on this table"
    return chosen, left_out


def _admitted(form: type[ScalingLaw], table: RunTable, wanted: Wanted) -> list[Convention]:
    admitted = [
        each
        for each in conventions(form, table)
        if each.n in wanted.n and each.sparsity in wanted.sparsity
    ]
    if form.form not in ANY_SIZE or Convention("active") not in admitted:
        return admitted
    return [each for each in admitted if each != Convention("total")]


def _obstacle(form: type[ScalingLaw], table: RunTable, among: Iterable[str]) -> str:
    """Say why a form cannot be compared on a table, or nothing."""
    fixed = form.fixed_tokens
    if fixed is not None and (np.abs(table.tokens / fixed - 1) > FIXED_TOKENS_TOLERANCE).any():
        return f"it has no data term and holds at {fixed:.4g} tokens only"
    missing = [name for name in form.factors if name not in table.factors]
    if missing:
        return f"the table has no column {', '.join(missing)}"
    twin = _twin(form.form, table)
    if twin and twin in among:
        what = "dense" if form.form in DENSE_TWINS and _dense(table) else "of the same tokens"
        return f"every run is {what}, where it is {twin} with coefficients that nothing fixes"
    return ""


def _twin(name: str, table: RunTable) -> str:
    """The form of fewest coefficients that is the same one on this table, or nothing."""
    twin = ""
    if _dense(table) and name in DENSE_TWINS:
        twin = name = DENSE_TWINS[name]
    if _constant(table.tokens) and name in FIXED_TOKEN_TWINS:
        twin = FIXED_TOKEN_TWINS[name]
    return _twin(twin, table) or twin if twin else ""


def _dense(table: RunTable) -> bool:
    return bool(np.all(table.n_total == table.n_active))


def _constant(values: Floats) -> bool:
    return bool(values.max() <= values.min() * (1 + FIXED_TOKENS_TOLERANCE))
