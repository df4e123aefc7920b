"""A discrete-event model of one manager, its network and its workers.

The manager has two threads that take turns at one core. The dispatcher answers workers: it hands
the outcome of a finished trial to the search and sends the next trial from the queue of those
already proposed. The search takes in all outcomes that are there, makes them durable together,
renews its model, and proposes until as many trials are queued as are allowed to wait; only then
does it look at outcomes again.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import numpy as np

Cost = Callable[[int], float]
"""Seconds, as a function of the outcomes recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What the manager's work and the network take, in seconds.

    Attributes:
        latency: Of a message, one way.
        dispatch: Of answering one worker.
        switch: How long the dispatcher waits for a search that is computing.
        sync: Of making any number of outcomes durable.
        tell: Of writing one outcome and telling it to the search.
        refit: Of the model, once after any number of outcomes.
        ask: Of one proposal.
    """

    latency: float
    dispatch: float
    switch: float
    sync: float
    tell: float
    refit: Cost
    ask: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is run.

    Attributes:
        workers: Trials at once.
        seconds: Mean of a trial.
        sigma: Deviation of the logarithm of a trial's seconds; 0 for equal trials.
        trials: How many in all.
        ahead: Trials proposed before a worker is free.
    """

    workers: int
    seconds: float
    sigma: float
    trials: int
    ahead: int


@dataclass(frozen=True, slots=True)
class Use:
    """How busy the workers were.

    Attributes:
        before_drain: Share of the workers' time spent in trials until the last trial began.
        whole: The same until the last trial ended.
        seconds: From the first proposal to the last outcome.
    """

    before_drain: float
    whole: float
    seconds: float


def simulate(load: Load, costs: Costs, rng: np.random.Generator) -> Use:
    """Run a search on paper."""
    return _Run(load, costs, rng).use()


@dataclass(slots=True)
class _Run:
    load: Load
    costs: Costs
    rng: np.random.Generator
    now: float = 0.0
    events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    order: "count[int]" = field(default_factory=count)
    waiting: int = 0  # workers
    queued: int = 0  # trials proposed and not sent
    inbox: int = 0  # outcomes that the search has not taken in
    asked: int = 0
    recorded: int = 0
    busy: bool = False  # the search
    stale: bool = False  # the model
    dispatcher_free: float = 0.0
    spans: list[tuple[float, float]] = field(default_factory=list)

    def use(self) -> Use:
        self.waiting = self.load.workers
        self._search()
        while self.events:
            self.now, _, act = heapq.heappop(self.events)
            act()
        begin, end = np.array(self.spans).T
        last = begin.max()
        within = (np.minimum(end, last) - np.minimum(begin, last)).sum()
        crew = self.load.workers
        before = float(within / (crew * last)) if last else 1.0
        return Use(before, float((end - begin).sum() / (crew * end.max())), float(end.max()))

    def _at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self.events, (when, next(self.order), act))

    def _search(self) -> None:
        """Begin the next piece of the search's work, if there is any and it is idle."""
        if self.busy:
            return
        room = self.load.workers + self.load.ahead - (self.asked - self.recorded)
        if room > 0 and self.asked < self.load.trials:
            seconds = self.costs.ask(self.recorded)
            seconds += self.costs.refit(self.recorded) if self.stale else 0.0
            self._work(seconds, self._proposed, 1)
        elif self.inbox:
            self._work(self.costs.sync + self.inbox * self.costs.tell, self._told, self.inbox)

    def _work(self, seconds: float, done: Callable[[int], None], n: int) -> None:
        self.busy = True
        self._at(self.now + seconds, lambda: done(n))

    def _told(self, taken: int) -> None:
        self.busy, self.stale = False, True
        self.inbox -= taken
        self.recorded += taken
        self._search()

    def _proposed(self, n: int) -> None:
        self.busy, self.stale = False, False
        self.asked += n
        self.queued += n
        if self.waiting:
            self.waiting -= 1
            self._answer(finished=False)
        self._search()

    def _finished(self) -> None:
        """A worker's message reached the manager."""
        self._answer(finished=True)

    def _answer(self, *, finished: bool) -> None:
        """The dispatcher turns to a worker, one after the other."""
        wait = self.costs.switch if self.busy else 0.0
        begin = max(self.now + wait, self.dispatcher_free)
        self.dispatcher_free = begin + self.costs.dispatch
        self._at(self.dispatcher_free, lambda: self._dispatched(finished=finished))

    def _dispatched(self, *, finished: bool) -> None:
        self.inbox += int(finished)
        if self.queued:
            self.queued -= 1
            begin = self.now + self.costs.latency
            end = begin + self._seconds()
            self.spans.append((begin, end))
            self._at(end + self.costs.latency, self._finished)
        else:
            self.waiting += 1
        self._search()

    def _seconds(self) -> float:
        sigma = self.load.sigma
        return self.load.seconds * float(np.exp(sigma * self.rng.standard_normal() - sigma**2 / 2))
