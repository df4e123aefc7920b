"""CPU seconds of this process and of the child processes it waited for."""

import resource
import time
from collections.abc import Callable
from typing import Any


def spent() -> float:
    """CPU seconds used so far, all threads and finished child processes included."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def cpu(call: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of a call, its child processes included, and its value."""
    start = spent()
    value = call()
    return spent() - start, value
