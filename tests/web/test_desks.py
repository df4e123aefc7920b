"""Outcomes that are told at one moment share a sync, and each teller gets its own receipts."""

import threading
import time

from autotune.desk import Desk
from autotune.errors import StoreError
from autotune.search.settings import SearchSettings
from autotune.store.memory import MemoryStore
from autotune.web.desks import OpenDesk
from autotune.web.orders import Told


class Counting:
    """A search that proposes 0, 1, 2, ..."""

    def __init__(self):
        self.asked = 0

    def ask(self):
        self.asked += 1
        return {"x": self.asked}

    def tell(self, outcome):
        pass

    def pending(self, trial):
        pass


class Held(MemoryStore):
    """A store whose first write waits, and which may refuse the second."""

    def __init__(self, *, refuses):
        super().__init__()
        self.go, self.sizes, self.refuses = threading.Event(), [], refuses

    def append(self, *outcomes):
        self.sizes.append(len(outcomes))
        if len(self.sizes) == 1:
            assert self.go.wait(60)
        elif self.refuses:
            raise StoreError("disk full")
        return super().append(*outcomes)


def told_at_once(store):
    """One teller whose write waits, and three that come meanwhile; what each was answered."""
    desk = OpenDesk(Desk(Counting(), store, 100), store, SearchSettings(learner="random"))
    trials, answers = desk.ask("w", 5, None).trials, {}

    def tell(name, *some):
        told = [Told(trial=each.id, worker="w", value=1.0) for each in some]
        try:
            answers[name] = [each.trial for each in desk.tell(told)]
        except StoreError as error:
            answers[name] = str(error)

    parts = {"first": trials[:1], "b": trials[1:2], "c": trials[2:4], "d": trials[4:]}
    threads = {n: threading.Thread(target=tell, args=(n, *some)) for n, some in parts.items()}
    threads["first"].start()
    while not store.sizes:
        time.sleep(0.001)
    for name in "bcd":
        threads[name].start()
    while len(desk._waiting) < 3:
        time.sleep(0.001)
    store.go.set()
    for thread in threads.values():
        thread.join()
    return answers, {name: [each.id for each in some] for name, some in parts.items()}


def test_each_teller_gets_the_receipts_of_what_it_told():
    store = Held(refuses=False)
    answers, expected = told_at_once(store)
    assert answers == expected
    assert store.sizes == [1, 4]
    assert len(store.outcomes) == 5


def test_nobody_is_told_that_an_outcome_is_kept_which_is_not():
    store = Held(refuses=True)
    answers, expected = told_at_once(store)
    assert answers.pop("first") == expected["first"]
    assert set(answers.values()) == {"disk full"}
    assert len(store.outcomes) == 1
