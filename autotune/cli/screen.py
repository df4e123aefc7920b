"""What is looked at again and again, in place on a terminal."""

import sys
import time
from collections.abc import Callable

CLEAR = "\x1b[H\x1b[2J"


def watch(look: Callable[[], bool], pause: float, *, again: bool, clear: bool) -> None:
    """Look once, or until there is nothing more to see.

    Args:
        look: Prints what there is, and says whether there may be more later.
        pause: Seconds between two looks.
        again: Whether to look more than once.
        clear: Whether a terminal is emptied before each look; a file or a pipe never is.
    """
    while True:
        if again and clear and sys.stdout.isatty():
            print(CLEAR, end="")
        more = look()
        if not (again and more):
            return
        sys.stdout.flush()
        time.sleep(pause)
        if clear and not sys.stdout.isatty():
            print()
