"""Waiting for a storage that is away, so that what was measured meanwhile is recorded."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between tries, the last one again and again
Answer = TypeVar("Answer")


def _silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait.

    Attributes:
        seconds: After so long, the storage counts as gone.
        say: Told when it is away, and when it is back.
    """

    seconds: float = 0.0
    say: Callable[[str], None] = _silent

    def wait(self, act: Callable[[], Answer], passing: type[Exception]) -> Answer:
        """Act, again and again while that fails in a way that may pass.

        Args:
            act: What may be done twice without harm.
            passing: The errors after which it is done again.
        """
        begin, tries = time.monotonic(), 0
        while True:
            try:
                answer = act()
            except passing as error:
                if time.monotonic() - begin >= self.seconds:
                    raise
                if not tries:
                    self.say(f"{error} Trying for {self.seconds:g} s.")
                time.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1
            else:
                if tries:
                    self.say("the storage is back")
                return answer
