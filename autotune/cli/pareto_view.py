"""The Pareto front of a study with two objectives, as a table and as JSON."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.cli import console

if TYPE_CHECKING:  # the caller has imported them already, at its own cost
    from autotune.search.second import SecondObjective
    from autotune.store.study import Study
    from autotune.trials import Completed


@dataclass(frozen=True, slots=True)
class ParetoView:
    """The completed trials of a study that no other beats in both objectives.

    Attributes:
        study: The record.
        second: Its second objective.
        trials: The front, by rising first objective.
        reference: The point that the hypervolume is measured against, both objectives.
        hypervolume: Of the front, in units of the first times the second or its decades.
        lacking: Completed trials without the second objective.
    """

    study: "Study"
    second: "SecondObjective"
    trials: "tuple[Completed, ...]"
    reference: tuple[float, float] | None
    hypervolume: float | None
    lacking: int

    def as_json(self) -> dict[str, Any]:
        """Names, units, front, reference point and hypervolume, with full precision."""
        from autotune.trials import to_json

        return {
            "objectives": ["objective", self.second.name],
            "units": list(self._units),
            "log": [False, self.second.log],
            "front": [
                to_json(each) | {self.second.name: self.second.measured(each)}
                for each in self.trials
            ],
            "reference": self.reference,
            "hypervolume": self.hypervolume,
            "lacking": self.lacking,
        }

    def as_text(self) -> str:
        """The front as a table, and its hypervolume."""
        lines = [f"Pareto front of the objective and {self.second.name}"]
        if self.reference is None:
            lines[0] += ": none yet"
        else:
            low, high = self.reference
            first, second = self._units
            area = " x ".join(filter(None, [first, self._scale(second)]))
            beyond = f"{low:.6g} {first}".strip(), f"{high:.6g} {second}".strip()
            lines += [
                "",
                self._table(),
                "",
                f"hypervolume {self.hypervolume:.6g}{f' {area}' if area else ''} against "
                f"{beyond[0]}, {beyond[1]}:",
                "the worst of each on the front, and a tenth of the front's range beyond",
            ]
        if self.lacking:
            of = len(self.study.completed)
            lines.append(f"{self.lacking} of {of} completed trials have no {self._what}")
        return "\n".join(lines)

    @property
    def _units(self) -> tuple[str, str]:
        header = self.study.header
        alone = "s" if self.second.name == "seconds" else ""
        return header.unit, header.units.get(self.second.name, alone)

    @property
    def _what(self) -> str:
        return f"{self.second.name} > 0" if self.second.log else self.second.name

    def _scale(self, unit: str) -> str:
        if not self.second.log:
            return unit
        return f"decades of {unit or self.second.name}"

    def _table(self) -> str:
        parameters = dict.fromkeys(name for each in self.trials for name in each.trial.config)
        names = [name for name in parameters if name != self.second.name]
        rows = [
            [
                each.trial.id,
                f"{each.value:.8g}",
                console.short(self.second.measured(each)),
                *(console.short(each.trial.config.get(name, "")) for name in names),
            ]
            for each in self.trials
        ]
        return console.table(["trial", "objective", self.second.name, *names], rows)


def pareto_view(study: "Study") -> ParetoView | None:
    """The front of a study; None if it has one objective."""
    if not study.header.and_minimize:
        return None
    import numpy as np

    from autotune.search import pareto
    from autotune.search.second import SecondObjective

    second = SecondObjective.parse(study.header.and_minimize)
    completed = study.completed
    rows = [(each.value, second.of(each)) for each in completed]
    values = np.array(rows, dtype=np.float64).reshape(-1, 2)
    front = pareto.front(values)
    lacking = int(np.isnan(values[:, 1]).sum())
    if not len(front):
        return ParetoView(study, second, (), None, None, lacking)
    against = pareto.reference(values)
    return ParetoView(
        study,
        second,
        tuple(completed[i] for i in front),
        (float(against[0]), second.unscaled(float(against[1]))),
        pareto.hypervolume(values, against),
        lacking,
    )
