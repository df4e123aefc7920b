"""How busy workers were: shares of their time, and what the last trials' drain takes of it."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpi import medians
from mpi_use import Span, use

SECONDS = st.floats(min_value=0.01, max_value=100.0)


def back_to_back(worker: str, seconds: list[float], wait: float = 0.0) -> list[Span]:
    """Trials of one worker, each submitted when it begins, after a wait."""
    begun = accumulate((last + wait for last in seconds[:-1]), initial=0.0)
    return [
        Span(worker, at, at, at + lasting, lasting)
        for at, lasting in zip(begun, seconds, strict=True)
    ]


@given(st.lists(st.lists(SECONDS, min_size=2, max_size=8), min_size=1, max_size=4))
def test_workers_that_never_wait_are_busy_until_the_drain(each):
    trials = [t for i, seconds in enumerate(each) for t in back_to_back(f"w{i}", seconds)]
    found = use(trials, len(each))
    drain = max(trial.submitted for trial in trials)
    idle = sum(max(0.0, drain - sum(seconds)) for seconds in each)
    assert found["busy"] == pytest.approx(1 - idle / (len(each) * drain))
    assert found["busy_with_drain"] <= 1 + 1e-9
    assert found["wait_seconds"] == pytest.approx(0.0, abs=1e-9)
    assert found["best"] == min(map(min, each))


def test_a_worker_that_waits_as_long_as_it_works_is_half_busy():
    found = use(back_to_back("w0", [2.0] * 5, wait=2.0), 1)
    assert found["busy"] == 0.5
    assert found["wait_seconds"] == 2.0


def test_the_drain_counts_only_where_it_is_asked_for():
    trials = back_to_back("w0", [1.0, 1.0]) + back_to_back("w1", [1.0, 9.0])
    found = use(trials, 2)
    assert found["busy"] == 1.0
    assert found["busy_with_drain"] == pytest.approx(12 / 20)


def test_a_worker_without_a_trial_is_an_error():
    with pytest.raises(AssertionError):
        use(back_to_back("w0", [1.0, 1.0]), 2)


def test_jobs_that_differ_in_the_seed_alone_are_one_row_of_medians():
    def job(mpi: str, seed: int, busy: float) -> dict[str, str | int | float]:
        told = {"busy_with_drain": 0.5, "wait_seconds": 0.1, "manager_cpu": 0.01, "manager_mib": 9}
        key = {"mpi": mpi, "tool": "autotune", "learner": "GP", "seed": seed, "workers": 8}
        return {**key, "busy": busy, **told}

    jobs = [job("mpich", i, busy) for i, busy in enumerate((0.9, 0.99, 0.98))]
    one, other = medians([*jobs, job("openmpi", 0, 0.7)])
    assert (one["jobs"], one["busy"], one["least_busy"]) == (3, 0.98, 0.9)
    assert (other["mpi"], other["jobs"], other["busy"]) == ("openmpi", 1, 0.7)
