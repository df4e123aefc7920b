"""Rate, utilisation and expected end, from outcomes whose times are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.cli.status_progress import progress
from autotune.trials import Completed, Timing, Trial


def outcome(writer, worker, start, seconds):
    timing = Timing(seconds, worker, start, start + seconds)
    return Completed(Trial(f"{writer}-{start:g}", {}), 1.0, timing)


@given(
    workers=st.integers(1, 20),
    seconds=st.floats(1, 30),
    idle=st.floats(0, 30),
    each=st.integers(2, 8),
)
def test_workers_that_rest_between_trials_are_busy_for_the_rest_of_the_time(
    workers, seconds, idle, each
):
    step = seconds + idle
    outcomes = [
        outcome("0001", f"w{w}", 1000 + i * step, seconds)
        for w in range(workers)
        for i in range(each)
    ]
    end = max(o.timing.finished_at for o in outcomes)
    found = progress(outcomes, end)
    span = each * seconds + (each - 1) * idle
    assert found.workers == workers
    assert found.utilisation == pytest.approx(each * seconds / span)
    assert found.rate == pytest.approx(workers * each / span)
    assert found.ends_at(end, 10) == pytest.approx(end + 10 / found.rate)


def test_only_the_last_hour_counts():
    old = [outcome("0001", "w0", float(i), 1.0) for i in range(100)]
    new = [outcome("0002", "w0", 10_000.0 + 10 * i, 10.0) for i in range(10)]
    found = progress([*old, *new], 10_100.0)
    assert (found.workers, found.utilisation) == (1, pytest.approx(1.0))
    assert found.rate == pytest.approx(0.1)


def test_workers_of_one_name_in_two_jobs_are_two():
    outcomes = [
        outcome(writer, "w0", 10.0 * i, 10.0) for writer in ("0001", "0002") for i in range(3)
    ]
    found = progress(outcomes, 30.0)
    assert (found.workers, found.utilisation) == (2, pytest.approx(1.0))


@pytest.mark.parametrize("n", [0, 1])
def test_one_outcome_has_no_rate(n):
    found = progress([outcome("0001", "w0", 0.0, 1.0)][:n], 1.0)
    assert found.rate is found.utilisation is None
    assert found.ends_at(1.0, 5) is None
