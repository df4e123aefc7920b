"""Progress on stderr: a live line on a terminal, one plain line per trial elsewhere."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from autotune.cli import console
from autotune.trials import Completed, Failed, Outcome

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Progress(Protocol):
    """Shows outcomes as they come."""

    def show(self, outcome: Outcome) -> None:
        """Show one more outcome."""
        ...


class Tally:
    """How many trials there are, how many failed, and the best value so far."""

    def __init__(self, recorded: Sequence[Outcome], counts: Callable[[Outcome], bool]) -> None:
        self._counts = counts
        self.count = self.failed = 0
        self.best: float | None = None
        for outcome in recorded:
            self.add(outcome)

    def add(self, outcome: Outcome) -> None:
        """Count one more outcome."""
        self.count += 1
        if isinstance(outcome, Failed):
            self.failed += 1
        elif self._counts(outcome):
            self.best = outcome.value if self.best is None else min(self.best, outcome.value)

    def __str__(self) -> str:
        best = "none" if self.best is None else f"{self.best:.8g}"
        return f"best {best}, failed {self.failed}"


class Lines:
    """One line per trial, for logs."""

    def __init__(self, tally: Tally, total: int) -> None:
        self._tally = tally
        self._total = total

    def show(self, outcome: Outcome) -> None:
        """Print the outcome's line."""
        self._tally.add(outcome)
        console.talk(
            f"{self._tally.count}/{self._total} {outcome.trial.id} {_verdict(outcome)} "
            f"{outcome.timing.seconds:.3g} s; {self._tally}"
        )


class Live:
    """A bar with best so far, failures and the time left; failures stay above it."""

    def __init__(self, tally: Tally, bar: "RichProgress", task: "TaskID") -> None:
        self._tally = tally
        self._bar = bar
        self._task = task

    def show(self, outcome: Outcome) -> None:
        """Move the bar."""
        self._tally.add(outcome)
        if isinstance(outcome, Failed):
            self._bar.console.print(f"{outcome.trial.id} {_verdict(outcome)}", highlight=False)
        self._bar.update(self._task, completed=self._tally.count, status=str(self._tally))


@contextmanager
def progress(
    recorded: Sequence[Outcome], total: int, *, counts: Callable[[Outcome], bool]
) -> Iterator[Progress]:
    """Show progress on stderr until the context is left; `counts` says what may be the best."""
    tally = Tally(recorded, counts)
    if not sys.stderr.isatty():
        yield Lines(tally, total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[status]}"),
        TextColumn("time left"),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total, completed=tally.count, status=str(tally))
        yield Live(tally, bar, task)


def _verdict(outcome: Outcome) -> str:
    if isinstance(outcome, Completed):
        return f"{outcome.value:.8g}"
    return f"failed ({outcome.kind}: {outcome.detail})"
