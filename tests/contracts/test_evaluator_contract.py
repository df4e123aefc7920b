"""What every evaluator owes the loop, whatever the objective does short of dying."""

import os
from itertools import count
from pathlib import Path

import pytest

from autotune import problem_file
from autotune.evaluators import mpi_launch
from autotune.evaluators.mpi import MPIEvaluator
from autotune.evaluators.processes import ProcessEvaluator
from autotune.evaluators.serial import SerialEvaluator
from autotune.evaluators.warm import Workshop
from autotune.trials import Completed, Failed, FailureKind, Trial

PROBLEM = Path(__file__).parent.parent / "evaluators" / "misbehaves.py"
NUMBERS = count()


# tests/evaluators/test_mpi.py starts this file once more, on rank 0 of two.
UNDER_MPI = mpi_launch.launched(os.environ)


@pytest.fixture(scope="module", params=["mpi"] if UNDER_MPI else ["serial", "processes"])
def bench(request, tmp_path_factory):
    """An evaluator and its study's folder; starting one is slow, so all tests share it."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "serial":
        yield SerialEvaluator(problem_file.load(str(PROBLEM), {}).objective, folder), folder
    elif request.param == "mpi":
        world, shop = request.getfixturevalue("world"), Workshop(str(PROBLEM), {}, None, folder)
        with MPIEvaluator(world, shop, say=print) as evaluator:
            yield evaluator, folder
    else:
        with ProcessEvaluator(
            str(PROBLEM), {}, workers=1, trial_timeout=None, folder=folder
        ) as evaluator:
            yield evaluator, folder


def trial(do):
    return Trial(f"t-{next(NUMBERS)}", {"do": do})


def result(bench, do):
    evaluator, _ = bench
    evaluator.submit(trial(do))
    outcome = evaluator.wait(60)
    assert outcome is not None
    return outcome


class TestEvaluator:
    def test_a_submitted_trial_takes_a_worker_until_its_outcome_is_returned(self, bench):
        evaluator, _ = bench
        free = evaluator.n_free
        assert free >= 1
        submitted = trial("one")
        evaluator.submit(submitted)
        assert evaluator.n_free == free - 1
        outcome = evaluator.wait(60)
        assert outcome.trial == submitted
        assert evaluator.n_free == free

    def test_every_trial_is_either_taken_back_or_answered(self, bench):
        evaluator, _ = bench
        sent = [trial("one") for _ in range(evaluator.n_free)]
        for each in sent:
            evaluator.submit(each)
        back, answered = [], []
        while len(back) + len(answered) < len(sent):
            back += evaluator.recall()
            if (outcome := evaluator.wait(1)) is not None:
                answered.append(outcome.trial)
        assert sorted(each.id for each in back + answered) == sorted(each.id for each in sent)
        assert evaluator.recall() == []
        assert isinstance(result(bench, "one"), Completed)  # it goes on as if nothing had been

    def test_waiting_with_nothing_running_returns_none(self, bench):
        assert bench[0].wait(0.01) is None

    @pytest.mark.parametrize(("do", "value"), [("one", 1.0), ("half", 0.5), ("array", 2.5)])
    def test_any_finite_real_number_is_a_value(self, bench, do, value):
        outcome = result(bench, do)
        assert isinstance(outcome, Completed)
        assert outcome.value == value
        assert type(outcome.value) is float

    def test_a_mapping_carries_metrics(self, bench):
        outcome = result(bench, "metrics")
        assert outcome.value == 2.0
        assert outcome.metrics["n_active"] == 7.0
        assert str(outcome.metrics["grad"]) == "nan"

    def test_a_metric_that_is_no_number_is_left_out_and_the_log_says_so(self, bench):
        outcome = result(bench, "bad metric")
        assert (outcome.value, outcome.metrics) == (2.0, {})
        log = bench[1] / "trials" / outcome.trial.id / "log.txt"
        assert log.read_text() == "autotune: left out, being no numbers: name\n"

    @pytest.mark.parametrize(
        ("do", "detail"),
        [
            ("nan", "the objective returned nan"),
            ("inf", "the objective returned -inf"),
            ("text", "the objective returned '0.5'"),
            ("none", "the objective returned None"),
            ("true", "the objective returned True"),
            ("two", "the objective returned array([1., 1.])"),
            ("no objective", "the objective's mapping has no 'objective', but 'loss'"),
        ],
    )
    def test_what_is_not_a_finite_number_fails_and_is_shown(self, bench, do, detail):
        outcome = result(bench, do)
        assert isinstance(outcome, Failed)
        assert (outcome.kind, outcome.detail) == (FailureKind.NOT_A_NUMBER, detail)

    @pytest.mark.parametrize(
        ("do", "kind", "detail"),
        [
            ("raise", FailureKind.CRASHED, "ValueError: by design"),
            ("exit", FailureKind.CRASHED, "SystemExit: 3"),
            ("memory", FailureKind.OUT_OF_MEMORY, "MemoryError: "),
            ("timeout", FailureKind.TIMEOUT, "TimeoutError: own limit"),
            ("diverge", FailureKind.DIVERGED, "FloatingPointError: loss is nan"),
            ("infeasible", FailureKind.INFEASIBLE, "InfeasibleError: no such shape"),
        ],
    )
    def test_an_exception_fails_the_trial_with_its_kind(self, bench, do, kind, detail):
        outcome = result(bench, do)
        assert isinstance(outcome, Failed)
        assert (outcome.kind, outcome.detail) == (kind, detail)

    def test_a_failure_carries_what_the_trial_printed_and_the_traceback(self, bench):
        outcome = result(bench, "raise")
        assert outcome.log.startswith("about to raise\nTraceback")
        assert "misbehaves.py" in outcome.log
        log = bench[1] / "trials" / outcome.trial.id / "log.txt"
        assert log.read_text() == outcome.log

    def test_a_trial_starts_in_an_emptied_folder_even_if_its_id_was_used(self, bench):
        evaluator, folder = bench
        left = folder / "trials" / "again" / "left-by-a-crash"
        left.parent.mkdir(parents=True)
        left.write_text("x")
        evaluator.submit(Trial("again", {"do": "count"}))
        assert evaluator.wait(60).value == 0.0
        assert not left.parent.exists()

    def test_a_trial_that_leaves_nothing_leaves_no_folder(self, bench):
        outcome = result(bench, "one")
        assert not (bench[1] / "trials" / outcome.trial.id).exists()

    def test_what_a_trial_writes_is_kept(self, bench):
        outcome = result(bench, "write")
        folder = bench[1] / "trials" / outcome.trial.id
        assert [path.name for path in folder.iterdir()] == ["file"]

    def test_what_a_trial_prints_is_kept_in_its_log_and_nowhere_else(self, bench, capfd):
        outcome = result(bench, "print")
        log = bench[1] / "trials" / outcome.trial.id / "log.txt"
        assert log.read_text() == "hello from the trial\n"
        assert capfd.readouterr() == ("", "")

    def test_an_objective_that_changes_its_configuration_changes_nothing_on_record(self, bench):
        before = result(bench, "cwd").value
        assert result(bench, "change").trial.config == {"do": "change"}
        assert result(bench, "cwd").value == before

    def test_times_are_in_order_and_the_worker_is_named(self, bench):
        timing = result(bench, "nap").timing
        assert timing.worker == "w0"
        assert 0.25 < timing.seconds <= timing.finished_at - timing.submitted_at + 0.01
