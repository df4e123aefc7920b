"""The child process: loads a problem by itself, then answers trials until its parent is gone.

Started by `warm.Child` as `python -m autotune.evaluators.child PROBLEM OPTIONS IN OUT`, in a
session of its own. Requests and replies are JSON lines on two pipes; nothing is pickled.
"""

import faulthandler
import fcntl
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from autotune import problem_file
from autotune.errors import AutotuneError
from autotune.evaluators.family import signal_family
from autotune.evaluators.scratch import scratch, spare_of
from autotune.evaluators.verdict import judge, to_json

if TYPE_CHECKING:
    from autotune.problem import Objective


class Inbox:
    """Requests as they come; ends the whole family if the parent dies during a trial.

    The pipe from the parent closes when the parent ends, however it ends. A signal asked of the
    kernel (PDEATHSIG) would end this process only, and orphan what the objective started.
    """

    def __init__(self, descriptor: int) -> None:
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._received = 0  # written by the listener alone
        self._answered = -1  # written by the main thread alone; -1 while the problem loads
        threading.Thread(target=self._listen, args=(descriptor,), daemon=True).start()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield requests, each counted as answered when the next one is asked for."""
        self._answered = 0
        for line in iter(self._lines.get, None):
            yield json.loads(line)
            self._answered += 1

    def _listen(self, descriptor: int) -> None:
        with os.fdopen(descriptor, encoding="utf-8") as pipe:
            for line in pipe:
                self._received += 1
                self._lines.put(line)
        self._lines.put(None)
        if self._answered < self._received:
            signal_family(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Load the problem, say so, and answer one trial after the other."""
    problem, options, requests, replies = sys.argv[1:]
    for descriptor in (requests, replies):
        fcntl.fcntl(int(descriptor), fcntl.F_SETFD, fcntl.FD_CLOEXEC)  # not for its own children
    for warning in (signal.SIGTERM, signal.SIGUSR1):
        # A scheduler that ends a job warns all its processes. The parent decides what becomes of
        # a trial. (A handler, because a signal that is ignored stays so in what a trial starts.)
        signal.signal(warning, lambda *_: None)
    faulthandler.enable()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    inbox = Inbox(int(requests))
    with os.fdopen(int(replies), "w", encoding="utf-8", buffering=1) as pipe:
        try:
            objective = problem_file.load(problem, json.loads(options)).evaluate
        except AutotuneError as error:
            print(json.dumps({"broken": str(error)}), file=pipe)
            return
        print(json.dumps({"ready": True}), file=pipe)
        for request in inbox:
            print(json.dumps(_answer(objective, request)), file=pipe)


def _answer(objective: "Objective", request: Mapping[str, Any]) -> dict[str, Any]:
    folder = Path(request["folder"])
    spare = spare_of(folder.parent.parent, os.getpid())
    with scratch(folder, spare=spare) as log, _output_to(log):
        begin = time.perf_counter()
        verdict = judge(objective, request["config"], log=sys.stderr)
        seconds = time.perf_counter() - begin
    return {"seconds": seconds, **to_json(verdict)}


@contextmanager
def _output_to(log: Path) -> Iterator[None]:
    """Send stdout and stderr to a file, those of processes the objective starts included."""
    kept = os.dup(1), os.dup(2)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        for each in (descriptor, *kept):
            os.close(each)


if __name__ == "__main__":
    main()
