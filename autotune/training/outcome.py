"""A run as an objective: its last result, or the exception that says why there is none."""

from typing import TYPE_CHECKING

from autotune.training.told_to_end import told_to_end

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
        OSError: If the folder could not be written.
    """
    from autotune.training.loop import train
    from autotune.training.result import RunState
    from autotune.training.watch import Watch

    with told_to_end() as stop:
        results = list(train(run, corpus, Watch(stop=stop)))
    failed = next((each for each in results if each.state is not RunState.COMPLETED), None)
    if failed is not None:
        raise _error(failed)
    return results[-1]


def _error(result: "RunResult") -> Exception:
    from autotune.training.result import RunState

    kinds: dict[RunState, type[Exception]] = {
        RunState.DIVERGED: FloatingPointError,
        RunState.OUT_OF_MEMORY: MemoryError,
        RunState.TIMEOUT: TimeoutError,
        RunState.UNSAVED: OSError,
    }
    return kinds.get(result.state, InterruptedError)(result.detail)
