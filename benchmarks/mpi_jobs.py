"""The jobs that `mpi.py` starts under mpiexec; rank 0 prints one JSON line per measurement.

mpiexec -n 4 python benchmarks/mpi_jobs.py tasks autotune|futures|libensemble|deephyper N REPEATS
mpiexec -n 4 python benchmarks/mpi_jobs.py manager LEARNER RECORDED...
mpiexec -n 9 python benchmarks/mpi_jobs.py tune ARGUMENTS of `autotune tune`
mpiexec -n 9 python benchmarks/mpi_jobs.py deephyper N
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PROBLEM = str(Path(__file__).with_name("mpi_problem.py"))
EMPTY = """from ConfigSpace import ConfigurationSpace, Float
from autotune import Problem
space = ConfigurationSpace()
space.add(Float("x", (0.0, 1.0)))
problem = Problem(name="empty", summary="", space=space, objective=lambda _: 0.0)
"""
MORE = 60
WARM = 200


def say(**found: object) -> None:
    """One measurement."""
    print(json.dumps(found), flush=True)


def own_tasks(n: int, repeats: int) -> None:
    """Tasks through `submit` and `wait`: each in the child process of a rank, in its folder."""
    from autotune.cli import tune_evaluator
    from autotune.evaluators.mpi import MPIEvaluator
    from autotune.evaluators.warm import Workshop
    from autotune.trials import Trial

    world = tune_evaluator.world()
    assert world is not None

    def command() -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "empty.py"
            file.write_text(EMPTY)
            shop = Workshop(str(file), {}, None, Path(folder))
            with MPIEvaluator(world, shop, say=print) as evaluator:

                def run(count: int, label: str) -> float:
                    sent, begin = 0, time.perf_counter()
                    for _ in range(count):
                        while sent < count and evaluator.n_free:
                            evaluator.submit(Trial(f"{label}-{sent}", {"x": 0.5}))
                            sent += 1
                        assert evaluator.wait(60) is not None
                    return count / (time.perf_counter() - begin)

                run(WARM, "warm")
                for repeat in range(repeats):
                    say(rate=run(n, str(repeat)))

    tune_evaluator.run_on_ranks(world, command)


def empty(*_: object) -> float:
    """The objective of the peers."""
    return 0.0


def futures_tasks(n: int, repeats: int) -> None:
    """`MPICommExecutor.map`: in the rank's own process."""
    from mpi4py import MPI
    from mpi4py.futures import MPICommExecutor

    with MPICommExecutor(MPI.COMM_WORLD, root=0) as executor:
        if executor is not None:
            list(executor.map(empty, range(WARM)))
            for _ in range(repeats):
                begin = time.perf_counter()
                list(executor.map(empty, range(n)))
                say(rate=n / (time.perf_counter() - begin))


def deephyper_tasks(n: int, repeats: int) -> None:
    """`MPICommEvaluator`, all submitted at once and gathered."""
    from deephyper.evaluator import Evaluator
    from deephyper.evaluator.storage import MemoryStorage

    # Its own window storage fails an assertion of MPICH 5.0.2; this one is in rank 0's memory.
    storage = MemoryStorage()
    given = {"storage": storage, "search_id": storage.create_new_search()}
    with Evaluator.create(empty, method="mpicomm", method_kwargs=given) as evaluator:
        if evaluator is not None and evaluator.is_master:
            for _ in range(repeats):
                begin = time.perf_counter()
                evaluator.submit([{"x": 0.5}] * n)
                done = 0
                while done < n:
                    done += len(evaluator.gather("BATCH", size=1))
                say(rate=n / (time.perf_counter() - begin))


def libensemble_tasks(n: int, repeats: int) -> None:
    """A persistent uniform sampler on the manager, asynchronous; from first to last task."""
    import numpy as np
    from libensemble import Ensemble
    from libensemble.alloc_funcs.start_only_persistent import only_persistent_gens
    from libensemble.gen_funcs.persistent_sampling import persistent_uniform
    from libensemble.specs import AllocSpecs, ExitCriteria, GenSpecs, LibeSpecs, SimSpecs

    for _ in range(repeats):
        run = Ensemble(
            libE_specs=LibeSpecs(comms="mpi", gen_on_manager=True, disable_log_files=True),
            sim_specs=SimSpecs(sim_f=libensemble_empty, inputs=["x"], out=[("f", float)]),
            gen_specs=GenSpecs(
                gen_f=persistent_uniform,
                persis_in=["f", "x", "sim_id"],
                out=[("x", float, (1,))],
                user={"initial_batch_size": 64, "lb": np.zeros(1), "ub": np.ones(1)},
            ),
            alloc_specs=AllocSpecs(alloc_f=only_persistent_gens, user={"async_return": True}),
            exit_criteria=ExitCriteria(sim_max=n),
        )
        run.add_random_streams()
        history, _, _ = run.run()
        if run.is_manager:
            rows = history[history["sim_ended"]]
            took = rows["sim_ended_time"].max() - rows["sim_started_time"].min()
            say(rate=len(rows) / took)


def libensemble_empty(given: object, *_: object) -> tuple[object, object]:
    """The objective, in libEnsemble's form."""
    import numpy as np

    del given
    return np.zeros(1, dtype=[("f", float)]), {}


def manager(learner: str, recorded: list[int]) -> None:
    """CPU seconds of rank 0 for each trial after so many recorded ones, search included."""
    from autotune import problem_file
    from autotune.cli import tune_evaluator
    from autotune.evaluators.mpi import MPIEvaluator
    from autotune.evaluators.warm import Workshop
    from autotune.search import factory
    from autotune.search.settings import SearchSettings
    from autotune.store.memory import MemoryStore
    from autotune.trials import Completed, Timing, Trial
    from autotune.tuning import tune

    world = tune_evaluator.world()
    assert world is not None

    def command() -> None:
        problem = problem_file.load(PROBLEM, {"mean": "0"})
        source = factory.search(problem, SearchSettings(learner="random"))
        told = []
        for i in range(max(recorded)):
            config = source.ask()
            assert config is not None
            value = problem.objective(config)
            assert isinstance(value, float)
            told.append(Completed(Trial(f"m-{i:04d}", config), value, Timing(1, "w0", i, i + 1)))
        with (
            tempfile.TemporaryDirectory() as folder,
            MPIEvaluator(
                world, Workshop(PROBLEM, {"mean": "0.3"}, None, Path(folder)), say=print
            ) as evaluator,
        ):
            for count in recorded:
                search = factory.search(problem, SearchSettings(learner=learner))
                store = MemoryStore(told[:count])
                at: list[float] = []
                tune(
                    search, evaluator, store, n_trials=count + MORE,
                    on_outcome=lambda _, at=at: at.append(time.process_time()),
                )  # fmt: skip
                memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                say(recorded=count, cpu=(at[-1] - at[9]) / (MORE - 10), mib=memory)

    tune_evaluator.run_on_ranks(world, command)


def used() -> dict[str, float]:
    """What this process took of the CPU, in seconds, and of memory, in MiB."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu": usage.ru_utime + usage.ru_stime, "mib": usage.ru_maxrss / 1024}


def tune_verb(arguments: list[str]) -> None:
    """`autotune tune`, and what its manager took of the CPU and of memory."""
    import atexit

    from mpi4py import MPI

    from autotune.cli.main import main

    if MPI.COMM_WORLD.rank == 0:
        atexit.register(lambda: print(json.dumps(used()), file=sys.stderr))
    sys.argv = ["autotune", "tune", *arguments]
    main()


def sleeping(job: object) -> dict[str, object]:
    """The sleeping problem's objective, in DeepHyper's form: it maximises."""
    from mpi4py import MPI
    from mpi_problem import problem

    begun = time.time()
    value = problem().objective(dict(job.parameters))  # type: ignore[attr-defined]
    span = {"begun": begun, "ended": time.time(), "worker": f"w{MPI.COMM_WORLD.rank - 1}"}
    return {"objective": -value, "metadata": span}


def deephyper_workers(n: int) -> None:
    """DeepHyper's CBO as it is by default; one line for each trial."""
    from deephyper.evaluator import Evaluator
    from deephyper.evaluator.storage import MemoryStorage
    from deephyper.hpo import CBO, HpProblem

    problem = HpProblem()
    for i in range(6):
        problem.add_hyperparameter((0.0, 1.0), f"x{i}")
    storage = MemoryStorage()
    given = {"storage": storage, "search_id": storage.create_new_search()}
    with Evaluator.create(sleeping, method="mpicomm", method_kwargs=given) as evaluator:
        if evaluator is not None and evaluator.is_master:
            with tempfile.TemporaryDirectory() as folder:
                found = CBO(problem, random_state=12345, log_dir=folder).search(evaluator, n)
            for _, row in found.iterrows():
                span = {name: row[f"m:{name}"] for name in ("worker", "begun", "ended")}
                # nothing is proposed ahead: a trial begins when it is submitted
                say(**span, submitted=span["begun"], value=-row["objective"])
            say(**used())


TASKS: dict[str, Callable[[int, int], None]] = {
    "autotune": own_tasks,
    "futures": futures_tasks,
    "deephyper": deephyper_tasks,
    "libensemble": libensemble_tasks,
}

if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "tasks":
        TASKS[words[0]](int(words[1]), int(words[2]))
    elif what == "manager":
        manager(words[0], [int(word) for word in words[1:]])
    elif what == "deephyper":
        deephyper_workers(int(words[0]))
    else:
        tune_verb(words)
