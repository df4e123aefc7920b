"""A run as an objective: its last result, or the exception that says why there is none."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autotune.training.corpus import Corpus
    from autotune.training.result import RunResult
    from autotune.training.run import TrainingRun


def outcome(run: "TrainingRun", corpus: "Corpus") -> "RunResult":
    """Train, and return the result of the last token budget.

    Raises:
        FloatingPointError: If a budget diverged.
        MemoryError, TimeoutError: If one ran out of that.
        InterruptedError: If the process was told to end; with a folder its state is kept.
    """
    from autotune.training.loop import Watch, train
    from autotune.training.result import RunState

    with told_to_end() as stop:
        results = list(train(run, corpus, Watch(stop=stop)))
    failed = next((each for each in results if each.state is not RunState.COMPLETED), None)
    if failed is not None:
        raise _error(failed)
    return results[-1]


@contextmanager
def told_to_end() -> Iterator[Callable[[], bool]]:
    """Take SIGTERM and SIGUSR1 as the wish to end; what is given says if one came."""
    told: list[int] = []
    before: dict[signal.Signals, Any] = {}
    with suppress(ValueError):  # not the main thread: signals go elsewhere
        for number in (signal.SIGTERM, signal.SIGUSR1):
            before[number] = signal.signal(number, lambda number, _: told.append(number))
    try:
        yield lambda: bool(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _error(result: "RunResult") -> Exception:
    from autotune.training.result import RunState

    kinds: dict[RunState, type[Exception]] = {
        RunState.DIVERGED: FloatingPointError,
        RunState.OUT_OF_MEMORY: MemoryError,
        RunState.TIMEOUT: TimeoutError,
    }
    return kinds.get(result.state, InterruptedError)(result.detail)
