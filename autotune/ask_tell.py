"""A search and a store as one conversation: the next trial, and what came of it."""

from collections.abc import Callable, Sequence

from autotune.ports import Beginning, Search, Store, anything
from autotune.trials import Failed, Outcome, Trial


def nothing(_: Outcome) -> None:
    """Take no note of an outcome."""


class AskTell:
    """Hands out the trials of a study one by one, and takes their outcomes back.

    Interrupted trials come before new ones. Whoever uses it runs the trials: evaluators of this
    process, or workers elsewhere.

    Attributes:
        recorded: Outcomes of the study that the search was told.
        evaluated: Those that came from here.
        n_trials: Outcomes the study should hold in the end.
        out: Trials without an outcome, by id: handed out here, or begun by other jobs.
    """

    def __init__(
        self,
        search: Search,
        store: Store,
        n_trials: int,
        *,
        learned: Callable[[Outcome], None] = nothing,
        on_own: Callable[[Outcome], None] = nothing,
    ) -> None:
        """Begin to talk.

        Args:
            search: Proposes configurations.
            store: Receives every outcome before the search does.
            n_trials: Outcomes the study should hold in the end.
            learned: Called with every outcome that the search was told.
            on_own: Called then with those that came from here.
        """
        self._search, self._store = search, store
        self._learned, self._on_own = learned, on_own
        self._refused: Trial | None = None  # proposed, and not begun for want of room
        self._exhausted = False
        self.n_trials = n_trials
        self.recorded = self.evaluated = 0
        self.out: dict[str, Trial] = {}

    @property
    def over(self) -> bool:
        """Whether the study is complete: it has its trials, or the space has no more."""
        nothing_left = self._exhausted and self._store.count <= self.recorded
        return self.recorded >= self.n_trials or nothing_left

    def hear(self) -> None:
        """Tell the search what other jobs recorded and began."""
        for outcome in self._store.new():
            self._learn(outcome)
            self._give_up(outcome.trial)
        for trial in self._store.begun():
            self._search.pending(trial)
            self._give_up(trial)
            self.out[trial.id] = trial

    def next(self, may: Callable[[Trial], bool] = anything) -> Trial | None:
        """The next trial to run, an interrupted one if `may` says so; None if there is none now."""
        trial = self._interrupted(may) or self._proposed()
        if trial is not None:
            self.out[trial.id] = trial
        return trial

    def record(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        """Make outcomes durable, then tell the search; False for each where another counts."""
        if not outcomes:
            return []
        counts = self._store.append(*outcomes)  # before tell: a crash between them loses nothing
        return [
            self._note(outcome, counted=counted)
            for outcome, counted in zip(outcomes, counts, strict=True)
        ]

    def _note(self, outcome: Outcome, *, counted: bool) -> bool:
        """Learn an outcome that is durable, if it counts; return whether it does."""
        if not counted and outcome.trial.id in self.out:
            self.hear()
            counted = outcome.trial.id in self.out  # written before, when another write failed
        if counted:
            self._learn(outcome)
            self.evaluated += 1
            self._on_own(outcome)
        return counted

    def _learn(self, outcome: Outcome) -> None:
        self._search.tell(outcome)
        self.out.pop(outcome.trial.id, None)
        self.recorded += 1
        self._learned(outcome)

    def _give_up(self, other: Trial) -> None:
        """Forget the refused trial if another job has its configuration."""
        if self._refused is not None and self._refused.config == other.config:
            self._refused = None

    def _interrupted(self, may: Callable[[Trial], bool]) -> Trial | None:
        """The next interrupted trial; those tried too often are recorded as failed."""
        while isinstance(found := self._store.resume(may), Failed):
            self.record([found])
        if found is not None:
            self._search.pending(found)
        return found

    def _proposed(self) -> Trial | None:
        """A new trial that no other job is in the way of."""
        while self._store.count < self.n_trials:
            trial = self._refused or self._ask()
            self._refused = None
            if trial is None:
                return None
            beginning = self._store.begin(trial, self.n_trials)
            if beginning is Beginning.BEGUN:
                return trial
            if beginning is Beginning.FULL:
                self._refused = trial
            self.hear()
        return None

    def _ask(self) -> Trial | None:
        config = None if self._exhausted else self._search.ask()
        self._exhausted = config is None
        return None if config is None else self._store.trial(config)
