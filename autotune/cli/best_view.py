"""The best trials of a study as a table, and the gap to the best value known."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from autotune.cli import console

if TYPE_CHECKING:  # the caller has imported them already, at its own cost
    from autotune.problem import Reference
    from autotune.trials import Completed


def table(found: "Sequence[Completed]", unit: str, units: Mapping[str, str]) -> str:
    """One column per trial, one row per quantity, units at the end."""
    return below([["objective", *(f"{each.value:.8g}" for each in found), unit]], found, units)


def below(rows: list[list[str]], found: "Sequence[Completed]", units: Mapping[str, str]) -> str:
    """As `table`, with rows of one's own in the place of the objective's."""
    rows = list(rows)
    names = dict.fromkeys(name for each in found for name in (*each.trial.config, *each.metrics))
    for name in names:
        values = [(each.trial.config | dict(each.metrics)).get(name) for each in found]
        its = units.get(name, "")
        rows.append([name, *(_shown(value, its) for value in values), its])
    headers = ["", *(f"trial {each.trial.id}" for each in found), "unit"]
    return console.table(headers, rows, left=(0, len(found) + 1))


def gap_percent(best: "Completed | None", known: "Reference | None") -> float | None:
    """How far the best found is above the best known, in percent of the latter."""
    if best is None or known is None or known.value == 0:
        return None
    return 100 * (best.value - known.value) / abs(known.value)


def against_known(best: "Completed", known: "Reference | None", *, why_not: str) -> str:
    """One sentence that sets the search beside the best value known."""
    if known is None:
        return f"search {best.value:.8g}; no best known value: {why_not}"
    text = f"search {best.value:.8g}, best known {known.value:.8g} ({known.how})"
    gap = gap_percent(best, known)
    if gap is None:
        return f"{text}: {best.value - known.value:.2g} apart"
    where = "above" if gap >= 0 else "below: the search has beaten"
    return f"{text}: {abs(gap):.2g} % {where} it"


def without_search(known: "Reference | None") -> list[str]:
    """How the best known value is found without a search, in lines; none if that is not known."""
    if known is None or not known.command:
        return []
    return ["A closed-form law needs no Bayesian search; this answers at once:", known.command]


def _shown(value: object, unit: str) -> str:
    from autotune.quantities import format_count
    from autotune.reporting.numbers import COUNTED, FLOPS, si

    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else console.short(value)
    if unit in COUNTED:
        return format_count(float(value))
    if unit.partition(" ")[0] in FLOPS:
        return si(float(value), digits=4).strip()
    return console.short(value)
