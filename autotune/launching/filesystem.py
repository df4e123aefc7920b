"""Whether a folder keeps what a study rests on; `python -m autotune.launching.filesystem FOLDER`.

A study needs no locks. It needs appends that are there for the next reader, rename that replaces,
creation that is exclusive, and clocks that agree to seconds.
"""

import json
import os
import socket
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

LINES = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """What one node sees in a folder.

    Attributes:
        host: The node.
        wrong: What the file system does not keep, in words.
        append_seconds: Seconds of an append with its sync.
        skew: Seconds by which the file server's clock is ahead of the node's.
        file: The name of a file that this node left there for others to see.
    """

    host: str
    wrong: tuple[str, ...]
    append_seconds: float
    skew: float
    file: str


def check(folder: Path) -> Seen:
    """Try everything in a folder, and leave one file there.

    Raises:
        OSError: If the folder cannot be written at all.
    """
    stem = f".doctor-{socket.gethostname()}-{os.getpid()}"
    kept, other = folder / f"{stem}.jsonl", folder / f"{stem}.new"
    begin = time.perf_counter()
    appended = _append(kept)
    seconds = (time.perf_counter() - begin) / LINES
    wrong = [] if appended else ["an append was not there for the next reader"]
    before = time.time()
    other.write_text("new")
    skew = other.stat().st_mtime - 0.5 * (before + time.time())
    wrong += [*_exclusive(other), *_linked(kept, folder / f"{stem}.link")]
    other.replace(folder / f"{stem}.old")
    other.write_text("newer")
    other.replace(folder / f"{stem}.old")
    if other.exists() or (folder / f"{stem}.old").read_text() != "newer":
        wrong.append("rename does not replace")
    (folder / f"{stem}.old").unlink()
    return Seen(socket.gethostname(), tuple(wrong), seconds, skew, kept.name)


def _append(path: Path) -> bool:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        for number in range(LINES):
            os.write(descriptor, f"{number}\n".encode())
            os.fsync(descriptor)
            if path.read_text().splitlines()[-1:] != [str(number)]:
                return False
    finally:
        os.close(descriptor)
    return True


def _exclusive(path: Path) -> list[str]:
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        return ["creation is not exclusive: two jobs could take one journal"]
    return []


def _linked(path: Path, link: Path) -> list[str]:
    try:
        os.link(path, link)
    except OSError:
        return []  # without hard links a study's header is renamed into place
    try:
        os.link(path, link)
    except FileExistsError:
        return []
    finally:
        link.unlink(missing_ok=True)
    return ["a second hard link of one name is not refused"]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(check(Path(sys.argv[1])))) + "\n")
