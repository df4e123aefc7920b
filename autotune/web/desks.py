"""The desks that are open: each study that workers elsewhere work at, by one thread at a time."""

import threading
from collections import deque
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autotune.desk import Desk, Handed, Receipt
from autotune.errors import AutotuneError, StoreError
from autotune.search.settings import SearchSettings
from autotune.store.storage import Joined, Storage, must_be_name
from autotune.store.study import Header, must_agree
from autotune.trials import Outcome
from autotune.web.orders import Order, Told
from autotune.web.problems import Refusal


class _Telling:
    """Outcomes that wait to be made durable, and what became of them.

    Attributes:
        receipts: Theirs, once they are durable.
        error: Why they are not, once that is known.
    """

    def __init__(self, told: list[Told]) -> None:
        self._told = told
        self.outcomes: list[Outcome] = []
        self.receipts: list[Receipt] | None = None
        self.error: AutotuneError | None = None

    def read(self, desk: Desk) -> bool:
        """Make outcomes of what was told; False if that makes no sense."""
        try:
            self.outcomes = [each.outcome(desk) for each in self._told]
        except AutotuneError as error:
            self.error = error
        return self.error is None

    def answer(self) -> list[Receipt]:
        """The receipts, or the error."""
        if self.receipts is None:
            raise self.error or StoreError("the outcome was not recorded. Tell it again.")
        return self.receipts


class OpenDesk:
    """A desk behind a lock; outcomes that are told at one moment share a sync."""

    def __init__(self, desk: Desk, store: Joined, settings: SearchSettings) -> None:
        self._desk, self._store = desk, store
        self.settings = settings
        self._lock = threading.Lock()
        self._waiting: deque[_Telling] = deque()

    @property
    def header(self) -> Header:
        """What the study tunes."""
        return self._store.header

    @property
    def lease_seconds(self) -> float:
        """How long a worker may be silent."""
        return self._desk.lease_seconds

    @property
    def busy(self) -> bool:
        """Whether a worker has a trial."""
        with self._lock:
            return bool(self._desk.leases)

    def state(self) -> dict[str, Any]:
        """What the desk is about."""
        with self._lock:
            return {
                "writer": self._store.writer,
                "max_evals": self._desk.n_trials,
                "recorded": self._desk.recorded,
                "leased": len(self._desk.leases),
                "lease_seconds": self._desk.lease_seconds,
                "search": asdict(self.settings),
            }

    def extend(self, n_trials: int) -> None:
        """Let the study hold more outcomes."""
        with self._lock:
            self._desk.extend(n_trials)

    def ask(self, worker: str, n: int, holding: Collection[str] | None) -> Handed:
        """Hand out trials."""
        with self._lock:
            return self._desk.ask(worker, n, holding=holding)

    def release(self, worker: str, names: Collection[str]) -> list[str]:
        """Take trials back."""
        with self._lock:
            return self._desk.release(worker, names)

    def tell(self, told: list[Told]) -> list[Receipt]:
        """Make outcomes durable.

        Raises:
            InputError: If one is of a trial that was not handed out; then none is recorded.
            StoreError: If they cannot be written.
        """
        telling = _Telling(told)
        self._waiting.append(telling)
        with self._lock:
            if telling.receipts is None and telling.error is None:
                self._write_all()
        return telling.answer()

    def close(self) -> None:
        """End the job in order: what is out counts as interrupted."""
        with self._lock:
            self._store.close()

    def _write_all(self) -> None:
        """Write whatever waits, of all threads, with one sync."""
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        ready = [telling for telling in batch if telling.read(self._desk)]
        try:
            receipts = self._desk.tell([each for telling in ready for each in telling.outcomes])
        except AutotuneError as error:
            for telling in ready:
                telling.error = error
            return
        for telling in ready:
            n = len(telling.outcomes)
            telling.receipts, receipts = receipts[:n], receipts[n:]


class Desks:
    """The open desks of a storage, by study."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._open: dict[str, OpenDesk] = {}

    def get(self, name: str) -> OpenDesk:
        """An open desk.

        Raises:
            Refusal: If the study has none.
        """
        with self._lock:
            desk = self._open.get(name)
        if desk is None:
            raise Refusal(
                404,
                f"the study {name!r} has no open desk.",
                f"PUT /api/studies/{name}/desk opens it.",
            )
        return desk

    def open(self, name: str, order: Order) -> OpenDesk:
        """Open the desk of a study, new or not; an open one stays as it is, or holds more trials.

        Raises:
            InputError, ProblemError: If the order is wrong.
            StoreError: If the study cannot be written, or is of another problem.
        """
        with self._lock:
            desk = self._open.get(name)
            if desk is None:
                desk = self._open[name] = self._opened(name, order)
                return desk
        must_agree(Path(name), desk.header, order.header)
        desk.extend(order.max_evals)
        return desk

    @property
    def busy(self) -> bool:
        """Whether a worker has a trial of any study."""
        with self._lock:
            return any(desk.busy for desk in self._open.values())

    def close(self) -> None:
        """Close every desk."""
        with self._lock:
            for desk in self._open.values():
                desk.close()
            self._open.clear()

    def _opened(self, name: str, order: Order) -> OpenDesk:
        from autotune.search import factory  # slow to load, and not needed to look on

        search = factory.search(order.problem(), order.settings)
        start = asdict(order.settings) | {"max_evals": order.max_evals, "service": True}
        store = self._storage.join(must_be_name(name), order.header, start=start)
        try:
            desk = Desk(search, store, order.max_evals, lease_seconds=order.lease_seconds)
        except BaseException:
            store.close()
            raise
        return OpenDesk(desk, store, order.settings)
