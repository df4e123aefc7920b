"""What `autotune worker` does: ask a service for trials, run them, tell what came of them."""

import json
import math
import os
import secrets
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autotune import problem_file
from autotune.cli import console
from autotune.cli.tune_brake import Brake
from autotune.errors import LaunchError
from autotune.evaluators.processes import ProcessEvaluator
from autotune.problem import Problem
from autotune.remote import token
from autotune.remote.client import Client, RefusedError
from autotune.store.study import Header
from autotune.trials import Completed, Failed, FailureKind, Outcome, Timing, Trial

SENT = (
    "problem", "file", "options", "space", "unit", "units",
    "and_minimize", "fidelity", "target", "cost",
)  # fmt: skip
POLL_SECONDS = 0.2
RENEWALS = 3.0  # times that a lease is renewed before it would run out
LONGEST_LOG = 100_000
GOODBYE_SECONDS = 3.0
"""How long a service may be away to which trials are given back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The flags of `autotune worker`."""

    url: str
    problem: str
    options: Mapping[str, str]
    study: str | None
    max_evals: int
    workers: int
    trial_seconds: float | None
    search: Mapping[str, Any]
    token_file: Path | None
    patience: float
    scratch: Path | None


@dataclass(slots=True)
class Result:
    """How a worker ended.

    Attributes:
        worker: Its name.
        counted: Outcomes of it that count.
        kept: Outcomes that came after another's of the same trial.
        failed: Trials that failed, of both.
        returned: Trials that were given back unfinished.
        interrupted: Whether a signal ended it.
    """

    worker: str
    study: str
    counted: int = 0
    kept: int = 0
    failed: int = 0
    returned: int = 0
    interrupted: bool = False

    @property
    def exit_status(self) -> int:
        """130 if it was interrupted, 0 otherwise."""
        return console.INTERRUPTED if self.interrupted else 0

    def as_json(self) -> dict[str, Any]:
        """The whole of it."""
        return {name: getattr(self, name) for name in self.__slots__}

    def as_text(self) -> str:
        """The whole of it, for people."""
        also = f", {self.kept} came second" if self.kept else ""
        end = "interrupted" if self.interrupted else "the study is complete"
        end += f", {self.returned} given back" if self.returned else ""
        return f"{self.study}: {self.counted} trials told, {self.failed} failed{also}; {end}"


@dataclass(slots=True)
class Bench:
    """One worker at work.

    Attributes:
        held: Trials that it has, by id.
    """

    client: Client
    job: Job
    problem: Problem
    header: Mapping[str, Any]
    result: Result
    held: dict[str, Trial] = field(default_factory=dict)

    def open(self) -> None:
        """Open the study's desk, or find it open."""
        order = {
            "header": self.header,
            "search": dict(self.job.search),
            "max_evals": self.job.max_evals,
            "noise": self.problem.noise,
        }
        self.client.put("studies", self.result.study, "desk", body=order)

    def ask(self, n: int) -> dict[str, Any]:
        """Ask for trials, and renew what is held."""
        body = {"worker": self.result.worker, "n": n, "holding": list(self.held)}
        answer: dict[str, Any] = self._post("ask", body)
        return answer

    def tell(self, outcomes: list[Outcome]) -> None:
        """Tell outcomes; returns when they are durable."""
        told = [self._told(outcome) for outcome in outcomes]
        receipts = self._post("tell", {"outcomes": told})["receipts"]
        for outcome, receipt in zip(outcomes, receipts, strict=True):
            self.held.pop(outcome.trial.id, None)
            self.result.counted += receipt["counted"]
            self.result.kept += not receipt["counted"]
            self.result.failed += isinstance(outcome, Failed)

    def release(self) -> None:
        """Give back what is held, so that nobody waits for it until its lease runs out."""
        if not self.held:
            return
        body = {"worker": self.result.worker, "trials": list(self.held)}
        try:
            answer = self.client.post(
                "studies", self.result.study, "release", body=body, patience=GOODBYE_SECONDS
            )
        except (LaunchError, RefusedError) as error:
            console.talk(f"{len(self.held)} trials go to others when their leases end: {error}")
            return
        self.result.returned = len(answer["released"])

    def _post(self, what: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
        """Post to the desk; a service that was started anew opens it again."""
        try:
            return self.client.post("studies", self.result.study, what, body=body)
        except RefusedError as refused:
            if refused.status != 404:
                raise
        self.open()
        return self.client.post("studies", self.result.study, what, body=body)

    def _told(self, outcome: Outcome) -> dict[str, Any]:
        timing = outcome.timing
        said = {
            "trial": outcome.trial.id,
            "attempt": outcome.trial.attempt,
            "worker": f"{self.result.worker}/{timing.worker}",
            "seconds": timing.seconds,
            "ago": max(0.0, time.time() - timing.finished_at),
        }
        if isinstance(outcome, Completed):
            metrics = {k: v if math.isfinite(v) else None for k, v in outcome.metrics.items()}
            return said | {"value": outcome.value, "metrics": metrics}
        log = outcome.log[-LONGEST_LOG:]
        return said | {"failed": outcome.kind.value, "detail": outcome.detail[:9000], "log": log}


def run(job: Job) -> Result:
    """Work until the study is complete or a signal comes.

    Raises:
        InputError, ProblemError: If a flag or the problem is wrong.
        LaunchError: If the service is away for too long.
    """
    secret = token.read(job.token_file or token.default_path())
    file = problem_file.read(job.problem)
    problem = file.build(job.options)
    header = json.loads(Header.of(problem, file.origin).to_json())
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    result = Result(name, problem.name if job.study is None else job.study)
    sent = {key: header[key] for key in SENT}
    brake = Brake()
    with (
        Client(job.url, secret, patience=job.patience, say=console.talk) as client,
        brake.signals(),
        _scratch(job) as folder,
        ProcessEvaluator(
            file.origin,
            job.options,
            workers=job.workers,
            trial_timeout=job.trial_seconds,
            folder=folder,
        ) as pool,
    ):
        bench = Bench(client, job, problem, sent, result)
        bench.open()
        console.talk(f"worker {name} on {result.study} at {job.url}")
        _work(bench, pool, brake)
        if brake():
            bench.release()
    result.interrupted = brake()
    return result


def _work(bench: Bench, pool: ProcessEvaluator, brake: Brake) -> None:
    while not brake():
        answer = bench.ask(pool.n_free)
        unfit = _begin(bench, pool, answer["trials"])
        if unfit:
            bench.tell(unfit)
            continue
        if answer["over"] and not bench.held:
            return
        pause = answer["lease_seconds"] / RENEWALS
        finished = _finished(
            pool, min(pause, answer["wait_seconds"]) if pool.n_free else pause, brake
        )
        if brake():  # what ends us, a scheduler perhaps, may have ended the trials too
            finished = [each for each in finished if isinstance(each, Completed)]
        if finished:
            bench.tell(finished)


def _begin(bench: Bench, pool: ProcessEvaluator, given: list[dict[str, Any]]) -> list[Outcome]:
    """Start trials; return those that the problem does not allow, as failed."""
    unfit: list[Outcome] = []
    for one in given:
        trial = Trial(one["id"], one["config"], one["attempt"])
        bench.held[trial.id] = trial
        broken = bench.problem.broken(trial.config, first=True)
        if broken:
            now = time.time()
            why = f"it breaks {broken[0].text}"
            unfit.append(Failed(trial, FailureKind.INFEASIBLE, why, Timing(0.0, "", now, now)))
        else:
            pool.submit(trial)
    return unfit


def _finished(pool: ProcessEvaluator, seconds: float, brake: Brake) -> list[Outcome]:
    """What ends within some seconds, as soon as anything has."""
    end = time.monotonic() + seconds
    found: list[Outcome] = []
    while not found and not brake() and time.monotonic() < end:
        while (outcome := pool.wait(0.0 if found else POLL_SECONDS)) is not None:
            found.append(outcome)
    while (outcome := pool.wait(0.0)) is not None:  # an evaluation that was paid for is kept
        found.append(outcome)
    return found


@contextmanager
def _scratch(job: Job) -> Iterator[Path]:
    """The folder in which trials run."""
    if job.scratch is not None:
        yield job.scratch
        return
    with tempfile.TemporaryDirectory(prefix="autotune-worker-") as folder:
        yield Path(folder)
