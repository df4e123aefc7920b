"""The child process: loads a problem by itself, then answers trials until its parent is gone.

Started by `warm.Child` as `python -m autotune.evaluators.child PROBLEM OPTIONS IN OUT`, in a
session of its own. Requests and replies are JSON lines on two pipes; nothing is pickled.
"""

import faulthandler
import fcntl
import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

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
        self._descriptor = descriptor
        self._busy = True  # loading the problem
        self._orphan = False
        threading.Thread(target=self._watch, daemon=True).start()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield requests, each counted as answered when the next one is asked for."""
        with os.fdopen(self._descriptor, "rb") as pipe:
            while not self._orphan:
                self._busy = False
                line = pipe.readline()
                self._busy = True
                if not line or self._orphan:
                    return
                yield json.loads(line)

    def _watch(self) -> None:
        """Sleep until the other end is closed: asked for no event, `poll` tells of that alone.

        An objective that closes this end is for the parent to end: a poll that a signal interrupts
        begins again, and then finds nothing there.
        """
        pipe = select.poll()
        pipe.register(self._descriptor, 0)
        ((_, event),) = pipe.poll()
        if event & select.POLLNVAL:
            return
        self._orphan = True
        if self._busy:
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
    with os.fdopen(int(replies), "wb") as pipe:
        try:
            objective = problem_file.load(problem, json.loads(options)).evaluate
        except AutotuneError as error:
            _say(pipe, {"broken": str(error)})
            return
        _say(pipe, {"ready": True})
        desk: Desk | None = None
        for request in inbox:
            desk = desk or Desk(Path(request["folder"]).parent.parent)
            _say(pipe, desk.answer(objective, request))


def _say(pipe: BinaryIO, message: Mapping[str, Any]) -> None:
    """One message; whole, whatever signals come, and before anything else happens."""
    pipe.write(json.dumps(message).encode() + b"\n")
    pipe.flush()


class Desk:
    """Where this process runs its trials: its own stdout and stderr, and its spare folder."""

    def __init__(self, study: Path) -> None:
        self._spare = spare_of(study, os.getpid())
        self._own = os.dup(1), os.dup(2)

    def answer(self, objective: "Objective", request: Mapping[str, Any]) -> dict[str, Any]:
        """Run a trial in its folder.

        What it prints goes to its log, and so does what processes that it starts print.
        """
        with scratch(request["folder"], spare=self._spare) as log:
            descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.dup2(descriptor, 1)
                os.dup2(descriptor, 2)
                os.close(descriptor)
                begin = time.perf_counter()
                verdict = judge(objective, request["config"], log=sys.stderr)
                seconds = time.perf_counter() - begin
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os.dup2(self._own[0], 1)
                os.dup2(self._own[1], 2)
        return {"seconds": seconds, **to_json(verdict)}


if __name__ == "__main__":
    main()
