"""What to run, and on how much of a machine: no word about how that machine is asked."""

import re
from dataclasses import dataclass

from autotune.errors import InputError
from autotune.launching.array import TaskArray

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+:-]*")
_PLAIN_PATH = re.compile(r"/[^\s%'\"\\$`]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """A tuning job.

    Attributes:
        name: What the scheduler calls it.
        arguments: The arguments of its verb, as given.
        python: The interpreter that runs it, by absolute path.
        folder: The study's folder, by absolute path.
        workdir: Where it starts, by absolute path: relative paths in `arguments` count from here.
        verb: The verb of `autotune` that it runs.
        seconds: Its time limit; 0 leaves that to the scheduler.
        nodes: Nodes.
        ranks_per_node: Processes per node; one on one node needs no MPI.
        workers: Trials at once of a job without MPI.
        seed: Seed of the search; a task of an array adds its number to it.
        account: Project that pays.
        queue: Queue, which Slurm calls a partition.
        qos: Slurm's quality of service.
        array: Tasks that all join the study, as in `0-7%4`.
        chain: Jobs in a row, each after the end of the one before.
        after: Job that must have ended before the first of them.
    """

    name: str
    arguments: tuple[str, ...]
    python: str
    folder: str
    workdir: str
    verb: str = "tune"
    seconds: int = 0
    nodes: int = 1
    ranks_per_node: int = 1
    workers: int = 1
    seed: int = 0
    account: str = ""
    queue: str = ""
    qos: str = ""
    array: str = ""
    chain: int = 1
    after: str = ""

    def __post_init__(self) -> None:
        for what in ("nodes", "ranks_per_node", "chain"):
            if getattr(self, what) < 1:
                raise InputError(f"--{_flag(what)} must be 1 or more, not {getattr(self, what)}.")
        for what in ("name", "account", "queue", "qos"):
            value = getattr(self, what)
            if (value or what == "name") and not _WORD.fullmatch(value):
                raise InputError(f"--{what} must be one word of letters and digits, not {value!r}.")
        for what in ("folder", "workdir"):
            if not _PLAIN_PATH.fullmatch(path := getattr(self, what)):
                raise InputError(
                    f"a job script cannot hold the path {path!r}: schedulers misread blanks, "
                    "quotes, % and $ in their directives. Choose another --storage or --study, or "
                    "another folder to submit from."
                )
        if self.array:
            TaskArray.parse(self.array)

    @property
    def ranks(self) -> int:
        """MPI processes in all; 1 is a job without MPI."""
        return self.nodes * self.ranks_per_node


def _flag(field: str) -> str:
    return field.replace("_", "-")
