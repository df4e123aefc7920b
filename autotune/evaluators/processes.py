"""The process evaluator: a pool of warm children, each of which may die without harm."""

import select
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from autotune import checks
from autotune.evaluators.warm import Child, Workshop
from autotune.trials import Outcome, Trial
from autotune.types import Value


class ProcessEvaluator:
    """Runs trials in child processes, as many at once as there are workers.

    A worker is started when it is first needed, keeps the problem loaded, and is replaced when
    a trial hangs past its timeout or takes the process with it. Leaving the context ends every
    worker and everything that they started.
    """

    def __init__(
        self,
        problem: str,
        options: Mapping[str, str | Value],
        *,
        workers: int,
        trial_timeout: float | None,
        folder: Path,
    ) -> None:
        """Prepare the pool; no process is started yet.

        Args:
            problem: Name or path of the problem; each worker loads it by itself.
            options: The problem's options, as for `problem_file.load`.
            workers: Trials at once, at least 1.
            trial_timeout: Seconds after which a trial is ended; None for never.
            folder: The study's folder; a trial may write in `trials/<id>` below it.

        Raises:
            InputError: If `workers` is less than 1 or the timeout is not > 0.
        """
        checks.at_least("workers", workers, 1, hint="One worker is one process.")
        if trial_timeout is not None:
            checks.positive("trial_timeout", trial_timeout, hint="Leave it out for no timeout.")
        texts = {name: str(value) for name, value in options.items()}
        self._workshop = Workshop(problem, texts, trial_timeout, folder.absolute())
        self._free = deque(f"w{number}" for number in range(workers))
        self._idle: list[Child] = []
        self._busy: list[Child] = []
        self._finished: deque[Outcome] = deque()

    @property
    def n_free(self) -> int:
        """Workers without a trial."""
        return len(self._free) + len(self._idle)

    def submit(self, trial: Trial) -> None:
        """Start a trial in an emptied folder of its own."""
        while self._idle:
            child = self._idle.pop()
            if child.send(trial):
                self._busy.append(child)
                return
            self._free.append(child.name)  # it died while idle
        child = Child(self._workshop, name=self._free.popleft())
        self._busy.append(child)
        child.send(trial)

    def wait(self, timeout: float) -> Outcome | None:
        """Return the next outcome, or None if `timeout` seconds pass first.

        Raises:
            ProblemError: If a worker could not load the problem.
        """
        end = time.monotonic() + timeout
        while not self._finished:
            left = max(0.0, end - time.monotonic())
            self._collect(left)
            if left == 0:
                break
        return self._finished.popleft() if self._finished else None

    def recall(self) -> list[Trial]:
        """None: a trial that was submitted has begun."""
        return []

    def close(self) -> None:
        """End every worker, and wait until they are gone; closing again does nothing."""
        children = [*self._idle, *self._busy]
        for child in children:
            child.dismiss()
        for child in children:
            child.close()
            self._free.append(child.name)
        self._idle, self._busy = [], []

    def __enter__(self) -> "ProcessEvaluator":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _collect(self, timeout: float) -> None:
        """Wait until a child has something to say or needs attention, then ask each."""
        pipes = select.poll()
        for child in self._busy:
            pipes.register(child, select.POLLIN)
            timeout = min(timeout, child.attention_in())
        pipes.poll(1000 * timeout)
        for child in list(self._busy):
            outcome = child.poll(0.0)
            if outcome is not None:
                self._busy.remove(child)
                self._finished.append(outcome)
                if child.alive:
                    self._idle.append(child)
                else:
                    self._free.append(child.name)
