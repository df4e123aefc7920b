"""A study as its scheduler and its journals see it, side by side."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.cli import console
from autotune.cli.sparkline import best_so_far
from autotune.cli.status_progress import Progress, progress
from autotune.launching import record
from autotune.launching.factory import scheduler
from autotune.launching.record import Submission
from autotune.launching.states import JobState, JobView, whole
from autotune.quantities import format_seconds
from autotune.store import study as studies

if TYPE_CHECKING:
    from autotune.store.study import Study
    from autotune.trials import Completed


@dataclass(frozen=True)
class StatusView:
    """How a study is.

    Attributes:
        folder: Where it lies; on a server, its name alone.
        jobs: What the schedulers say of its jobs.
        notes: What they could not say.
        study: The record; None before its first job has begun.
        wanted: Trials it is to hold in the end; None if no job said.
        seen_at: Seconds since the epoch.
    """

    folder: Path
    jobs: Sequence[JobView]
    notes: Sequence[str]
    study: "Study | None"
    wanted: int | None
    seen_at: float

    @property
    def live(self) -> bool:
        """Whether a job may still do something; of a study without jobs, whether a trial runs."""
        return any(job.state.live for job in self.jobs) if self.jobs else self.n_running > 0

    @property
    def _ended(self) -> bool:
        """Whether the last round of a closed loop asked for nothing more."""
        from autotune.suggestion.recorded import on_record

        rounds = on_record(self.study.jobs) if self.study else []
        return bool(rounds) and not rounds[-1]["runs"]

    @property
    def state(self) -> str:
        """The study's state in one word or two."""
        if any(job.state.works for job in self.jobs) or (self.live and not self.jobs):
            return "running"
        if self.live:
            return "queued"
        if self.wanted is not None and self.n_trials >= self.wanted:
            return "done"
        if self._ended:
            return "done"
        if any(job.state is JobState.UNKNOWN for job in self.jobs):
            return "unknown"
        return "to be continued" if self.n_trials else "not started"

    @property
    def n_trials(self) -> int:
        """Outcomes recorded."""
        return len(self.study.outcomes) if self.study else 0

    @property
    def n_running(self) -> int:
        """Trials that jobs began and have not ended."""
        return len(self.study.running) if self.study else 0

    @property
    def n_failed(self) -> int:
        """Outcomes that are failures."""
        return self.n_trials - len(self.study.completed) if self.study else 0

    @property
    def n_interrupted(self) -> int:
        """Trials that a job left behind and the next one runs first."""
        return len(self.study.interrupted) if self.study else 0

    @property
    def n_nodes(self) -> int:
        """Nodes that its jobs hold now."""
        return sum(job.nodes for job in self.jobs if job.state.works)

    @property
    def best(self) -> "Completed | None":
        """The best trial; None before one has completed."""
        return self.study.best if self.study else None

    @property
    def remarks(self) -> list[str]:
        """What the schedulers could not say, and what is odd about the record."""
        return [*self.notes, *(self.study.notes if self.study else ())]

    @cached_property
    def progress(self) -> Progress:
        """How the last hour went, or the final one."""
        outcomes = self.study.outcomes if self.study else []
        last = max((each.timing.finished_at for each in outcomes), default=self.seen_at)
        return progress(outcomes, self.seen_at if self.state == "running" else last)

    @property
    def ends_at(self) -> float | None:
        """When it will hold what is wanted of it; None unless it runs."""
        if self.state != "running" or self.wanted is None:
            return None
        return self.progress.ends_at(self.seen_at, self.wanted - self.n_trials)

    def as_json(self) -> dict[str, Any]:
        """The whole of it."""
        best = self.best
        return {
            "study": self.folder.name,
            "folder": None if self.study and self.study.server else str(self.folder),
            "place": self.study.place if self.study else str(self.folder),
            "state": self.state,
            "jobs": [asdict(job) for job in self.jobs],
            "nodes": self.n_nodes,
            "trials": {
                "wanted": self.wanted,
                "total": self.n_trials,
                "completed": self.n_trials - self.n_failed,
                "failed": self.n_failed,
                "running": self.n_running,
                "interrupted": self.n_interrupted,
            },
            "best_value": best.value if best else None,
            "best_trial": best.trial.id if best else None,
            "unit": self.study.header.unit if self.study else None,
            "progress": asdict(self.progress),
            "expected_end": self.ends_at,
            "seen_at": self.seen_at,
            "notes": self.remarks,
        }

    def as_text(self) -> str:
        """The whole of it, for people."""
        lines = [f"{self.folder.name}: {self.state}", *self._jobs(), self._trials()]
        lines += self._best() + self._pace()
        return "\n".join([*lines, *(f"note: {note}" for note in self.remarks)])

    def _jobs(self) -> list[str]:
        if not self.jobs:
            return []
        rows = [
            (
                f"{job.id} ({job.tasks} tasks)" if job.tasks > 1 else job.id,
                job.state.value,
                str(job.nodes or ""),
                str(job.restarts or ""),
                _at(job.started_at),
                _at(job.ends_at),
                f"exit code {job.exit_code}" if job.exit_code else job.reason[:60],
            )
            for job in self.jobs
        ]
        headers = ["job", "state", "nodes", "requeued", "started", "ends", "why"]
        return ["", console.table(headers, rows, left=(0, 1, 4, 5, 6)), ""]

    def _trials(self) -> str:
        of = f" of {self.wanted}" if self.wanted is not None else ""
        runs = f", {self.n_running} running" if self.n_running else ""
        again = self.n_interrupted
        lost = f", {again} interrupted and to be run again" if again else ""
        return f"{self.n_trials}{of} trials, {self.n_failed} failed{runs}{lost}"

    def _best(self) -> list[str]:
        best = self.best
        if self.study is None or best is None:
            return []
        line = f"best {best.value:.6g} {self.study.header.unit} (trial {best.trial.id})"
        return [line, best_so_far(self.study)]

    def _pace(self) -> list[str]:
        pace = self.progress
        if pace.rate is None:
            return []
        parts = [f"{_rate(pace.rate)} over {format_seconds(pace.window)}"]
        if pace.utilisation is not None:
            n = pace.workers
            parts.append(f"{n} worker{'' if n == 1 else 's'} {pace.utilisation:.0%} busy")
        if self.ends_at is not None:
            parts.append(f"expected end {_at(self.ends_at)}")
        return ["; ".join(parts)]


def view(folder: Path) -> StatusView:
    """Ask the schedulers that took a study's jobs, and read its journals.

    Raises:
        LaunchError, StoreError: If a record of the study cannot be read.
    """
    sent = record.submissions(folder)
    jobs: list[JobView] = []
    notes: list[str] = []
    for name in dict.fromkeys(each.scheduler for each in sent):
        ids = [job for each in sent if each.scheduler == name for job in each.ids]
        answer = scheduler(name, folder).poll(ids)
        jobs += answer.views
        notes += answer.notes
    jobs += _forgotten(sent, jobs)
    study = studies.read(folder) if studies.read_header(folder) else None
    return StatusView(folder, jobs, notes, study, _wanted(sent, study), time.time())


def view_of(study: "Study") -> StatusView:
    """A study that no scheduler knows of, by its record alone."""
    return StatusView(study.folder, (), (), study, _wanted((), study), time.time())


def _forgotten(sent: Sequence[Submission], jobs: Sequence[JobView]) -> list[JobView]:
    """Jobs of which no scheduler knows: ended long ago, or nobody answers."""
    known = {whole(job.id) for job in jobs}
    names = [name for each in sent for name in each.ids if whole(name) not in known]
    return [JobView(id=name, state=JobState.UNKNOWN) for name in names]


def _wanted(sent: Sequence[Submission], study: "Study | None") -> int | None:
    """What the latest job was asked for."""
    asked = [(each.submitted_at, each.max_evals) for each in sent if each.max_evals is not None]
    for job in study.jobs if study else ():
        most = (job.get("search") or {}).get("max_evals")
        if isinstance(most, int):
            asked.append((job["at"], most))
    return max(asked)[1] if asked else None


def _at(when: float | None) -> str:
    return datetime.fromtimestamp(when).strftime("%m-%d %H:%M:%S") if when else ""


def _rate(per_second: float) -> str:
    for unit, seconds in (("s", 1.0), ("min", 60.0), ("h", 3600.0)):
        if per_second * seconds >= 1 or unit == "h":
            return f"{per_second * seconds:.3g} trials/{unit}"
    raise AssertionError("an hour is the last unit")
