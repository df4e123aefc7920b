"""The ranks of an MPI job as senders and receivers of small JSON documents."""

import json
import os
import sys
import time
from collections import deque
from typing import Any, TypeAlias

from autotune.errors import LaunchError
from autotune.evaluators.mpi_launch import misfit

Message: TypeAlias = dict[str, Any]
TO_WORKER, TO_MANAGER = 1, 2
"""The only two tags; a trial's id is inside the message, for tags end at 32767 on some systems."""
STOP_SECONDS = 10.0
NAP_SECONDS = 0.001
PROBES = 3


class World:
    """COMM_WORLD, polled: nothing here blocks, so that every rank can watch its clock.

    All calls after the first must come from one thread at a time.

    Attributes:
        rank: This process.
        size: Number of processes.
        missing: Ranks that did not confirm the end; None before `stop`.
    """

    def __init__(self) -> None:
        """Start MPI, if that has not been done.

        Raises:
            ImportError: If mpi4py or its MPI library is not there.
            LaunchError: If the launcher is known not to fit the library, which would end in MPI's
                own words.
        """
        import mpi4py

        if "mpi4py.MPI" not in sys.modules:
            mpi4py.rc.initialize = False
        from mpi4py import MPI

        if not MPI.Is_initialized():
            if said := misfit(MPI.get_vendor()[0], os.environ):
                raise LaunchError(said)
            MPI.Init_thread(MPI.THREAD_SERIALIZED)  # all that is needed, cheaper than MULTIPLE
        self._mpi = MPI
        self._comm = MPI.COMM_WORLD
        self._status = MPI.Status()
        self._sent: deque[tuple[Any, bytes]] = deque()  # requests with what they send
        self.rank: int = self._comm.rank
        self.size: int = self._comm.size
        self.missing: list[int] | None = None

    @property
    def threaded(self) -> bool:
        """Whether MPI may be called by a thread other than the one that started it."""
        return bool(self._mpi.Query_thread() >= self._mpi.THREAD_SERIALIZED)

    def send(self, rank: int, message: Message) -> None:
        """Begin to send a message to a worker, or to rank 0."""
        data = json.dumps(message, separators=(",", ":")).encode()
        tag = TO_MANAGER if rank == 0 else TO_WORKER
        request = self._comm.Isend([data, len(data), self._mpi.BYTE], dest=rank, tag=tag)
        self._sent.append((request, data))
        self.progress()

    def progress(self) -> None:
        """Let go of what has been sent."""
        while self._sent and self._sent[0][0].Test():
            self._sent.popleft()

    def receive(self) -> tuple[int, Message] | None:
        """The next message and the rank that sent it, if one has come."""
        tag = TO_WORKER if self.rank else TO_MANAGER
        probe = self._comm.Iprobe
        # MPICH looks among what has arrived, then lets one more message arrive: a "no" is certain
        # only if it is repeated.
        if not any(probe(self._mpi.ANY_SOURCE, tag, self._status) for _ in range(PROBES)):
            return None
        source, size = self._status.source, self._status.Get_count(self._mpi.BYTE)
        data = bytearray(size)
        self._comm.Recv([data, size, self._mpi.BYTE], source=source, tag=tag)
        return source, json.loads(data)

    def stop(self) -> list[int]:
        """As rank 0, end all workers and wait until they have said that their trials are gone.

        Returns:
            The ranks that did not say so in time. Stopping again does nothing.
        """
        if self.missing is not None:
            return self.missing
        waited_for = set(range(1, self.size))
        for rank in waited_for:
            self.send(rank, {"stop": True})
        end = time.monotonic() + STOP_SECONDS
        while waited_for and time.monotonic() < end:
            found = self.receive()
            if found is None:
                time.sleep(NAP_SECONDS)
            elif "bye" in found[1]:
                waited_for.discard(found[0])
        self.missing = sorted(waited_for)
        return self.missing

    def leave(self, status: int) -> None:
        """Finish MPI; where a rank is missing, end the whole job with a status instead.

        MPI is finished here and not when Python exits, so that `python -m mpi4py` does not take
        a status other than 0 for a reason to abort.
        """
        if self.missing:
            self.abort(status or 1)
        while self._sent:
            self.progress()
        self._mpi.Finalize()

    def abort(self, status: int) -> None:
        """End all ranks at once."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._comm.Abort(status)
        os._exit(status)  # not reached
