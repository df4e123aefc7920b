"""What runs the trials of `autotune tune`: this process, child processes, or the ranks of MPI."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli import console
from autotune.errors import InputError, LaunchError
from autotune.evaluators import mpi_launch

if TYPE_CHECKING:
    from autotune.cli.tune_run import Limits
    from autotune.evaluators.mpi_world import World
    from autotune.ports import Evaluator
    from autotune.problem import Problem

SPEAKING_SECONDS = 10.0
"""How long a rank that is refused waits for rank 0 to say why."""


@dataclass(frozen=True, slots=True)
class Crew:
    """The ranks that run trials, if MPI started any, and what the user says about them.

    Attributes:
        world: The ranks; None without MPI.
        expected: How many there should be, rank 0 included; None for whatever there is.
        ranks_per_trial: Ranks of a trial that is itself an MPI program.
        lost_after: Seconds of silence after which a rank's trial goes to another; None for
            the default.
    """

    world: "World | None" = None
    expected: int | None = None
    ranks_per_trial: int = 1
    lost_after: float | None = None

    def workers(self, asked: int) -> int:
        """Trials at once: all ranks but the first, or as many as were asked for without MPI.

        Raises:
            InputError: If MPI has another number of ranks than the user expects.
        """
        size = 1 if self.world is None else self.world.size
        if self.expected not in (None, size):
            n = self.expected
            raise InputError(
                f"--ranks {n}, but there {'is' if size == 1 else 'are'} {size}: start it with "
                f"mpiexec -n {n} or srun -n {n}, with srun --mpi=pmi2 for MPICH and --mpi=pmix for "
                "Open MPI."
            )
        if self.world is not None:
            return size - 1
        if self.ranks_per_trial != 1 or self.lost_after is not None:
            raise InputError("--ranks-per-trial and --lost-after are for mpiexec and srun.")
        return asked


def world() -> "World | None":
    """The ranks that an MPI launcher started, or None if this process is alone on purpose.

    Raises:
        LaunchError: If launcher and MPI disagree. Every process finds out by itself, because
            none can tell the others; only the launcher's rank 0 says so.
    """
    if not (mpi_launch.launched(os.environ) or "mpi4py.MPI" in sys.modules or _by_module()):
        return None
    try:
        from autotune.evaluators.mpi_world import World

        found = World()
        said = mpi_launch.refusal(found.size, os.environ)
        if said:
            found.leave(0)
    except LaunchError as error:
        said = str(error)
    except (ImportError, RuntimeError) as error:  # the latter where mpi4py finds no MPI library
        said = (
            f"an MPI launcher started this process, and mpi4py cannot be used ({error}): "
            "pip install 'autotune-llm[mpi]'."
        )
    if not said:
        return found
    if mpi_launch.launcher_rank(os.environ):
        time.sleep(SPEAKING_SECONDS)  # launchers end all when one ends: rank 0 must have spoken
        raise SystemExit(LaunchError.exit_status)
    raise LaunchError(said)


def _by_module() -> bool:
    """Whether `python -m mpi4py` started this process."""
    return "mpi4py.run" in sys.modules


def run_on_ranks(world: "World", command: Callable[[], None]) -> None:
    """Run a command on rank 0 and supervise on the others; end MPI with the command's status."""
    if world.rank:
        from autotune.evaluators.mpi_supervisor import supervise

        raise SystemExit(supervise(world))
    status = 1
    try:
        command()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        raise
    except KeyboardInterrupt:
        status = console.INTERRUPTED
        raise
    finally:
        world.stop()
        world.leave(status)


@contextmanager
def evaluator(
    origin: str,
    problem: "Problem",
    options: Mapping[str, str],
    limits: "Limits",
    *,
    crew: Crew,
    folder: Path,
) -> "Iterator[Evaluator]":
    """Run trials below a folder: on the other ranks, in child processes, or in this process."""
    if not limits.workers:
        from autotune.evaluators.serial import SerialEvaluator

        yield SerialEvaluator(problem.evaluate, folder)
    elif crew.world is None:
        from autotune.evaluators.processes import ProcessEvaluator

        with ProcessEvaluator(
            origin,
            options,
            workers=limits.workers,
            trial_timeout=limits.trial_seconds,
            folder=folder,
        ) as pool:
            yield pool
    else:
        from autotune.evaluators import mpi
        from autotune.evaluators.warm import Workshop

        texts = {name: str(value) for name, value in options.items()}
        with mpi.MPIEvaluator(
            crew.world,
            Workshop(origin, texts, limits.trial_seconds, folder),
            ranks_per_trial=crew.ranks_per_trial,
            lost_after=crew.lost_after or mpi.LOST_AFTER_SECONDS,
            say=console.talk,
        ) as ranks:
            yield ranks
