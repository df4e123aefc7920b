"""What `autotune tune` does: problem, store, evaluator and search put together, and run."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from autotune import problem_file
from autotune.cli import console, tune_prior
from autotune.cli.tune_progress import progress
from autotune.errors import InputError
from autotune.evaluators.processes import ProcessEvaluator
from autotune.evaluators.serial import SerialEvaluator
from autotune.problem import Problem
from autotune.search import factory
from autotune.search.settings import SearchSettings
from autotune.store import study as studies
from autotune.store.journal import JournalStore
from autotune.store.study import Header, Study
from autotune.trials import Failed
from autotune.tuning import Evaluator, tune


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop, and how much to run at once."""

    max_evals: int
    workers: int
    seconds: float | None
    trial_seconds: float | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the study is recorded; its name is the problem's unless given."""

    storage: Path
    study: str | None

    def folder(self, problem: Problem) -> Path:
        """The study's folder."""
        name = problem.name if self.study is None else self.study
        if name in {"", ".", ".."} or "/" in name:
            raise InputError(f"a study's name is one folder's name, not {name!r}.")
        return self.storage / name


@dataclass(frozen=True, slots=True)
class Result:
    """How a tuning command ended.

    Attributes:
        problem: What was tuned.
        study: The whole record, earlier outcomes included.
        place: Where the record is.
        evaluated: Outcomes of this command.
        ended: `done`, `exhausted`, `timeout` or `interrupted`.
    """

    problem: Problem
    study: Study
    place: Place
    evaluated: int
    ended: str

    @property
    def failures(self) -> list[Failed]:
        """The failed trials of the study."""
        return [outcome for outcome in self.study.outcomes if isinstance(outcome, Failed)]

    @property
    def exit_status(self) -> int:
        """130 interrupted, 3 every trial failed, 1 some did, 0 otherwise."""
        if self.ended == "interrupted":
            return console.INTERRUPTED
        if self.study.outcomes and self.study.best is None:
            return 3
        return int(bool(self.failures))


class Stop:
    """Whether to stop: a signal came, or time is up."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds
        self.interrupted = False

    def __call__(self) -> bool:
        """Asked by the loop between steps."""
        return self.interrupted or (self._end is not None and time.monotonic() >= self._end)

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as a wish to stop; a second one does not wait for a trial."""

        def note(number: int, frame: FrameType | None) -> None:
            del frame
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True
            said = f"\n{signal.Signals(number).name}: saving; once more to stop at once\n"
            os.write(2, said.encode())  # print may be at work below us, and is not reentrant

        before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def run(
    name: str, options: Mapping[str, str], settings: SearchSettings, limits: Limits, *, place: Place
) -> Result:
    """Tune a problem until a limit is reached or a signal comes, and return the whole record.

    Raises:
        InputError, ProblemError: If the problem, an option or a limit is wrong.
        StoreError: If the study cannot be recorded there, or is of another problem.
    """
    if limits.workers == 0 and limits.trial_seconds is not None:
        raise InputError("--trial-timeout needs processes: give --workers 1 or more.")
    file = problem_file.read(name)
    problem = file.build(options)
    folder = place.folder(problem)
    loaded = tune_prior.load(problem, settings, place.storage, folder)
    stop = Stop(limits.seconds)
    start = asdict(settings) | asdict(limits)
    header = Header.of(problem, name, loaded.record)
    with JournalStore.open(folder, header, start=start) as store:
        recorded = studies.read(folder)
        _announce(problem, settings, recorded, limits)
        _announce_prior(loaded, store.header)
        with (
            stop.signals(),
            _evaluator(file.path, problem, options, limits, folder) as evaluator,
            progress(recorded.outcomes, limits.max_evals) as shown,
        ):
            tune(
                factory.search(problem, settings, loaded.prior),
                evaluator,
                store,
                n_trials=limits.max_evals,
                stop=stop,
                on_outcome=shown.show,
            )
    study = studies.read(folder)
    own = sum(outcome.trial.id.startswith(f"{store.writer}-") for outcome in study.outcomes)
    return Result(problem, study, place, own, _ended(stop, study, limits))


@contextmanager
def _evaluator(
    path: Path, problem: Problem, options: Mapping[str, str], limits: Limits, folder: Path
) -> Iterator[Evaluator]:
    """Run trials in child processes, which end with the context, or in this process."""
    if not limits.workers:
        yield SerialEvaluator(problem.objective, folder)
        return
    with ProcessEvaluator(
        str(path),
        options,
        workers=limits.workers,
        trial_timeout=limits.trial_seconds,
        folder=folder,
    ) as pool:
        yield pool


def _ended(stop: Stop, study: Study, limits: Limits) -> str:
    if len(study.outcomes) >= limits.max_evals:
        return "done"
    if stop.interrupted:
        return "interrupted"
    return "timeout" if stop() else "exhausted"


def _announce(problem: Problem, settings: SearchSettings, study: Study, limits: Limits) -> None:
    console.talk(problem.summary)
    n = len(study.outcomes)
    held = f"continues {n} recorded trials" if n else "new study"
    acq = "" if settings.learner == "random" else f"/{settings.acq}"
    whose = "native " if settings.has_own_process else ""
    console.talk(
        f"{whose}{settings.learner}{acq}, seed {settings.seed}, {limits.workers or 'no'} worker"
        f"{'' if limits.workers == 1 else 's'}; {held} in {study.folder}"
    )


def _announce_prior(loaded: tune_prior.LoadedPrior, recorded: Header) -> None:
    for line in loaded.said:
        console.talk(f"prior: {line}")
    note = tune_prior.changed(recorded.prior, loaded.record)
    if note:
        console.talk(note)
