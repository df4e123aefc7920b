"""A search keeps BLAS to one thread while it thinks, and gives the threads back."""

import numpy as np
import pytest
import scipy.linalg  # noqa: F401  its BLAS is one of those that are counted
from ConfigSpace import ConfigurationSpace, Float
from threadpoolctl import ThreadpoolController

from autotune.problem import Constraint, Problem
from autotune.search import factory
from autotune.search.one_thread import one_thread
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Timing, Trial

BLAS = ThreadpoolController().select(user_api="blas")


def counted() -> list[int]:
    """Threads of each BLAS of this process."""
    return [library["num_threads"] for library in BLAS.info()]


@pytest.mark.parametrize("learner", ["GP", "RF"])
def test_a_search_thinks_with_one_thread_and_gives_the_others_back(learner):
    space = ConfigurationSpace()
    space.add([Float(f"x{i}", (0.0, 1.0)) for i in range(2)])
    seen = []

    def allowed(config):
        seen.append(counted())
        return config["x0"] + config["x1"] < 1.9

    problem = Problem(
        name="waves",
        summary="",
        space=space,
        objective=lambda _: 0.0,
        constraints=(Constraint("x0 + x1 < 1.9", allowed),),
    )
    search = factory.search(problem, SearchSettings(learner=learner, seed=1))
    for i, point in enumerate(np.random.default_rng(0).uniform(0, 0.9, (12, 2))):
        config = {f"x{j}": float(x) for j, x in enumerate(point)}
        timing = Timing(1.0, "w0", i, i + 1.0)
        search.tell(Completed(Trial(f"{i:04d}", config), float(np.sin(5 * point).sum()), timing))
    with BLAS.limit(limits=3):
        before = counted()
        seen.clear()
        assert search.ask() is not None
        assert seen
        assert all(threads == [1] * len(before) for threads in seen)
        assert counted() == before == [3] * len(before)


def test_the_threads_of_before_come_back_even_after_an_error():
    with BLAS.limit(limits=3):
        before = counted()
        with pytest.raises(RuntimeError), one_thread():
            raise RuntimeError
        assert counted() == before
