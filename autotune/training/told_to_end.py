"""Whether a signal asked this process to end, for a run that ends between two steps."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

SCHEDULERS = (signal.SIGTERM, signal.SIGUSR1)
"""What schedulers send before they kill."""


@contextmanager
def told_to_end(
    *signals: signal.Signals, note: Callable[[signal.Signals, int], None] | None = None
) -> Iterator[Callable[[], bool]]:
    """Take SIGTERM, SIGUSR1 and further signals as the wish to end, and give them back after it.

    Args:
        signals: Further ones.
        note: Called from the handler with the signal and how many came so far.

    Yields:
        Whether one came. Never, outside of the main thread: signals go elsewhere.
    """
    told: list[int] = []

    def take(number: int, frame: FrameType | None) -> None:
        del frame
        told.append(number)
        if note is not None:
            note(signal.Signals(number), len(told))

    before: dict[signal.Signals, Any] = {}
    with suppress(ValueError):
        for number in (*SCHEDULERS, *signals):
            before[number] = signal.signal(number, take)
    try:
        yield lambda: bool(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
