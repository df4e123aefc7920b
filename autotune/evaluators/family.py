"""Finding and ending every process that a child started, and no other."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from autotune.process_stat import process_stat

Family: TypeAlias = dict[int, str]
"""Process ids with their start times: an id alone may have passed to a stranger."""


def family(leader: int) -> Family:
    """The processes in a leader's session or descended from it, itself included.

    A session catches orphans whose parent died; descent catches those that made a session of
    their own. Without /proc only the leader's process group is known, see `signal_family`.
    """
    stats = {pid: stat for pid in _pids() if (stat := process_stat(pid))}
    children: dict[int, list[int]] = {}
    for pid, stat in stats.items():
        children.setdefault(stat.parent, []).append(pid)
    found: Family = {}
    queue = [leader, *(pid for pid, stat in stats.items() if stat.session == leader)]
    while queue:
        pid = queue.pop()
        if pid in stats and pid not in found:
            found[pid] = stats[pid].started
            queue += children.get(pid, [])
    return found


def signal_family(leader: int, number: signal.Signals, known: Family | None = None) -> Family:
    """Send a signal to a leader's family, and to those `known` earlier that still live.

    The leader must not have been waited for yet, so that its id is still its own.

    Returns:
        Everyone the signal went to.
    """
    members = family(leader)
    for pid, started in (known or {}).items():
        stat = process_stat(pid)
        if stat and stat.started == started:
            members[pid] = started
    for pid in members:
        if pid != os.getpid():  # a child that ends its own family ends itself last
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
    return members


def _pids() -> list[int]:
    with suppress(OSError):
        return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return []
