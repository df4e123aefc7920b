"""Processes by id and start time: an id alone may have passed to a stranger."""

import subprocess
from contextlib import suppress
from pathlib import Path


def started(pid: int) -> str | None:
    """When a process started, in a form to compare; None if it does not run."""
    with suppress(OSError):
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *rest = text.rpartition(")")[2].split()
        return None if state == "Z" else rest[18]
    if Path("/proc/self").exists():
        return None
    said = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or None


def lives(pid: int, start: str | None) -> bool:
    """Whether the very process that started then still runs."""
    return start is not None and started(pid) == start
