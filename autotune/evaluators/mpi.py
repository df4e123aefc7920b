"""The MPI evaluator: rank 0 proposes and records, every other rank supervises one child process.

Messages are small JSON documents under two fixed tags (`mpi_world`). From the manager:

    {"welcome": {...}}           what to work on, once
    {"trials": [[id, config]]}   trials, in the order in which to run them
    {}                           a sign of life, in answer to one
    {"stop": true}               end the child, confirm, leave

and from a worker: `hello` with its version and host, `outcomes`, `returned` (trials not started),
`broken` (the problem cannot be loaded there), an empty sign of life, and `bye`.

MPI is not the safety net: one rank that dies ends the job under both MPIs. What protects a study is
the journal; what protects a job from its trials is that they run in children of the ranks.
"""

import sys
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import Any

from autotune import checks
from autotune.errors import LaunchError, ProblemError
from autotune.evaluators.mpi_dispatch import LOST_LIMIT, Dispatch, Silence
from autotune.evaluators.mpi_pace import Pace
from autotune.evaluators.mpi_supervisor import Waited, version
from autotune.evaluators.mpi_world import Message, World
from autotune.evaluators.verdict import Refused, from_json, outcome
from autotune.evaluators.warm import Workshop
from autotune.quantities import format_seconds
from autotune.trials import FailureKind, Outcome, Timing, Trial

LOST_AFTER_SECONDS = 300.0
BEATS = 6
"""Signs of life that a worker gives in the time after which it counts as lost."""
SHORTEST_BEAT = 0.1
PATIENCE = 4
"""Times that time, after which workers that hear nothing from the manager end the job."""
LOOK_SECONDS = 0.25
SWITCH_SECONDS = 0.0005
"""How long the search may keep the interpreter while the dispatcher wants it (5 ms otherwise)."""


class MPIEvaluator:
    """Runs trials on the other ranks of an MPI job, one at a time on each.

    A thread of rank 0 owns all MPI calls and answers a free worker from trials that were submitted
    ahead, while the loop's own thread searches and records. How many are taken ahead follows the
    measured times (`mpi_pace`). Leaving the context ends every worker's trial and child.
    """

    def __init__(
        self,
        world: World,
        workshop: Workshop,
        *,
        ranks_per_trial: int = 1,
        lost_after: float = LOST_AFTER_SECONDS,
        say: Callable[[str], None],
    ) -> None:
        """Begin to welcome workers; each loads the problem by itself.

        Args:
            world: The job, of which this is rank 0.
            workshop: What to work on; its environment is left to the workers.
            ranks_per_trial: Ranks that each trial may start, with the words in
                AUTOTUNE_TRIAL_LAUNCHER.
            lost_after: Seconds of silence after which another worker runs a worker's trial.
            say: Told about workers that are lost, back or broken, in the loop's thread.

        Raises:
            InputError: If a number is out of its domain.
        """
        checks.at_least("ranks_per_trial", ranks_per_trial, 1, hint="1 is an ordinary trial.")
        checks.positive("lost_after", lost_after, hint="Some minutes are usual.")
        self._world = world
        self._welcome = _welcome(workshop, ranks_per_trial, lost_after)
        self._lost_after = lost_after
        self._say = say
        self._version = version()
        self._pace = Pace()
        self._dispatch = Dispatch()
        self._submitted: deque[Trial] = deque()  # from the loop's thread to the dispatcher's
        self._finished: SimpleQueue[Outcome | Exception | str] = SimpleQueue()  # and back
        self._given_at: dict[str, float] = {}
        self._capacity = world.size - 1
        self._outstanding = 0
        self._left_at: float | None = None
        self._next_look = 0.0
        self._late_said = False
        self._closing, self._recalling = Event(), Event()
        self._recalled: deque[Trial] = deque()
        self._switch = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread = Thread(target=self._run, daemon=True) if world.threaded else None
        if self._thread is not None:
            self._thread.start()

    @property
    def n_free(self) -> int:
        """Workers without a trial, and how many more to propose ahead."""
        return max(0, self._capacity - self._outstanding)

    def submit(self, trial: Trial) -> None:
        """Take a trial; the next free worker runs it."""
        now = time.monotonic()
        if self._left_at is not None:
            self._pace.proposal(now - self._left_at)
        self._recalling.clear()
        self._submitted.append(trial)
        self._outstanding += 1
        if self._thread is None:
            self._step()
        self._left_at = time.monotonic()

    def wait(self, timeout: float) -> Outcome | None:
        """Return the next outcome, or None if `timeout` seconds pass first.

        Raises:
            ProblemError: If no worker could load the problem.
            LaunchError: If a worker runs another version of autotune, or none is left.
        """
        end = time.monotonic() + timeout
        while (found := self._next(end)) is not None:
            if isinstance(found, Exception):
                raise found
            if isinstance(found, str):
                self._say(found)
                continue
            self._outstanding -= 1
            break
        self._left_at = time.monotonic()
        return found

    def recall(self) -> list[Trial]:
        """Take trials back that wait for a worker; until the next `submit` none is given out.

        The dispatcher takes them back a moment later: ask again.
        """
        self._recalling.set()
        if self._thread is None:
            self._step()
        trials = [self._recalled.popleft() for _ in range(len(self._recalled))]
        self._outstanding -= len(trials)
        return trials

    def close(self) -> None:
        """End every worker's child, and wait until they are gone; closing again does nothing."""
        self._closing.set()
        sys.setswitchinterval(self._switch)
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._world.missing is None and (missing := self._world.stop()):
            self._say(f"note: {_ranks(missing)} did not end; MPI will end the job")

    def __enter__(self) -> "MPIEvaluator":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _next(self, end: float) -> Outcome | Exception | str | None:
        """What the dispatcher has for the loop's thread, or None if there is nothing in time."""
        waited = Waited()
        while True:
            left = max(0.0, end - time.monotonic())
            try:
                if self._thread is not None:
                    return self._finished.get(block=left > 0, timeout=left or None)
                return self._finished.get_nowait()
            except Empty:
                if self._thread is not None or left == 0:
                    return None
            if self._step():
                waited.over()
            time.sleep(min(left, waited.nap()))

    def _run(self) -> None:
        """The dispatcher's thread."""
        waited = Waited()
        try:
            while not self._closing.is_set():
                if self._step():
                    waited.over()
                time.sleep(max(self._pace.nap, waited.nap()))
        except Exception as error:  # noqa: BLE001 - raised again in the loop's thread
            self._finished.put(error)

    def _step(self) -> bool:
        """Take in all messages, give trials out, and look for the silent; whether there was any."""
        busy = False
        while (found := self._world.receive()) is not None:
            self._take(*found)
            busy = True
        while self._submitted:
            self._dispatch.submit(self._submitted.popleft())
            busy = True
        if self._recalling.is_set():
            self._recalled.extend(self._dispatch.recall())
        else:
            self._give()
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            for silence in self._dispatch.look(now, lost_after=self._lost_after):
                self._lost(silence)
            if self._dispatch.alone(longer_than=self._lost_after):
                raise LaunchError("no worker has been heard for long; the same command continues.")
        if busy:
            lost = len(self._dispatch.workers) - self._dispatch.usable
            usable = self._world.size - 1 - lost
            self._capacity = usable * (1 + self._pace.held()) + self._pace.ahead(usable)
        self._world.progress()
        return busy

    def _give(self) -> None:
        """Give waiting trials to free workers."""
        for rank, trials in self._dispatch.assign(1 + self._pace.held()).items():
            self._world.send(rank, {"trials": [[trial.id, trial.config] for trial in trials]})
            self._given_at |= dict.fromkeys((trial.id for trial in trials), time.time())

    def _take(self, rank: int, message: Message) -> None:
        if "hello" in message:
            self._join(rank, message)
            return
        if self._dispatch.heard(rank):
            self._finished.put(f"note: {_worker(rank)} is back")
        if not message:
            self._world.send(rank, {})
        answers = message.get("outcomes", ())
        trials = self._dispatch.answered(rank, [each["id"] for each in answers]) if answers else ()
        for trial, answer in zip(trials, answers, strict=True):
            self._answered(rank, trial, answer)
        if "returned" in message:
            self._dispatch.returned(rank, message["returned"])
        if "broken" in message:
            self._broken(rank, message["broken"])

    def _join(self, rank: int, hello: Message) -> None:
        if hello["hello"] != self._version:
            raise LaunchError(
                f"rank {rank} on {hello['host']} runs autotune {hello['hello']}, rank 0 runs "
                f"{self._version}. Install the same one on every node."
            )
        self._dispatch.join(rank, hello["host"])
        self._world.send(rank, {"welcome": self._welcome})

    def _answered(self, rank: int, trial: Trial | None, answer: dict[str, Any]) -> None:
        if trial is None:
            if not self._late_said:
                self._late_said = True
                text = "came late and was dropped: another worker had answered it"
                self._finished.put(f"note: {_worker(rank)}'s outcome of {answer['id']} {text}")
            return
        self._pace.outcome(answer["seconds"])
        begun = self._given_at.pop(trial.id)
        timing = Timing(answer["seconds"], f"w{rank - 1}", begun, time.time())
        self._finished.put(outcome(from_json(answer), trial, timing, log=answer.get("log", "")))

    def _broken(self, rank: int, text: str) -> None:
        self._dispatch.broken(rank)
        workers = self._dispatch.workers.values()
        if sum(worker.broken for worker in workers) == self._world.size - 1:
            raise ProblemError(text)
        host = self._dispatch.workers[rank].host
        self._finished.put(f"note: {_worker(rank)} on {host} is left out: {text}")

    def _lost(self, silence: Silence) -> None:
        for_long = f"silent for {format_seconds(self._lost_after)}"
        again = ", ".join(trial.id for trial in silence.again)
        self._finished.put(
            f"note: {_worker(silence.rank)} on {silence.host} has been {for_long}"
            + (f"; {again} will run elsewhere" if again else "")
        )
        for trial in silence.given_up:
            begun, now = self._given_at.pop(trial.id), time.time()
            detail = f"{LOST_LIMIT} workers fell silent while they ran it"
            timing = Timing(now - begun, f"w{silence.rank - 1}", begun, now)
            self._finished.put(
                outcome(Refused(FailureKind.WORKER_LOST, detail), trial, timing, log="")
            )


def _welcome(workshop: Workshop, ranks: int, lost_after: float) -> Message:
    beat = max(SHORTEST_BEAT, lost_after / BEATS)
    return {
        "problem": workshop.problem,
        "options": dict(workshop.options),
        "trial_timeout": workshop.trial_timeout,
        "folder": str(workshop.folder.absolute()),
        "ranks": ranks,
        "beat": beat,
        "patience": PATIENCE * max(lost_after, beat),
    }


def _worker(rank: int) -> str:
    return f"w{rank - 1} (rank {rank})"


def _ranks(ranks: list[int]) -> str:
    return f"rank{'s'[: len(ranks) != 1]} {', '.join(map(str, ranks))}"
