"""Processes by id and start time: an id alone may have passed to a stranger."""

import subprocess
from pathlib import Path

from autotune.process_stat import process_stat


def started(pid: int) -> str | None:
    """When a process started, in a form to compare; None if it does not run."""
    if (stat := process_stat(pid)) is not None:
        return None if stat.ended else stat.started
    if Path("/proc/self").exists():
        return None
    said = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or None


def lives(pid: int, start: str | None) -> bool:
    """Whether the very process that started then still runs."""
    return start is not None and started(pid) == start
