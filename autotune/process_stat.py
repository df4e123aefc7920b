"""What the kernel says of a process: an id alone may have passed to a stranger."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProcessStat:
    """One line of /proc.

    Attributes:
        state: The kernel's letter; Z and X are processes that have ended.
        parent: Process id of its parent.
        session: Process id of its session's leader.
        started: When it was started, in clock ticks since the machine was, as printed.
    """

    state: str
    parent: int
    session: int
    started: str

    @property
    def ended(self) -> bool:
        """Whether it only waits to be collected."""
        return self.state in {"Z", "X"}


def process_stat(pid: int | str) -> ProcessStat | None:
    """Read /proc for a process id or `self`; None if it is gone, or where there is no /proc."""
    with suppress(OSError, IndexError, ValueError):  # one that is just going may leave nothing
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        fields = text.rpartition(")")[2].split()  # the name before it may hold anything
        return ProcessStat(fields[0], int(fields[1]), int(fields[3]), fields[19])
    return None
