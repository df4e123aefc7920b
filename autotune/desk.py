"""Trials for workers elsewhere: handed out under leases, and their outcomes taken back."""

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from autotune.ask_tell import AskTell
from autotune.errors import InputError
from autotune.ports import Search, Store
from autotune.trials import Failed, FailureKind, Outcome, Timing, Trial

LEASE_SECONDS = 60.0
MOST_LEASES = 3  # leases of a trial that run out before it counts as the cause


@dataclass(frozen=True, slots=True)
class Lease:
    """A trial that a worker has.

    Attributes:
        until: Seconds on the desk's clock; after that, another worker may get it.
    """

    trial: Trial
    worker: str
    until: float


@dataclass(frozen=True, slots=True)
class Handed:
    """The answer to a worker that asks.

    Attributes:
        trials: What it is to run, beside what it holds.
        lost: What it holds and need not run on: it has an outcome, or another worker has it.
        over: Whether the study is complete, so that asking again is of no use.
    """

    trials: Sequence[Trial]
    lost: Sequence[str]
    over: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an outcome that was told; it is durable in any case.

    Attributes:
        counted: Whether it is the trial's outcome; another one of the trial came first if not.
        repeated: Whether the same was told before, so that nothing was written now.
    """

    trial: str
    counted: bool
    repeated: bool


class Telling(NamedTuple):
    """An outcome by what tells it from every other: told twice, it is the same one."""

    trial: str
    attempt: int
    worker: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A trial that has an outcome, and which."""

    trial: Trial
    telling: Telling


class Desk:
    """The trials of a study, for workers that may vanish; not for several threads at once.

    A trial is leased to one worker at a time. The worker renews its leases whenever it asks; a
    lease that runs out is given to the next worker as another attempt. Trials that a job left
    behind wait for the time of one lease: if that job was a desk, its workers are still at them.
    """

    def __init__(
        self,
        search: Search,
        store: Store,
        n_trials: int,
        *,
        lease_seconds: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the desk of a study.

        Args:
            search: Proposes configurations.
            store: Receives every outcome before its worker is answered.
            n_trials: Outcomes the study should hold in the end.
            lease_seconds: How long a worker may be silent.
            clock: Seconds, never set back.
        """
        self._talk = AskTell(search, store, n_trials, learned=self._settle)
        self._store = store
        self._clock = clock
        self.lease_seconds = lease_seconds
        self._leases: dict[str, Lease] = {}  # by trial
        self._left_since: dict[str, float] = {}  # trials of jobs that ended
        self._ran_out: Counter[str] = Counter()
        self._released: deque[Trial] = deque()
        self._settled: dict[str, Settled] = {}
        self._late: set[Telling] = set()
        self._talk.hear()

    @property
    def recorded(self) -> int:
        """Outcomes of the study."""
        return self._talk.recorded

    @property
    def n_trials(self) -> int:
        """Outcomes that the study should hold in the end."""
        return self._talk.n_trials

    @property
    def leases(self) -> Sequence[Lease]:
        """What workers have now."""
        now = self._clock()
        return [lease for lease in self._leases.values() if lease.until > now]

    def extend(self, n_trials: int) -> None:
        """Let the study hold as many outcomes as that, if it was to hold fewer."""
        self._talk.n_trials = max(n_trials, self._talk.n_trials)

    def ask(self, worker: str, n: int, *, holding: Collection[str] | None = None) -> Handed:
        """Hand trials to a worker, and renew the leases of those it holds.

        Args:
            worker: A name that no other worker has.
            n: How many trials it can take at most.
            holding: Ids of the trials that it has. What is leased to it and not among them was
                lost on the way, and is handed to it again. None to renew nothing.

        Raises:
            StoreError: If what is handed out cannot be recorded.
        """
        self._talk.hear()
        lost = [name for name in holding or () if not self._renew(name, worker)]
        found: list[Trial] = []
        if holding is not None:
            mine = [lease.trial for lease in self._leases.values() if lease.worker == worker]
            found = [trial for trial in mine if trial.id not in holding][:n]
        for again in found:
            self._lease(again, worker)
        while len(found) < n and (trial := self._next()):
            self._lease(trial, worker)  # now: if the next cannot be recorded, this one is leased
            found.append(trial)
        return Handed(found, lost, over=not found and self._talk.over)

    def release(self, worker: str, names: Collection[str]) -> list[str]:
        """Take trials back that a worker will not finish: the next one to ask gets them.

        Unlike a lease that runs out, this says nothing against the trial.

        Returns:
            The ids of those that were the worker's.
        """
        mine = [name for name in names if getattr(self._leases.get(name), "worker", "") == worker]
        self._released.extend(self._leases.pop(name).trial for name in mine)
        return mine

    def trial(self, name: str, attempt: int) -> Trial:
        """The trial that an outcome is told of.

        Raises:
            InputError: If no such trial was handed out.
        """
        settled = self._settled.get(name)
        known = settled.trial if settled is not None else self._talk.out.get(name)
        if known is None:
            raise InputError(
                f"no trial {name!r} was handed out. Tell outcomes of trials that this study gave."
            )
        return Trial(name, known.config, attempt)

    def tell(self, outcomes: Sequence[Outcome]) -> list[Receipt]:
        """Make outcomes durable, with one sync, before anybody is answered.

        Raises:
            StoreError: If some could not be written: telling them again is safe.
        """
        fresh: dict[Telling, Outcome] = {}
        for outcome in outcomes:
            if not self._known(telling(outcome)):
                fresh.setdefault(telling(outcome), outcome)
        counts = self._talk.record(list(fresh.values()))
        self._late |= {each for each, counted in zip(fresh, counts, strict=True) if not counted}
        return [self._receipt(telling(outcome), fresh) for outcome in outcomes]

    def _receipt(self, what: Telling, fresh: dict[Telling, Outcome]) -> Receipt:
        """What became of an outcome; the first time that it is in `fresh`, it was not repeated."""
        repeated = fresh.pop(what, None) is None
        return Receipt(what.trial, counted=what not in self._late, repeated=repeated)

    def _known(self, what: Telling) -> bool:
        """Whether the same was told before."""
        settled = self._settled.get(what.trial)
        return what in self._late or (settled is not None and settled.telling == what)

    def _settle(self, outcome: Outcome) -> None:
        """Note the outcome that counts of a trial, wherever it came from."""
        self._settled[outcome.trial.id] = Settled(outcome.trial, telling(outcome))
        self._leases.pop(outcome.trial.id, None)
        for trial in [each for each in self._released if each.id == outcome.trial.id]:
            self._released.remove(trial)
        self._left_since.pop(outcome.trial.id, None)

    def _lease(self, trial: Trial, worker: str) -> None:
        self._leases[trial.id] = Lease(trial, worker, self._clock() + self.lease_seconds)
        self._left_since.pop(trial.id, None)

    def _renew(self, name: str, worker: str) -> bool:
        """Renew a lease; False if the trial is no longer the worker's."""
        lease = self._leases.get(name)
        if lease is not None:
            if lease.worker == worker:
                self._lease(lease.trial, worker)
            return lease.worker == worker
        if any(each.id == name for each in self._released):
            return False
        if name in self._left_since:  # a desk that is gone gave it to the worker
            self._left_since[name] = self._clock()
        return name in self._talk.out

    def _may(self, trial: Trial) -> bool:
        """Whether a trial that another job left was silent for the time of a lease."""
        now = self._clock()
        return now - self._left_since.setdefault(trial.id, now) >= self.lease_seconds

    def _next(self) -> Trial | None:
        """The next trial to run: one that was given back, one whose lease ran out, or another."""
        while self._released:
            trial = self._again(self._released[0])  # it stays here if this cannot be recorded
            self._released.popleft()
            if trial is not None:
                return trial
        return self._expired() or self._talk.next(self._may)

    def _again(self, trial: Trial) -> Trial | None:
        """The next attempt at a trial of this desk; None if it has an outcome by now."""
        following = self._store.retry(trial)
        if following is not None:
            self._talk.out[following.id] = following
        return following

    def _expired(self) -> Trial | None:
        """The next attempt at a trial whose lease has run out."""
        now = self._clock()
        for lease in [each for each in self._leases.values() if each.until <= now]:
            name = lease.trial.id
            times = self._ran_out[name] + 1
            trial = None
            if times >= MOST_LEASES:
                self._talk.record([_given_up(lease, times)])
            else:
                trial = self._again(lease.trial)
            self._ran_out[name] = times  # now: what cannot be recorded has not happened
            self._leases.pop(name, None)
            if trial is not None:
                return trial
        return None


def telling(outcome: Outcome) -> Telling:
    """What tells an outcome from every other."""
    return Telling(outcome.trial.id, outcome.trial.attempt, outcome.timing.worker)


def _given_up(lease: Lease, times: int) -> Failed:
    now = time.time()
    detail = f"{times} workers were silent for the time of a lease while they had it"
    return Failed(lease.trial, FailureKind.WORKER_LOST, detail, Timing(0.0, "", now, now))
