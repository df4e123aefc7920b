"""What `autotune train` does: the run with its progress, its signals, and its rows of a table."""

import os
import signal
import sys
from pathlib import Path

from autotune.cli import console, train_table
from autotune.training import run_table
from autotune.training.corpus import Corpus
from autotune.training.loop import train
from autotune.training.result import RunResult, RunState
from autotune.training.run import TrainingRun
from autotune.training.told_to_end import told_to_end
from autotune.training.watch import Watch

LINES = 10  # of progress where it is no terminal


class ProgressLine:
    """The state of a run on stderr: one line that is rewritten, or a few where that is a file."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._said = -1

    def see(self, step: int, steps: int, loss: float) -> None:
        """Say it, if there is something new to say."""
        part = (100 if self._live else LINES) * step // steps
        if part != self._said:
            self._said = part
            text = f"step {step:,} of {steps:,}, training loss {loss:.4f}"
            print(f"\r{text}" if self._live else text, end="" if self._live else "\n",
                  file=sys.stderr, flush=True)  # fmt: skip

    def end(self) -> None:
        """Leave the line."""
        if self._live and self._said >= 0:
            console.talk("")


def results(run: TrainingRun, corpus: Corpus, *, table: Path | None) -> list[RunResult]:
    """Train; every loss is in the table as soon as it is known.

    Raises:
        InputError, StoreError: If the run cannot be done or kept.
    """
    line = ProgressLine()
    found = []
    with told_to_end(signal.SIGINT, note=_saving) as stop:
        try:
            for result in train(run, corpus, Watch(stop=stop, see=line.see)):
                found.append(result)
                if table is not None and result.state is RunState.COMPLETED:
                    train_table.append(table, run_table.row(result, trunk=_trunk(run, result)))
        finally:
            line.end()
    return found


def _saving(number: signal.Signals, count: int) -> None:
    """Say that a signal came; a second one does not wait for the step."""
    if count > 1:
        raise KeyboardInterrupt
    os.write(2, f"\n{number.name}: saving\n".encode())


def status(found: list[RunResult]) -> int:
    """The exit status that says how a run ended."""
    states = {result.state for result in found}
    if RunState.INTERRUPTED in states:
        return console.INTERRUPTED
    if states == {RunState.COMPLETED}:
        return 0
    return 1 if states & {RunState.COMPLETED, RunState.UNSAVED} else 3


def _trunk(run: TrainingRun, result: RunResult) -> str:
    """What budgets of one run share: rows of a trunk are not independent."""
    return f"{run.model.name}-s{run.seed}-{result.facts['config']}"
