"""A warm child process that runs trials one after the other, and is ended if it must be."""

import json
import math
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotune.errors import ProblemError
from autotune.evaluators.family import Family, signal_family
from autotune.evaluators.scratch import LOG, folder_of, spare_of, tail
from autotune.evaluators.verdict import Refused, Verdict, from_json, outcome
from autotune.quantities import format_seconds
from autotune.trials import FailureKind, Outcome, Timing, Trial

LOAD_SECONDS = 600.0
GRACE_SECONDS = 1.0
TICK_SECONDS = 0.2
BUGS = {"SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS"}


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every child of an evaluator works on.

    Attributes:
        problem: Name or path of the problem; each child loads it by itself.
        options: The problem's options, as for `problem_file.load`.
        trial_timeout: Seconds after which a trial is ended; None for never.
        folder: The study's folder, absolute; a trial may write in `trials/<id>` below it.
        environment: Of the child; None for this process's.
    """

    problem: str
    options: Mapping[str, str]
    trial_timeout: float | None
    folder: Path
    environment: Mapping[str, str] | None = None


class Child:
    """One child process with the problem loaded, in a session of its own.

    `send` a trial, or several that it runs in turn, then `poll` until there is an outcome. A
    trial that outlives its timeout, or takes the process with it, is an outcome too; the child
    is then `alive` no longer, and its owner starts another. Everything that the child started
    ends with it.

    Attributes:
        name: The worker's name in the record.
        alive: Whether it can still be used.
        held: Trials that were sent and have no outcome; the first one runs. What a child holds
            when it is `alive` no longer was never started.
    """

    def __init__(self, workshop: Workshop, *, name: str) -> None:
        self.name = name
        self.alive = True
        self.held: deque[Trial] = deque()
        self._workshop = workshop
        self._trial_timeout = workshop.trial_timeout or math.inf
        self._submitted = 0.0
        self._begun = time.monotonic()
        self._deadline = self._begun + LOAD_SECONDS
        self._ready = False
        self._condemned: Family | None = None
        self._deserted = False
        self._buffer = b""
        self._answers: deque[dict[str, Any]] = deque()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `_end`
        self._requests, self._replies, self._process = self._start()
        self._pipe = select.poll()
        self._pipe.register(self._replies, select.POLLIN)

    @property
    def idle(self) -> bool:
        """Whether it can be sent a trial."""
        return self.alive and not self.held

    def fileno(self) -> int:
        """The pipe that is readable when `poll` has something to do."""
        return self._replies

    def attention_in(self) -> float:
        """Seconds after which `poll` has something to do even if the pipe stays silent."""
        return max(0.0, min(TICK_SECONDS, self._deadline - time.monotonic()))

    def send(self, *trials: Trial) -> bool:
        """Start trials, each in its folder; False if the child has died since its last one.

        What is sent and not answered must stay below the size of a pipe (64 KiB), or the write
        waits for the child to read.
        """
        if self._exited(0.0) is not None:
            self._end()
            return False
        now = time.time()  # before the child can begin
        try:
            os.write(self._requests, b"".join(map(self._request, trials)))
        except BrokenPipeError:
            self._end()
            return False
        if not self.held:
            self._submitted = now
            self._begin()
        self.held += trials
        return True

    def poll(self, timeout: float) -> Outcome | None:
        """Return the next outcome of what was sent, or None if `timeout` passes first.

        Raises:
            ProblemError: If the child could not load the problem.
        """
        end = time.monotonic() + timeout
        while self.held and self.alive:
            if self._answers:
                answer = self._answers.popleft()
                return self._outcome(from_json(answer), answer["seconds"])
            left = max(0.0, end - time.monotonic())
            self._pipe.poll(1000 * min(left, self.attention_in()))
            verdict, seconds = self._look()
            if verdict is not None:
                return self._outcome(verdict, seconds, died=True)
            if left == 0 and not self._answers:
                break
        return None

    def dismiss(self) -> None:
        """Begin to end the child: an idle one leaves by itself, a busy one gets SIGTERM."""
        if self.idle and self._requests >= 0:
            os.close(self._requests)
            self._requests = -1
        elif self.held and self._condemned is None:
            self._condemned = signal_family(self._process.pid, signal.SIGTERM)

    def close(self) -> None:
        """End the child and everything it started; closing again does nothing."""
        if self.alive:
            self.dismiss()
            self._exited(GRACE_SECONDS)
            self._end()

    def _request(self, trial: Trial) -> bytes:
        folder = folder_of(self._workshop.folder, trial.id)
        return json.dumps({"folder": str(folder), "config": trial.config}).encode() + b"\n"

    def _start(self) -> tuple[int, int, "subprocess.Popen[bytes]"]:
        child_in, requests = os.pipe()
        replies, child_out = os.pipe()
        shop = self._workshop
        options = json.dumps(dict(shop.options))
        module = [sys.executable, "-P", "-m", "autotune.evaluators.child"]
        try:
            process = subprocess.Popen(
                [*module, shop.problem, options, str(child_in), str(child_out)],
                env=None if shop.environment is None else dict(shop.environment),
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                pass_fds=(child_in, child_out),
                start_new_session=True,
            )
        finally:
            os.close(child_in)
            os.close(child_out)
        os.set_blocking(replies, False)
        return requests, replies, process

    def _begin(self) -> None:
        """Start the trial's clock, unless the problem is still being loaded."""
        if self._ready:
            self._begun = time.monotonic()
            self._deadline = self._begun + self._trial_timeout

    def _look(self) -> tuple[Verdict | None, float]:
        """Take in what the child said, its death, or its deadline; a death's verdict."""
        for message in self._messages():
            if "broken" in message:
                self._end()
                raise ProblemError(message["broken"])
            if "ready" in message:
                self._ready = True
                self._begin()
            elif self._condemned is None:
                self._answers.append(message)
        if self._answers:
            return None, 0.0
        if time.monotonic() >= self._deadline:
            self._enforce()
        exit_info = self._exited(0.0)
        if exit_info is None:
            return None, 0.0
        seconds = time.monotonic() - self._begun
        return self._obituary(exit_info), seconds

    def _messages(self) -> Iterator[dict[str, Any]]:
        try:
            while data := os.read(self._replies, 1 << 16):
                self._buffer += data
        except BlockingIOError:
            pass
        else:  # end of file: it is dying, or has closed what it should not
            if self._exited(GRACE_SECONDS) is None:
                self._deserted = True
                signal_family(self._process.pid, signal.SIGKILL)
                self._exited(GRACE_SECONDS)
        *lines, self._buffer = self._buffer.split(b"\n")
        return map(json.loads, lines)

    def _enforce(self) -> None:
        """The deadline has passed: ask the whole family to end, and the next time end it."""
        known = self._condemned
        number = signal.SIGTERM if known is None else signal.SIGKILL
        self._condemned = signal_family(self._process.pid, number, known)
        self._deadline = time.monotonic() + GRACE_SECONDS

    def _exited(self, timeout: float) -> "os.waitid_result | None":
        """How the child exited, or None; it stays unreaped, so that its id stays its own."""
        end = time.monotonic() + timeout
        how = os.WEXITED | os.WNOWAIT | os.WNOHANG
        while (found := os.waitid(os.P_PID, self._process.pid, how)) is None:
            if time.monotonic() >= end:
                return None
            time.sleep(0.005)
        return found

    def _obituary(self, exit_info: "os.waitid_result") -> Verdict:
        """What the child's death says about its trial."""
        if exit_info.si_code == os.CLD_EXITED:
            died = f"its process ended with status {exit_info.si_status}"
            kind = FailureKind.CRASHED
        else:
            name = signal.Signals(exit_info.si_status).name
            died = f"its process was ended by {name}"
            died += ", as happens when memory runs out" if name == "SIGKILL" else ""
            kind = FailureKind.CRASHED if name in BUGS else FailureKind.KILLED
        if not self._ready:
            if self._condemned is not None:
                died = f"loading did not end within {format_seconds(LOAD_SECONDS)}"
            said = self._said().strip().rpartition("\n")[2]
            self._end()
            raise ProblemError(
                f"a worker could not load the problem {self._workshop.problem}: {died}"
                + (f" ({said})." if said else ".")
            )
        if self._condemned is not None:
            limit = format_seconds(self._trial_timeout)
            return Refused(FailureKind.TIMEOUT, f"no value within {limit}")
        if self._deserted:
            detail = "its process closed the pipe to its parent"
            return Refused(FailureKind.WORKER_LOST, detail)
        return Refused(kind, died)

    def _outcome(self, verdict: Verdict, seconds: float, *, died: bool = False) -> Outcome:
        trial = self.held.popleft()
        now = time.time()
        timing = Timing(seconds, self.name, self._submitted, now)
        self._submitted = now  # the next one's, if there is one
        self._begin()
        refused = isinstance(verdict, Refused)
        log = tail(folder_of(self._workshop.folder, trial.id) / LOG) if refused else ""
        if died or (not self.held and self._exited(0.0) is not None):
            log = log or self._said()
            self._end()
        return outcome(verdict, trial, timing, log=log)

    def _said(self) -> str:
        """The end of what the child wrote outside of trials."""
        return tail(Path(f"/dev/fd/{self._output.fileno()}"))

    def _end(self) -> None:
        """Kill what is left of the family, and reap the child."""
        signal_family(self._process.pid, signal.SIGKILL, self._condemned)
        self._process.wait()
        for descriptor in (self._requests, self._replies):
            if descriptor >= 0:
                os.close(descriptor)
        self._output.close()
        spare = spare_of(self._workshop.folder, self._process.pid)
        shutil.rmtree(spare, ignore_errors=True)
        self.alive = False
