"""What a run leaves in its folder on its way, and where another call of it goes on."""

from collections.abc import Sequence
from dataclasses import replace

from autotune.training import run_table
from autotune.training.checkpoint import Checkpoint, Folder
from autotune.training.checkpoint_files import LATEST, TRUNK
from autotune.training.corpus import Corpus
from autotune.training.progress import Progress, from_json
from autotune.training.result import RunResult, RunState
from autotune.training.run import TrainingRun
from autotune.training.schedule import Branch
from autotune.training.session import Session

KEPT = frozenset({RunState.COMPLETED, RunState.DIVERGED})
"""States that would end the same way again."""


class Keeper:
    """Saves and takes up the state of a session; without a folder it keeps nothing.

    A disk that is full costs what could not be written and nothing else: the checkpoint before it
    is whole, and the run goes on.

    Attributes:
        missed: Why the last checkpoint is not there, in one line; empty if it is.
    """

    def __init__(self, run: TrainingRun, corpus: Corpus, session: Session) -> None:
        self._session = session
        self._folder: Folder | None = None
        if run.out is not None:
            self._folder = Folder(run.out, run.identity(corpus, session.settings))
        self._last: int | None = None  # step of the last checkpoint
        self.missed = ""

    def claim(self) -> None:
        """Make the folder this run's.

        Raises:
            InputError, StoreError: If another run is there, or it cannot be written.
        """
        if self._folder is not None:
            tensors = self._session.tensors().values()
            self._folder.claim(sum(each.numel() * each.element_size() for each in tensors))

    def done(self, branches: Sequence[Branch]) -> dict[int, RunResult]:
        """The results that are there, by the steps of their budgets."""
        ends = {branch.end for branch in branches}
        found = {}
        for result in [] if self._folder is None else run_table.kept(self._folder.path):
            steps = (
                result.steps
                if result.state is RunState.COMPLETED
                else round(result.budget / self._session.settings.batch_tokens)
            )
            if steps in ends:
                found[steps] = result
        return found

    def take_up(self, undone: Sequence[tuple[int, Branch]]) -> Progress | None:
        """Restore the newest checkpoint that leads to the first of some branches, if any.

        Args:
            undone: Branches that have no result, each with its number.
        """
        if self._folder is None or not undone:
            return None
        first, branch = undone[0]
        trunk, latest = self._folder.load(TRUNK), self._folder.load(LATEST)
        best = trunk
        if latest is not None:
            there = latest.progress
            on_trunk = there["branch"] is None
            newer = trunk is None or there["step"] > trunk.progress["step"]
            way_back = trunk is not None or len(undone) == 1  # it may not have been written
            if (on_trunk and newer) or (there["branch"] == first and way_back):
                best = latest
        if best is None or best.progress["step"] > branch.end:
            return None
        return self._restored(best)

    def trunk(self) -> Progress:
        """Restore the trunk that was left for a branch by an earlier process."""
        assert self._folder is not None
        found = self._folder.load(TRUNK)
        assert found is not None
        return self._restored(found)

    def _restored(self, state: Checkpoint) -> Progress:
        self._session.restore(state.tensors)
        progress = from_json(state.progress)
        self._last = progress.step
        return progress

    def save(self, name: str, progress: Progress) -> None:
        """Write a checkpoint; if that fails, the one before stays and `missed` says so."""
        if self._folder is None:
            return
        try:
            self._folder.save(name, Checkpoint(self._session.tensors(), progress.to_json()))
        except OSError as error:
            last = "there is none" if self._last is None else f"the last is of step {self._last}"
            self.missed = f"no checkpoint at step {progress.step}: {error.strerror}; {last}"
        else:
            self._last, self.missed = progress.step, ""

    def keep(self, result: RunResult) -> RunResult:
        """Append a result that is final; return it with what could not be written."""
        if self._folder is None:
            return result
        if self.missed and result.state is RunState.COMPLETED:
            result = replace(result, warnings=(*result.warnings, self.missed))
        if result.state not in KEPT:
            return result
        try:
            self._folder.keep(result)
        except OSError as error:
            lost = f"the result is not in {self._folder.path}: {error.strerror}"
            if result.state is RunState.DIVERGED:
                return replace(result, detail=f"{result.detail}; {lost}")
            remedy = "free some space, and the same run goes on from its last checkpoint"
            return replace(result, state=RunState.UNSAVED, detail=f"{lost}; {remedy}")
        return result
