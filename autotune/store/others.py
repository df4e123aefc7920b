"""The other jobs of a study: what they record and run, and what the dead ones leave."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from autotune.store.lease import Watch
from autotune.store.ledger import Ledger
from autotune.store.lines import Journal, writers
from autotune.store.study import merged
from autotune.trials import Outcome, Trial


class Others:
    """The journals of all jobs but one, read on as they grow, until their jobs are known to end."""

    def __init__(self, study: Path, own: str, ledger: Ledger, watch: Watch) -> None:
        self._study = study
        self._ledger = ledger
        self._watch = watch
        self._known = {own}
        self._at_work: dict[str, Journal] = {}
        self._finished: dict[str, None] = {}  # those whose trials may have to be taken over
        self._in_order: set[str] = set()
        self._outcomes: list[Outcome] = []
        self._begun: list[Trial] = []

    def look(self) -> None:
        """Judge who is alive, and read what was written since the last look.

        Raises:
            StoreError: If a journal holds lines that are not records.
        """
        new = [writer for writer in writers(self._study) if writer not in self._known]
        if not new and not self._at_work:
            return
        fresh = {writer: Journal(self._study, writer) for writer in new}
        self._known.update(fresh)
        self._at_work.update(fresh)
        self._read()
        self._judge(self._at_work if self._watch.due() else fresh)

    @property
    def any_alive(self) -> bool:
        """Whether another job may be at work."""
        return any(not self._watch.dead(writer) for writer in self._at_work)

    def outcomes(self) -> list[Outcome]:
        """What was recorded and not yet returned, oldest first."""
        fresh, self._outcomes = self._outcomes, []
        return fresh

    def begun(self) -> list[Trial]:
        """Trials that were begun, have no outcome, and were not yet returned."""
        fresh, self._begun = self._begun, []
        return [trial for trial in fresh if trial.id not in self._ledger.recorded]

    def has(self, trial: Trial) -> bool:
        """Whether something not yet returned has the configuration of a trial."""
        known = [*self._begun, *(outcome.trial for outcome in self._outcomes)]
        return any(each.config == trial.config for each in known)

    def left(self) -> Iterator[Trial]:
        """Trials without an outcome whose jobs have ended or are dead."""
        dead = [writer for writer in self._at_work if self._watch.dead(writer)]
        for writer in [*self._finished, *dead]:
            left = self._ledger.left_by(writer)
            if not left:
                self._finished.pop(writer, None)
            yield from left

    def died(self, writer: str) -> bool:
        """Whether a job ended out of order."""
        return self._watch.dead(writer) and writer not in self._in_order

    def works(self, writer: str, claim: str) -> bool:
        """Whether the job that holds a claim may be at work; an unknown one does for a while."""
        if writer in self._known:
            return writer in self._at_work and not self._watch.dead(writer)
        return self._watch.moved(claim, b"")

    def _read(self) -> None:
        batches = []
        for writer, journal in self._at_work.items():
            outcomes, begun = self._ledger.take(writer, journal.more())
            batches.append(outcomes)
            self._begun += begun
        for outcome in merged(batches):
            if self._ledger.record(outcome.trial.id):
                self._outcomes.append(outcome)

    def _judge(self, some: Mapping[str, Journal]) -> None:
        """Move jobs that are known to have ended out of those at work."""
        for journal in some.values():
            self._watch.look(journal)
        gone = [j for j in self._at_work.values() if j.ended or self._watch.gone(j.writer)]
        if any(not journal.ended for journal in gone):
            self._read()  # what they wrote between the last look and their death
        for journal in gone:
            del self._at_work[journal.writer]
            self._finished[journal.writer] = None
            if journal.ended:
                self._in_order.add(journal.writer)
