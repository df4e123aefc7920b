"""What `autotune study` does: rounds of deciding and training, each in the study's record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from autotune import checks, problem_file
from autotune.cli import console, study_view, tune_job
from autotune.cli.suggest_request import wanted
from autotune.cli.tune_brake import Brake
from autotune.cli.tune_evaluator import evaluator
from autotune.cli.tune_run import Limits, Place
from autotune.errors import InputError
from autotune.ports import Evaluator
from autotune.problem import Problem
from autotune.quantities import parse_count
from autotune.store.lease import JobRun
from autotune.store.storage import read
from autotune.store.study import Header, Study
from autotune.suggestion.finished import Finished, finished
from autotune.suggestion.offer import Offer, offer
from autotune.suggestion.recorded import ROUND, on_record
from autotune.suggestion.rounds import Aim, Queue, Round, decide
from autotune.trials import Failed
from autotune.tuning import tune


@dataclass(frozen=True, slots=True)
class Result:
    """How a study ended.

    Attributes:
        problem: What was trained.
        aim: What for.
        study: The whole record.
        last: The last decision.
        ended: Why it ended.
    """

    problem: Problem
    aim: Aim
    study: Study
    last: Round | None
    ended: str

    @property
    def rounds(self) -> list[Mapping[str, Any]]:
        """Every decision on record, earlier jobs' included, oldest first."""
        return on_record(self.study.jobs)

    @property
    def exit_status(self) -> int:
        """130 interrupted, 3 every run failed, 1 some did, 0 otherwise."""
        if self.ended == "interrupted":
            return console.INTERRUPTED
        if self.study.outcomes and not self.study.completed:
            return 3
        return int(any(isinstance(outcome, Failed) for outcome in self.study.outcomes))


@dataclass(frozen=True, slots=True)
class Loop:
    """What every round shares."""

    problem: Problem
    offered: Offer
    aim: Aim
    header: Header
    place: Place
    job: JobRun | None
    stop: Brake

    def rounds(self, runs: Evaluator) -> tuple[Round | None, str]:
        """Finish what was interrupted, then decide and train until there is a reason to stop."""
        self._train(runs, None)
        while not self.stop():
            step = decide(self.problem, self.offered, self._done(), self.aim)
            console.talk(study_view.line(step.to_json()))
            if step.configs or step.to_json() != self._last():
                self._train(runs, step)
            if not step.configs:
                return step, step.why
            if self.stop.closed:  # what is left of the job is too short for a run
                return None, self.stop.why or "walltime"
        return None, self.stop.why or "stopped"

    def _done(self) -> Finished:
        return finished(self.problem, self._study().outcomes)

    def _study(self) -> Study:
        return read(self.place.storage, self.place.name(self.problem))

    def _last(self) -> Mapping[str, Any] | None:
        """The last round on record: an ended study that is started again ends alike."""
        return next(reversed(on_record(self._study().jobs)), None)

    def _train(self, runs: Evaluator, step: Round | None) -> None:
        """Train a round's configurations; without one, what earlier jobs left unfinished.

        What may still run in another job counts: it is waited for, and taken over if that job
        turns out to be dead.
        """
        start = asdict(self.aim) | ({} if step is None else {ROUND: step.to_json()})
        name = self.place.name(self.problem)
        with self.place.storage.join(name, self.header, start=start, job=self.job) as store:
            study = self._study()
            configs = () if step is None else step.configs
            open_ = len(study.interrupted) + len(study.running)
            total = len(study.outcomes) + open_ + len(configs)
            tune(
                Queue(configs),
                runs,
                store,
                n_trials=total,
                stop=self.stop,
                closing=self.stop.closing,
            )


def aim(given: Mapping[str, Any]) -> Aim:
    """Read what a study is for.

    Raises:
        InputError: If something is missing or cannot be read.
    """
    for name in ("target_flops", "spend"):
        if name not in given:
            raise InputError(f"--{name.replace('_', '-')} is missing: write it as 1e21.")
    target, spend = (parse_count(given[name]) for name in ("target_flops", "spend"))
    checks.positive("--target-flops", target, hint="A budget is in FLOPs, such as 1e24.")
    checks.positive("--spend", spend, hint="It is in FLOPs, such as 1e21.")
    checks.at_least("--settle", given["settle"], 0, hint="It is in nats per token; 0 for never.")
    checks.at_least("-n", given["n"], 1, hint="It is the most runs of a round.")
    checks.fraction("--least-gain", given["least_gain"], hint="It is a share; 0 for any gain.")
    checks.at_least("--seed", given["seed"], 0, hint="0 is a seed.")
    return Aim(
        target=target,
        spend=spend,
        settle=given["settle"],
        largest=parse_count(given["largest"]) if "largest" in given else None,
        n=given["n"],
        least_gain=given["least_gain"],
        wanted=wanted(given["law"]),
        seed=given["seed"],
    )


def run(name: str, options: Mapping[str, str], aim: Aim, *, limits: Limits, place: Place) -> Result:
    """Run a study, or continue it.

    Args:
        name: The problem's name or path.
        options: Its options.
        aim: What the study is for.
        limits: When to stop, and how many runs at once.
        place: Where it is recorded.

    Raises:
        InputError, ProblemError: If the problem cannot be used for it.
        StoreError: If it cannot be recorded there.
        FitError: If no law can be fitted once the spend is gone.
    """
    if limits.workers == 0 and limits.trial_seconds is not None:
        raise InputError("--trial-timeout needs processes: give --workers 1 or more.")
    file = problem_file.read(name)
    problem = file.build(options)
    offered, header = offer(problem, seed=aim.seed), Header.of(problem, file.origin)
    with place.workshop(problem) as folder:
        job = tune_job.current()
        stop = limits.brake(job, folder)
        loop = Loop(problem, offered, aim, header, place, job.run, stop)
        with (
            stop.signals(),
            evaluator(
                file.origin, problem, options, limits, crew=place.crew, folder=folder
            ) as runs,
        ):
            last, why = loop.rounds(runs)
    return Result(problem, aim, read(place.storage, place.name(problem)), last, why)
