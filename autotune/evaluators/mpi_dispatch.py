"""Who runs what: trials waiting, trials given, workers that fell silent. No MPI, no clock."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from autotune.trials import Trial

LOST_LIMIT = 3
"""Workers that a trial may lose before it counts as what loses them."""
LONGEST_LOOK = 1.0


@dataclass(slots=True)
class Worker:
    """What is known of one worker.

    Attributes:
        host: Its node.
        heard: When it was last heard, on the watch of `Dispatch.look`.
        usable: Whether it is given trials.
        broken: Whether it cannot run any.
        given: The trials it has, by id, in the order in which it runs them.
    """

    host: str
    heard: float
    usable: bool = True
    broken: bool = False
    given: dict[str, Trial] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Silence:
    """A worker that fell silent.

    Attributes:
        rank: Its rank.
        host: Its node.
        again: Trials that another worker will run.
        given_up: Trials that were lost too often.
    """

    rank: int
    host: str
    again: list[Trial]
    given_up: list[Trial]


class Dispatch:
    """Trials and workers. A trial that two workers ran is answered once, by the faster one.

    Time is counted while the manager looks at its messages, and on its own clock: a manager that
    was away, or a worker whose clock stands still, makes nobody late.
    """

    def __init__(self) -> None:
        self.workers: dict[int, Worker] = {}
        self._open: dict[str, Trial] = {}
        self._ready: deque[Trial] = deque()
        self._slots = 1
        self._idle: dict[int, None] = {}  # ranks in the order in which they came to be so
        self._partly: dict[int, None] = {}
        self._losses: dict[str, int] = {}
        self._watch = 0.0
        self._alone_since: float | None = None
        self._looked: float | None = None

    @property
    def usable(self) -> int:
        """How many workers are given trials."""
        return sum(worker.usable for worker in self.workers.values())

    @property
    def open(self) -> int:
        """How many trials have no answer."""
        return len(self._open)

    def join(self, rank: int, host: str) -> None:
        """A worker is there."""
        self.workers[rank] = Worker(host, self._watch)
        self._list(rank)

    def submit(self, trial: Trial) -> None:
        """A trial waits for a worker."""
        self._open[trial.id] = trial
        self._ready.append(trial)

    def recall(self) -> list[Trial]:
        """The trials that wait for a worker, which then wait no longer."""
        trials = list(self._ready)
        self._ready.clear()
        for trial in trials:
            self._open.pop(trial.id, None)
        return trials

    def assign(self, slots: int) -> dict[int, list[Trial]]:
        """Give waiting trials out, idle workers first, and none more than `slots` in all."""
        given: dict[int, list[Trial]] = {}
        self._slots = slots
        for ranks in (self._idle, self._partly):
            for rank in list(islice(ranks, len(self._ready))):
                if not self._ready:
                    return given
                share = -(-len(self._ready) // (len(self._idle) + len(self._partly)))
                worker = self.workers[rank]
                if taken := self._take(min(slots - len(worker.given), share)):
                    worker.given |= {trial.id: trial for trial in taken}
                    given[rank] = given.get(rank, []) + taken
                self._list(rank)
        return given

    def heard(self, rank: int) -> bool:
        """A worker gave a sign; whether it was thought lost before."""
        worker = self.workers[rank]
        worker.heard = self._watch
        back = not (worker.usable or worker.broken)
        if back:
            worker.usable = True
            self._list(rank)
        return back

    def answered(self, rank: int, trial_ids: Sequence[str]) -> list[Trial | None]:
        """A worker has outcomes; None for trials that were answered before by another."""
        trials = [self._open.pop(name, None) for name in trial_ids]
        for name in trial_ids:
            self.workers[rank].given.pop(name, None)
            self._losses.pop(name, None)
        self._list(rank)
        return trials

    def returned(self, rank: int, trial_ids: Iterable[str]) -> None:
        """A worker gives trials back that it has not started; the next free one gets them.

        It gets none itself before it has answered the trial that they waited behind.
        """
        given = self.workers[rank].given
        trials = [trial for name in trial_ids if (trial := given.pop(name, None))]
        self._ready.extendleft(reversed(trials))
        self._unlist(rank)

    def broken(self, rank: int) -> None:
        """A worker cannot run the problem, and is given nothing more."""
        self.workers[rank].broken = True
        self._exclude(rank)

    def look(self, now: float, *, lost_after: float) -> list[Silence]:
        """Which workers with trials have been silent for too long, on the manager's clock.

        Call it when there is no message left to look at.
        """
        if self._looked is not None:
            self._watch += min(now - self._looked, LONGEST_LOOK)
        self._looked = now
        return [
            self._lose(rank, worker)
            for rank, worker in self.workers.items()
            if worker.usable and worker.given and self._watch - worker.heard > lost_after
        ]

    def alone(self, *, longer_than: float) -> bool:
        """Whether all workers that ever came have been lost for so long, as of the last look."""
        if self.usable or not self.workers:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = self._watch
        return self._alone_since is not None and self._watch - self._alone_since > longer_than

    def _exclude(self, rank: int) -> list[Trial]:
        """Give a worker's trials to others, and return them."""
        worker = self.workers[rank]
        worker.usable = False
        self._unlist(rank)
        trials = [trial for trial in worker.given.values() if trial.id in self._open]
        self._ready.extendleft(reversed(trials))
        worker.given.clear()
        return trials

    def _lose(self, rank: int, worker: Worker) -> Silence:
        again, given_up = [], []
        for number, trial in enumerate(self._exclude(rank)):
            if number == 0:  # the one that ran; the others only waited behind it
                self._losses[trial.id] = self._losses.get(trial.id, 0) + 1
            if self._losses.get(trial.id, 0) >= LOST_LIMIT:
                given_up.append(self._open.pop(trial.id))
            else:
                again.append(trial)
        return Silence(rank, worker.host, again, given_up)

    def _take(self, count: int) -> list[Trial]:
        """Waiting trials that have not been answered meanwhile."""
        taken: list[Trial] = []
        while self._ready and len(taken) < count:
            trial = self._ready.popleft()
            if trial.id in self._open:
                taken.append(trial)
        return taken

    def _list(self, rank: int) -> None:
        """Put a worker last among those that may be given more, if it may."""
        self._unlist(rank)
        worker = self.workers[rank]
        if worker.usable and len(worker.given) < self._slots:
            (self._partly if worker.given else self._idle)[rank] = None

    def _unlist(self, rank: int) -> None:
        self._idle.pop(rank, None)
        self._partly.pop(rank, None)
