"""What a study with a fidelity ran where, and what it cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.cli import console

if TYPE_CHECKING:  # the caller has imported them already, at its own cost
    from autotune.store.study import Header, Study
    from autotune.trials import Outcome


@dataclass(frozen=True, slots=True)
class FidelityView:
    """A study whose trials ran at several fidelities.

    Attributes:
        study: The record.
        spent: What its trials cost, as far as that is known.
    """

    study: "Study"
    spent: float

    def as_json(self) -> dict[str, Any]:
        """Fidelity, target, trials there, and the cost of all trials."""
        header = self.study.header
        return {
            "name": header.fidelity,
            "target": header.target,
            "at_target": len(self.study.at_target),
            "completed": len(self.study.completed),
            "cost": header.cost,
            "cost_unit": self._unit,
            "spent": self.spent,
        }

    def as_text(self) -> str:
        """One or two lines."""
        header, study = self.study.header, self.study
        n = len(study.at_target)
        lines = [
            f"{n} of {len(study.completed)} completed trials ran at {header.fidelity} = "
            f"{console.short(header.target)}, the target; all cost "
            f"{console.short(self.spent)} {self._unit}".rstrip()
        ]
        if not n and study.completed:
            lines.append("no value is known at the target yet")
        return "\n".join(lines)

    @property
    def _unit(self) -> str:
        header = self.study.header
        name = "" if header.cost == "seconds" else f" ({header.cost})"
        alone = "s" if header.cost == "seconds" else ""
        return f"{header.units.get(header.cost, alone)}{name}".strip()


def fidelity_view(study: "Study") -> FidelityView | None:
    """The view of a study; None if it has no fidelity."""
    if not study.header.fidelity:
        return None
    return FidelityView(study, spent(study.header, study.outcomes))


def spent(header: "Header", outcomes: "Iterable[Outcome]") -> float:
    """What trials cost together; those of unknown cost count nothing."""
    import math

    from autotune.search.second import SecondObjective
    from autotune.trials import Completed

    measure = SecondObjective(header.cost, log=False)
    costs = (measure.of(each) for each in outcomes if isinstance(each, Completed))
    return math.fsum(cost for cost in costs if math.isfinite(cost))
