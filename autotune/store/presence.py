"""Whether the process that wrote a start record is there: known on its own machine only."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from autotune.process_stat import process_stat

BOOT = Path("/proc/sys/kernel/random/boot_id")
PIDS = Path("/proc/self/ns/pid")


def here() -> dict[str, Any]:
    """What tells this process from every other: host, process id, and what makes those unique.

    A process id means something within one boot and one namespace only, and is given again.
    """
    pid = os.getpid()
    return {"host": socket.gethostname(), "pid": pid, "where": _where(), "born": _born(pid)}


def present(start: Mapping[str, Any]) -> bool:
    """Whether the process of a start record is known to be there."""
    if not start.get("where"):  # of format 1, or written where there is no /proc
        return start.get("host") == socket.gethostname() and _exists(start.get("pid"))
    return bool(start["where"] == _where() and _born(start["pid"]) == start["born"])


def gone(start: Mapping[str, Any]) -> bool:
    """Whether the process of a start record is known to have ended."""
    return bool(start.get("where")) and start["where"] == _where() and not present(start)


def _where() -> str:
    """This boot and this namespace of process ids; empty without /proc."""
    with suppress(OSError):
        return f"{BOOT.read_text().strip()} {PIDS.readlink()}"
    return ""


def _born(pid: int) -> str:
    """When a process was started, in the kernel's ticks; empty if there is none."""
    stat = process_stat(pid)
    return "" if stat is None or stat.ended else stat.started


def _exists(pid: Any) -> bool:  # noqa: ANN401 - whatever is on record
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True  # somebody else's process
    except (OSError, TypeError, ValueError):
        return False
    return True
