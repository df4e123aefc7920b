"""The best of a study: its trials by value, or its configurations by mean where noise is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autotune.cli import best_view
from autotune.search.means import Mean, means
from autotune.search.noise import Noise
from autotune.store.study import Study
from autotune.trials import to_json


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best configurations of a study.

    Attributes:
        study: Which.
        noise: What its latest search knew of the noise; None for nothing.
        found: The best, best first: of one trial each if nothing is known of the noise.
    """

    study: Study
    noise: Noise | None
    found: Sequence[Mean]

    def as_json(self) -> list[dict[str, Any]]:
        """The first trial of each; with known noise also the mean, its error, and all trials."""
        if self.noise is None:
            return [to_json(each.trials[0]) for each in self.found]
        return [
            to_json(each.trials[0])
            | {
                "mean": each.value,
                "standard_error": each.error,
                "trials": [one.trial.id for one in each.trials],
            }
            for each in self.found
        ]

    def as_text(self) -> str:
        """A table, and with known noise a word about luck."""
        header, trials = self.study.header, [each.trials[0] for each in self.found]
        if self.noise is None:
            return best_view.table(trials, header.unit, header.units)
        rows = [
            ["mean objective", *(f"{each.value:.8g}" for each in self.found), header.unit],
            ["standard error", *(f"{each.error:.2g}" for each in self.found), header.unit],
            ["trials", *(str(len(each.trials)) for each in self.found), ""],
        ]
        said = (
            f"Values are noisy ({self.noise.text(header.unit)}): the least of many is a lucky one."
        )
        return f"{best_view.below(rows, trials, header.units)}\n\n{said}"


def ranking(study: Study, top: int) -> Ranking:
    """The best of a study, so many of them at most."""
    noise = _noise(study)
    if noise is not None:
        return Ranking(study, noise, means(study.at_target, noise)[:top])
    trials = sorted(study.at_target, key=lambda outcome: outcome.value)[:top]
    return Ranking(study, None, [Mean((each,), each.value, float("nan")) for each in trials])


def _noise(study: Study) -> Noise | None:
    """What the latest job that searched knew of the noise."""
    declared = [job["search"]["noise"] for job in study.jobs if "noise" in job.get("search", {})]
    return Noise.parse(declared[-1]) if declared else None
