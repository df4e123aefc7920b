"""What `autotune tune` does: problem, store, evaluator and search put together, and run."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from autotune import problem_file
from autotune.cli import console, phase_view, tune_job, tune_prior
from autotune.cli.fidelity_view import spent
from autotune.cli.pareto_view import pareto_view
from autotune.cli.tune_brake import Brake, StopFile, deadline
from autotune.cli.tune_evaluator import Crew, evaluator
from autotune.cli.tune_progress import progress
from autotune.cli.tune_watch import watched
from autotune.errors import InputError
from autotune.problem import Problem
from autotune.search import factory
from autotune.search.noise import Noise
from autotune.search.settings import SearchSettings
from autotune.store import storage as storages
from autotune.store.storage import Joined, Storage
from autotune.store.study import Header, Study
from autotune.trials import Failed, Outcome
from autotune.tuning import tune


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop, and how much to run at once."""

    max_evals: int
    workers: int
    seconds: float | None
    trial_seconds: float | None
    cost: float | None = None
    walltime: float | None = None
    margin: float | None = None

    def brake(self, job: tune_job.Job, folder: Path) -> Brake:
        """What stops a search of a study in a job."""
        end = deadline(job, self.walltime, self.margin)
        file = StopFile(folder)
        return Brake(timeout=self.seconds, cost=self.cost, deadline=end, file=file)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the study is recorded, under the problem's name unless given, and who runs it.

    Attributes:
        storage: Where it is recorded.
        study: Its name, None for the problem's.
        crew: Who runs the trials.
        scratch: The folder in which trials run when the storage is a server; None for one that
            is gone afterwards.
    """

    storage: Storage
    study: str | None
    crew: Crew = field(default_factory=Crew)
    scratch: Path | None = None

    def name(self, problem: Problem) -> str:
        """The study's name."""
        return problem.name if self.study is None else self.study

    @contextmanager
    def workshop(self, problem: Problem) -> Iterator[Path]:
        """The folder in which trials run: the study's, unless a server has that.

        Raises:
            InputError: If the study cannot have its name, or its ranks have no folder to share.
        """
        folder = self.storage.folder_of(self.name(problem))
        if folder is not None and self.scratch is not None:
            raise InputError("--scratch is for a server: trials run in the folder of the study.")
        if folder is not None or self.scratch is not None:
            yield folder or Path(self.scratch or "")
            return
        if self.crew.world is not None:
            raise InputError(
                "trials on ranks need a folder that all of them see: give --scratch DIR."
            )
        with tempfile.TemporaryDirectory(prefix="autotune-tune-") as made:
            yield Path(made)


@dataclass(frozen=True, slots=True)
class Aims:
    """What a search is for and knows, where the command line replaces the problem's own word."""

    and_minimize: str | None = None
    fidelity: str | None = None
    cost: str | None = None
    noise: str | None = None

    def of(self, problem: Problem) -> Problem:
        """The problem with these aims."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return replace(problem, **given)


@dataclass(frozen=True, slots=True)
class Result:
    """How a tuning command ended.

    Attributes:
        problem: What was tuned.
        study: The whole record, earlier outcomes included.
        place: Where the record is.
        evaluated: Outcomes of this command.
        ended: `done`, `exhausted`, `cost`, `timeout`, `walltime`, `stopped` or `interrupted`.
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
        """130 interrupted, 3 every trial failed, 1 some did, 0 otherwise.

        It is 1 as well if no trial has the second objective: its name may be misspelt.
        """
        if self.ended == "interrupted":
            return console.INTERRUPTED
        if self.study.outcomes and not self.study.completed:
            return 3
        front = pareto_view(self.study)
        unseen = front is not None and 0 < front.lacking == len(self.study.completed)
        return int(bool(self.failures) or unseen)


def run(
    name: str,
    options: Mapping[str, str],
    settings: SearchSettings,
    limits: Limits,
    *,
    place: Place,
    aims: Aims,
) -> Result:
    """Tune a problem until a limit is reached or a signal comes, and return the whole record.

    Args:
        name: The problem's name or path.
        options: Its options.
        settings: How configurations are proposed.
        limits: When to stop.
        place: Where the study is recorded.
        aims: What replaces the problem's own aims.

    Raises:
        InputError, ProblemError: If the problem, an option or a limit is wrong.
        StoreError: If the study cannot be recorded there, or is of another problem.
    """
    if limits.workers == 0 and limits.trial_seconds is not None:
        raise InputError("--trial-timeout needs processes: give --workers 1 or more.")
    file = problem_file.read(name)
    problem = aims.of(file.build(options))
    if limits.cost is not None and not problem.fidelity:
        raise InputError("--max-cost needs a --fidelity: without one every trial costs the same.")
    if aims.cost is not None and not problem.fidelity:
        raise InputError("--cost needs a --fidelity: without one no trial is chosen by its cost.")
    study_name = place.name(problem)
    loaded = tune_prior.load(problem, settings, place.storage, study_name)
    search = factory.search(problem, settings, loaded.prior)
    job = tune_job.current()
    start = asdict(settings) | asdict(limits) | {"noise": problem.noise}
    header = Header.of(problem, file.origin, loaded.record)
    with (
        place.workshop(problem) as folder,
        place.storage.join(study_name, header, start=start, job=job.run) as store,
    ):
        stop = limits.brake(job, folder)
        recorded = storages.read(place.storage, study_name)
        _announce(problem, settings, recorded, limits)
        _announce_prior(loaded, store.header)
        if problem.fidelity:
            stop.spend(spent(store.header, recorded.outcomes))
        with (
            stop.signals(),
            evaluator(
                file.origin, problem, options, limits, crew=place.crew, folder=folder
            ) as runs,
            progress(
                recorded.outcomes, limits.max_evals, counts=store.header.reaches_target
            ) as shown,
        ):
            tune(
                search,
                runs,
                store,
                n_trials=limits.max_evals,
                stop=stop,
                closing=stop.closing,
                on_outcome=_counted(stop, store, watched(problem, shown.show)),
            )
    study = storages.read(place.storage, study_name)
    return Result(problem, study, place, store.recorded, _ended(stop, study, limits))


def _counted(
    stop: Brake, store: Joined, show: Callable[[Outcome], None]
) -> Callable[[Outcome], None]:
    """`show`, and what the outcome cost."""
    if not store.header.fidelity:
        return show

    def counted(outcome: Outcome) -> None:
        show(outcome)
        stop.spend(spent(store.header, [outcome]))

    return counted


def _ended(stop: Brake, study: Study, limits: Limits) -> str:
    if len(study.outcomes) >= limits.max_evals:
        return "done"
    return stop.why or ("walltime" if stop.closed else "exhausted")


def _model(problem: Problem, settings: SearchSettings, told: int) -> str:
    """The surrogate that proposes now, and what it gives way to."""
    from autotune.search.native import auto

    if settings.learner == "random":
        return "random"
    stays = settings.keeps_process or bool(problem.and_minimize or problem.fidelity)
    if settings.learner == "auto" and not stays:
        now = auto.learner(told)
        then = f"{auto.FOREST} from {auto.PROCESS_UNTIL + 1} trials"
        if problem.phases:  # each searches by itself, from its own trials
            return f"native {auto.learner(0)}/{settings.acq} in each phase (auto: {then} of it on)"
        return f"native {now}/{settings.acq} (auto: {then} on)"
    learner = "GP" if settings.learner == "auto" else settings.learner
    return f"{settings.engine} {learner}/{settings.acq}"


def _announce(problem: Problem, settings: SearchSettings, study: Study, limits: Limits) -> None:
    console.talk(problem.summary)
    if problem.and_minimize:
        console.talk(f"two objectives: its own, and {problem.and_minimize}")
    if problem.fidelity:
        console.talk(f"fidelity {problem.fidelity}, cost {problem.cost}")
    if problem.phases:
        console.talk(f"phases: {phase_view.plan(problem.phases)}")
    noise = Noise.parse(problem.noise)
    if noise is not None:
        unused = "" if settings.has_own_process else "; this search does not use it"
        console.talk(f"noise of a value: {noise.text(problem.unit)}{unused}")
    if settings.trust_region:
        from autotune.search.codec import Codec
        from autotune.search.native import region

        console.talk(f"trust region: {region.said(Codec(problem.space))}")
    n = len(study.outcomes)
    held = f"continues {n} recorded trials" if n else "new study"
    console.talk(
        f"{_model(problem, settings, n)}, seed {settings.seed}, {limits.workers or 'no'} worker"
        f"{'' if limits.workers == 1 else 's'}; {held} in {study.place}"
    )


def _announce_prior(loaded: tune_prior.LoadedPrior, recorded: Header) -> None:
    for line in loaded.said:
        console.talk(f"prior: {line}")
    note = tune_prior.changed(recorded.prior, loaded.record)
    if note:
        console.talk(note)
