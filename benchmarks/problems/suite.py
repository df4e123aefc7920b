"""Every problem that searches are compared on, by name."""

from collections.abc import Callable
from functools import partial

from autotune import problem_file
from problems import functions, ladder, moe, twenty
from problems.bench import Bench

NOISE = 0.005  # nats: what repeated short training runs show
FAILURES = 0.1


def _moe(name: str = "moe", *, noise: float = 0.0, failures: float = 0.0) -> Bench:
    problem = moe.problem()
    return Bench(name=name, problem=problem, noise=noise, failures=failures, caveat=moe.CAVEAT)


def _hartmann6(name: str = "hartmann6", *, noise: float = 0.0, failures: float = 0.0) -> Bench:
    return Bench(name=name, problem=functions.hartmann6(), noise=noise, failures=failures)


SUITE: dict[str, Callable[[], Bench]] = {
    "moe": _moe,
    "hartmann6": _hartmann6,
    "branin": lambda: Bench(name="branin", problem=functions.branin()),
    "ackley10": lambda: Bench(name="ackley10", problem=functions.ackley10()),
    "ackley20": lambda: Bench(name="ackley20", problem=twenty.ackley20()),
    "rosenbrock20": lambda: Bench(name="rosenbrock20", problem=twenty.rosenbrock20()),
    "levy20": lambda: Bench(name="levy20", problem=twenty.levy20()),
    "moe_budget": lambda: Bench(name="moe_budget", problem=problem_file.load("moe_budget", {})),
    "dense_budget": lambda: Bench(
        name="dense_budget", problem=problem_file.load("dense_budget", {"law": "hoffmann2022"})
    ),
    "moe_noisy": partial(_moe, "moe_noisy", noise=NOISE),
    "hartmann6_noisy": partial(_hartmann6, "hartmann6_noisy", noise=NOISE),
    "moe_failures": partial(_moe, "moe_failures", failures=FAILURES),
    "hartmann6_failures": partial(_hartmann6, "hartmann6_failures", failures=FAILURES),
    "ladder": lambda: Bench(name="ladder", problem=ladder.problem()),
}
