"""The benchmark of training: its log survives a kill, and its tables say what the rows say."""

import math

import pytest

pytest.importorskip("torch")

import train_losses
import train_tables
from train_log import Job, Log, Row
from train_shapes import SIZES, SPARSE, equal_steps, flops_per_token


def rows_of(job, loss, *, step_ms=1.0):
    """The rows of a run whose loss falls by 0.1 with each budget."""
    return [
        Row(
            job.part, job.shape, job.tool, job.lr, job.seed, budget, job.steps[-1], 128 * budget,
            loss - 0.1 * i, 1e9 * (i + 1), 2.0, step_ms,
        )
        for i, budget in enumerate(job.steps)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A log of every run, in which the peers are 0.2 and 0.3 nats worse."""
    log = Log(tmp_path_factory.mktemp("log") / "runs.csv")
    for job in train_losses.jobs(log):
        above = {"plain loop": 0.2, "Trainer": 0.3}.get(job.tool, 0.0) + (job.lr == 8e-3)
        slow = 1.5 if job.shape.endswith(SPARSE) else 1.0
        log.add(rows_of(job, 2.0 + above + 0.01 * job.seed, step_ms=slow))
    return log


def test_a_log_reads_back_as_it_was_written_and_has_every_run(full):
    again = Log.open(full.path)
    assert again.rows == full.rows
    assert all(again.has(job) for job in train_losses.jobs(again))


def test_a_line_that_a_kill_tore_is_cut_off_and_its_run_is_made_again(full, tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(full.path.read_text()[:-5])
    torn = Log.open(path)
    left = [job for job in train_losses.jobs(torn) if not torn.has(job)]
    assert len(left) == 1
    torn.add(rows_of(left[0], 1.0))
    assert len(Log.open(path).rows) == len(full.rows)


def test_a_trunk_that_lacks_a_budget_is_not_done(tmp_path):
    job = Job(part="trunk", shape="24x2", tool="autotune", seed=0, steps=(2, 4))
    log = Log(tmp_path / "runs.csv", rows_of(job, 2.0)[1:])
    assert not log.has(job)


@pytest.mark.parametrize("size", SIZES)
def test_experts_train_on_as_many_flops_as_the_dense_model(size):
    dense, sparse = flops_per_token(size), flops_per_token(size + SPARSE)
    steps = equal_steps(size + SPARSE, 256)
    assert steps * sparse == pytest.approx(256 * dense, rel=0.5 / steps)
    assert steps < 256


def test_noise_is_the_spread_over_seeds_and_its_error_falls_with_their_root(full):
    for row in train_tables.seed_noise(full.rows):
        assert row["seeds"] == 5
        assert row["sd"] == pytest.approx(0.01 * math.sqrt(2.5))
        assert row["se"] == pytest.approx(row["sd"] / math.sqrt(5))


def test_peers_stand_at_their_better_rate_and_at_their_distance(full):
    table = list(train_tables.against(full.rows))
    assert len(table) == 6 * 3
    peers = {"autotune": (1.0, 0.0), "plain loop": (4e-3, 0.2), "Trainer": (4e-3, 0.3)}
    for row in table:
        assert (row["lr"], row["above_ours"]) == pytest.approx(peers[row["tool"]])


def test_at_equal_seconds_the_dense_model_has_the_steps_that_experts_take_the_time_of(full):
    flops, seconds = list(train_tables.experts(full.rows))[:2]
    assert flops["dense_tokens"] == 256 * 128
    assert seconds["dense_tokens"] == pytest.approx(1.5 * flops["sparse_tokens"], abs=128)


def test_a_trunk_is_compared_with_runs_of_its_own_budgets(full):
    *_, last = train_tables.branches(full.rows)
    assert last["trunk_above_alone"] == pytest.approx(-0.3)
    first, *_ = train_tables.branch_cost(full.rows)
    assert first["flops_saving"] == pytest.approx(4e9 / 10e9)
