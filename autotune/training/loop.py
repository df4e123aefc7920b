"""The loop: along the trunk, down each branch, one result for each token budget."""

import math
import time
from collections.abc import Callable, Iterator

import torch

from autotune.training import token_order
from autotune.training.checkpoint_files import LATEST, TRUNK
from autotune.training.corpus import Corpus
from autotune.training.divergence import Watchdog
from autotune.training.keeper import Keeper
from autotune.training.progress import Progress
from autotune.training.report import Report
from autotune.training.result import RunResult, RunState
from autotune.training.run import TrainingRun
from autotune.training.schedule import Branch, schedule
from autotune.training.session import Session
from autotune.training.watch import Watch

POINTS = 200  # of the learning curve
TRIED = 20  # steps after which the rest of the time is predicted
CHECK_ON_CUDA = 20  # steps between looks at the loss, each of which waits for the device


class Ended(Exception):  # noqa: N818 - a state of the run, not an error
    """The run cannot go on."""

    def __init__(self, state: RunState, detail: str) -> None:
        super().__init__(detail)
        self.state, self.detail = state, detail


def train(run: TrainingRun, corpus: Corpus, watch: Watch | None = None) -> Iterator[RunResult]:
    """Train, and yield one result for each token budget in rising order.

    With a folder it continues what is there: budgets that have a result are not trained again.

    Args:
        run: What to do.
        corpus: What to train on.
        watch: Sees progress, and may stop the run.

    Raises:
        InputError: If the run cannot be done: too little text, no such device, no space.
        StoreError: If its folder cannot be read.
    """
    loop = Loop(run, corpus, watch or Watch())
    return loop.results(loop.resume())


class Loop:
    """One run on its way."""

    def __init__(self, run: TrainingRun, corpus: Corpus, watch: Watch) -> None:
        self._run, self._corpus, self._watch = run, corpus, watch
        self._session = Session(run, corpus)
        self._settings = self._session.settings
        self._schedule = schedule(run.tokens, self._settings)
        sequences = self._settings.sequences or 1
        token_order.refuse_short(
            corpus, tokens=run.tokens[-1], sequences=sequences, context=self._settings.context
        )
        self._windows = token_order.validation_windows(
            corpus, windows=self._settings.windows, context=self._settings.context
        )
        self._report = Report(run, corpus, self._session)
        last = self._schedule.branches[-1].end
        self._every = max(1, last // POINTS)
        self._progress = Progress(
            watchdog=Watchdog(ceiling=math.log(max(2, corpus.vocabulary)), steps=last)
        )
        self._keeper = Keeper(run, corpus, self._session)
        self._began = self._saved = watch.clock()

    def results(self, done: dict[int, RunResult]) -> Iterator[RunResult]:
        """One result for each budget; those that are done go by their steps."""
        ended: Ended | None = None
        for i, branch in enumerate(self._schedule.branches):
            if branch.end in done:
                yield done[branch.end]
                continue
            if ended is None:
                try:
                    result = self._budget(i, branch)
                except Ended as end:
                    ended = end
            if ended is not None:
                result = self._report.failed(ended.state, ended.detail, self._progress, i)
            yield self._keeper.keep(result)

    def _budget(self, i: int, branch: Branch) -> RunResult:
        """Along the trunk to the branch, down the branch, validate, back to the trunk."""
        if self._progress.branch is None:
            self._segment(branch, until=branch.start, factor=self._schedule.warm)
            self._save(TRUNK)
            trunk = self._snapshot()
            self._progress.branch = i
        else:
            trunk = None
        self._segment(branch, until=branch.end, factor=branch.factor)
        began, cpu = self._watch.clock(), time.process_time()
        validation = self._session.validate(self._windows)
        self._progress.seconds += self._watch.clock() - began
        self._progress.cpu_seconds += time.process_time() - cpu
        result = self._report.completed(validation, self._progress, i)
        if i + 1 < len(self._schedule.branches):
            self._back_to(trunk)
        return result

    def _segment(self, branch: Branch, *, until: int, factor: Callable[[int], float]) -> None:
        every = CHECK_ON_CUDA if self._session.device.type == "cuda" else 1
        while self._progress.step < until:
            self._pause(branch)
            steps = min(every, until - self._progress.step)
            began, cpu = self._watch.clock(), time.process_time()
            first = self._progress.step
            pairs = [self._step(step, factor(step)) for step in range(first, first + steps)]
            self._look([(float(loss), float(norm)) for loss, norm in pairs])
            self._progress.seconds += self._watch.clock() - began
            self._progress.cpu_seconds += time.process_time() - cpu
            self._watch.see(self._progress.step, branch.end, self._progress.watchdog.smooth or 0.0)

    def _step(self, step: int, factor: float) -> tuple[torch.Tensor, torch.Tensor]:
        ids = token_order.batch(
            self._corpus,
            seed=self._run.seed,
            step=step,
            sequences=self._settings.sequences or 1,
            context=self._settings.context,
        )
        try:
            return self._session.step(ids, factor)
        except (torch.OutOfMemoryError, MemoryError) as error:
            self._session.forget()
            if self._session.micro > 1 or len(ids) < 2:
                why = (str(error).splitlines() or ["out of memory"])[0]
                raise Ended(RunState.OUT_OF_MEMORY, why) from error
        self._session.micro = 2  # the same tokens a step, in two parts
        return self._step(step, factor)

    def _look(self, found: list[tuple[float, float]]) -> None:
        for loss, norm in found:
            why = self._progress.watchdog.see(loss, norm)
            if why is not None:
                at = self._progress.step
                raise Ended(RunState.DIVERGED, f"at step {at}: {why}")
            self._progress.see([loss], every=self._every, batch_tokens=self._settings.batch_tokens)

    def _pause(self, branch: Branch) -> None:
        """Between two steps: stop if asked or if time runs out, and save now and then."""
        now, progress = self._watch.clock(), self._progress
        if self._watch.stop():
            raise self._saved_end(RunState.INTERRUPTED, f"stopped at step {progress.step}")
        left = self._began + self._run.limits.seconds - now
        if left < math.inf and progress.step >= TRIED:
            needed = (branch.end - progress.step) * progress.seconds / progress.step
            if needed > left:
                raise self._saved_end(
                    RunState.TIMEOUT,
                    f"at step {progress.step} of {branch.end}: {needed:.3g} s are needed, "
                    f"{max(0.0, left):.3g} s are left",
                )
        if now - self._saved > self._run.limits.save_every:
            self._save(LATEST)

    def _saved_end(self, state: RunState, detail: str) -> Ended:
        """An end that leaves a checkpoint, or says why not."""
        self._save(LATEST)
        missed = self._keeper.missed
        return Ended(state, f"{detail}; {missed}" if missed else detail)

    def _save(self, name: str) -> None:
        self._saved = self._watch.clock()
        self._keeper.save(name, self._progress)

    def _snapshot(self) -> tuple[dict[str, torch.Tensor], Progress]:
        tensors = {name: value.clone() for name, value in self._session.tensors().items()}
        return tensors, self._progress.copy()

    def _back_to(self, trunk: tuple[dict[str, torch.Tensor], Progress] | None) -> None:
        if trunk is None:  # this process began on the branch
            self._progress = self._keeper.trunk()
            return
        self._session.restore(trunk[0])
        self._progress = trunk[1]

    def resume(self) -> dict[int, RunResult]:
        """Claim the folder, take up the state in it, and return its results by their steps."""
        self._keeper.claim()
        branches = self._schedule.branches
        done = self._keeper.done(branches)
        undone = [(i, branch) for i, branch in enumerate(branches) if branch.end not in done]
        self._progress = self._keeper.take_up(undone) or self._progress
        return done
