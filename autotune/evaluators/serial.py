"""The serial evaluator: one trial at a time, in this process."""

import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.evaluators.scratch import folder_of, scratch, tail
from autotune.evaluators.verdict import judge, outcome
from autotune.trials import Outcome, Timing, Trial

if TYPE_CHECKING:
    from autotune.problem import Objective


class SerialEvaluator:
    """Runs each trial within `submit`; for objectives that neither hang nor take the process.

    There is no timeout, and an objective that dies takes the search with it: use
    `ProcessEvaluator` for those. What the objective prints goes to the trial's log; stderr is
    left alone, because the progress display may be drawing there.
    """

    def __init__(self, objective: "Objective", folder: Path) -> None:
        self._objective = objective
        self._folder = folder
        self._finished: Outcome | None = None

    @property
    def n_free(self) -> int:
        """1, or 0 while an outcome has not been waited for."""
        return int(self._finished is None)

    def submit(self, trial: Trial) -> None:
        """Run a trial; its outcome is there when this returns."""
        folder = folder_of(self._folder, trial.id)
        submitted, begin = time.time(), time.perf_counter()
        with scratch(str(folder)) as name:
            path = Path(name)
            with path.open("w", encoding="utf-8") as log, redirect_stdout(log):
                verdict = judge(self._objective, trial.config, log=log)
            seconds = time.perf_counter() - begin
            timing = Timing(seconds, "w0", submitted, time.time())
            self._finished = outcome(verdict, trial, timing, log=tail(path))

    def wait(self, timeout: float) -> Outcome | None:
        """Return the outcome of the trial that was submitted, or None if there was none."""
        finished, self._finished = self._finished, None
        if finished is None:
            time.sleep(timeout)
        return finished

    def recall(self) -> list[Trial]:
        """None: a trial that was submitted has begun."""
        return []
