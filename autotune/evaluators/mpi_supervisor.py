"""A rank above 0: holds one warm child, and answers for its trials whatever becomes of it."""

import os
import signal
import time
from collections import deque
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from autotune.errors import AutotuneError, ProblemError
from autotune.evaluators.mpi_environment import trial_environment
from autotune.evaluators.mpi_launch import local_rank
from autotune.evaluators.mpi_pace import GATHER_SECONDS, MEASURED, burst
from autotune.evaluators.mpi_world import Message, World
from autotune.evaluators.warm import Child, Workshop
from autotune.trials import Completed, Outcome, Trial

SHORTEST_NAP, LONGEST_NAP = 0.0002, 0.01
WAITED_SHARE = 1 / 20
"""A nap is this share of the time waited so far: it adds as little to a wait, however long."""
WATCH_SECONDS = 0.1
"""How long to wait for a child's answer, whose pipe ends the wait: what the manager sends meanwhile
cannot be begun before that. Where ranks share cores, those that wake take them from the manager."""
KEEP_SECONDS = 1.0
"""Trials that wait longer than this behind another are given back."""
BURST_BYTES = 24_000


def version() -> str:
    """What all ranks must share: the version of autotune, and the text of its evaluators."""
    import hashlib

    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    try:
        number = metadata.version("autotune-llm")
    except metadata.PackageNotFoundError:
        number = "not installed"
    return f"{number} ({digest.hexdigest()[:8]})"


def supervise(world: World) -> int:
    """Answer trials until the manager ends the job; the exit status.

    Signals are left to the manager: a scheduler warns all ranks, and rank 0 decides what
    becomes of the trials.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    world.send(0, {"hello": version(), "host": os.uname().nodename})
    supervisor: Supervisor | None = None
    waited = Waited()
    while True:
        found = world.receive()
        if found is not None:
            waited.over()
            if "stop" in found[1]:
                break
            if "welcome" in found[1]:
                supervisor = Supervisor(world, found[1]["welcome"])
            elif supervisor is not None:
                supervisor.take(found[1])
            continue
        if supervisor is None:
            time.sleep(waited.nap())
        elif supervisor.step(waited.nap()):
            waited.over()
    if supervisor is not None:
        supervisor.close()
    world.send(0, {"bye": True})
    world.leave(0)
    return 0


class Waited:
    """How long nothing has happened, and how long to sleep before looking again."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def over(self) -> None:
        """Something happened."""
        self._since = time.monotonic()

    def nap(self) -> float:
        """Seconds to sleep: short while there is much to do, so that idling costs no core."""
        share = WAITED_SHARE * (time.monotonic() - self._since)
        return min(LONGEST_NAP, max(SHORTEST_NAP, share))


class Supervisor:
    """One worker: its child, the trials it was given, and what it owes the manager."""

    def __init__(self, world: World, welcome: Mapping[str, Any]) -> None:
        self._world = world
        self._name = f"w{world.rank - 1}"
        self._welcome = welcome
        self._beat = float(welcome["beat"])
        self._patience = float(welcome["patience"])
        self._workshop: Workshop | None = None
        self._child: Child | None = None
        self._waiting: deque[Trial] = deque()
        self._lately: deque[float] = deque(maxlen=MEASURED)
        self._sent = self._heard = self._begun = time.monotonic()

    def take(self, message: Message) -> None:
        """Take what the manager sent: trials, or a sign that it is there."""
        self._heard = time.monotonic()
        self._waiting += [Trial(name, config) for name, config in message.get("trials", ())]

    def step(self, nap: float) -> bool:
        """Feed the child, wait for it, and send what it said; whether anything happened."""
        try:
            self._feed()
            outcomes = self._collect(nap)
        except AutotuneError as error:
            self._broken(error)
            return True
        now = time.monotonic()
        message: Message = {}
        if outcomes:
            self._begun = now
            message["outcomes"] = list(map(_answer, outcomes))
        elif self._waiting and self._busy and now - self._begun > KEEP_SECONDS:
            message["returned"] = [trial.id for trial in self._waiting]
            self._waiting.clear()
        if message or now - self._sent > self._beat:
            self._world.send(0, message)
            self._sent = now
        if now - self._heard > self._patience:
            self._orphaned()
        return bool(message)

    def close(self) -> None:
        """End the child and all that it started."""
        if self._child is not None:
            self._child.close()

    @property
    def _busy(self) -> bool:
        return self._child is not None and self._child.alive and bool(self._child.held)

    def _feed(self) -> None:
        """Hand the child what waits: one trial, or several at once if they are very short."""
        count = burst(self._lately)
        child = self._child
        if not self._waiting or (child is not None and len(child.held) > (count - 1) // 2):
            return
        if child is None or not child.alive:
            self._child = child = Child(self._shop(), name=self._name)
        room = count - len(child.held)
        now = [self._waiting.popleft() for _ in range(min(room, len(self._waiting)))]
        if sum(len(str(trial.config)) for trial in now) > BURST_BYTES:
            self._waiting.extendleft(reversed(now[1:]))
            now = now[:1] if child.idle else []
        if not child.held:
            self._begun = time.monotonic()
        if now and not child.send(*now):  # it died while idle, and is replaced in the next step
            self._waiting.extendleft(reversed(now))

    def _collect(self, nap: float) -> list[Outcome]:
        """Wait for the child, or only sleep: then answers gather, and travel together."""
        child = self._child
        several = burst(self._lately) > 1
        if several or child is None or child.idle or not child.alive:
            time.sleep(GATHER_SECONDS if several and self._busy else nap)
            nap = 0.0
        else:
            nap = max(nap, min(WATCH_SECONDS, self._beat / 4))
        outcomes: list[Outcome] = []
        while child is not None and child.held and (outcome := child.poll(nap)) is not None:
            outcomes.append(outcome)
            self._lately.append(outcome.timing.seconds)
            nap = 0.0
            if not child.alive:
                self._waiting.extendleft(reversed(child.held))
                child.held.clear()
        return outcomes

    def _shop(self) -> Workshop:
        """What the child works on; read once, so that a bad variable is said as an error."""
        if self._workshop is None:
            given = self._welcome
            environment = trial_environment(
                os.environ,
                ranks=given["ranks"],
                host=os.uname().nodename,
                local_rank=local_rank(os.environ, default=self._world.rank),
            )
            self._workshop = Workshop(
                given["problem"],
                given["options"],
                given["trial_timeout"],
                Path(given["folder"]),
                environment,
            )
        return self._workshop

    def _broken(self, error: AutotuneError) -> None:
        """The problem cannot be loaded here: another worker may be able to."""
        text = str(error) if isinstance(error, ProblemError) else f"{self._name}: {error}"
        self._waiting.clear()
        self.close()
        self._child = None
        self._world.send(0, {"broken": text})

    def _orphaned(self) -> None:
        """The manager has been silent for too long: end everything."""
        self.close()
        self._world.abort(1)


def _answer(outcome: Outcome) -> dict[str, Any]:
    record: dict[str, Any] = {"id": outcome.trial.id, "seconds": outcome.timing.seconds}
    if isinstance(outcome, Completed):
        return record | {"value": outcome.value, "metrics": dict(outcome.metrics)}
    return record | {"failed": outcome.kind, "detail": outcome.detail, "log": outcome.log}
