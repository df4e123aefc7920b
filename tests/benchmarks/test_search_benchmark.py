"""The comparison of searches: counting, peers, the record of runs, and its one command."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from problems.suite import SUITE
from search import searches, split
from search_ours import DECLARED, own
from search_peers import PEERS, quiet
from search_record import Journal, Row, losses, markdown, put, steps, summary
from search_run import FREE, Answer, Meter, SpentError, drive, run

ROOT = Path(__file__).resolve().parents[2]
FEW = 14  # evaluations: past the ten initial points


class Fixed:
    """Asks the same configurations in turn."""

    def __init__(self, *configs):
        self.configs, self.answers = configs, []

    def ask(self):
        return self.configs[len(self.answers) % len(self.configs)]

    def tell(self, _config, answer):
        self.answers.append(answer)


BRANIN = [{"x": 0.0, "y": 0.0}, {"x": np.pi, "y": 2.275}, {"x": 1.0, "y": 1.0}]


def regrets(bench, asker, evaluations, seed=0):
    return run(bench, drive(lambda *_: asker), seed=seed, evaluations=evaluations).regrets


def test_regret_is_that_of_the_best_so_far():
    bench = SUITE["branin"]()
    found = regrets(bench, Fixed(*BRANIN), 3)
    assert found == pytest.approx([bench.true(BRANIN[0]) - bench.optimum, 0, 0], abs=1e-12)


def test_under_noise_regret_is_the_true_one_of_the_best_measured_value():
    bench = replace(SUITE["branin"](), noise=200.0)
    order = [BRANIN[1], BRANIN[0], BRANIN[2]]  # the minimum first
    asker = Fixed(*order)
    found = regrets(bench, asker, 40)
    measured = np.array([answer.value for answer in asker.answers])
    true = [bench.true(order[i % 3]) - bench.optimum for i in range(40)]
    expected = [max(true[int(np.argmin(measured[: n + 1]))], 0) for n in range(40)]
    assert found == pytest.approx(expected, abs=1e-9)
    assert len(set(found)) > 1
    assert np.any(np.diff(found) > 0)  # noise made it choose a worse one


def test_a_failed_evaluation_counts_and_has_no_value():
    bench = replace(SUITE["branin"](), failures=1.0)
    asker = Fixed(*BRANIN)
    assert regrets(bench, asker, 3) == [np.inf] * 3
    assert asker.answers == [Answer(None)] * 3


def test_a_forbidden_configuration_costs_nothing_until_there_are_too_many():
    bench = SUITE["moe_budget"]()
    forbidden = {"n_active": 1e9, "n_experts": 2, "top_k": 16}
    allowed = bench.problem.best_known().config
    asker = Fixed(forbidden, allowed)
    made = run(bench, drive(lambda *_: asker), seed=0, evaluations=3)
    assert (len(made.regrets), made.refused) == (3, 3)
    assert asker.answers[0].value is None
    assert asker.answers[0].violates
    assert asker.answers[1].value == pytest.approx(bench.optimum)
    stubborn = run(bench, drive(lambda *_: Fixed(forbidden)), seed=0, evaluations=3)
    assert stubborn.regrets == [np.inf] * 3
    assert stubborn.refused == (1 + FREE) * 3


def test_a_spent_meter_evaluates_no_more():
    meter = Meter(SUITE["branin"](), 0, 1)
    meter(BRANIN[0])
    with pytest.raises(SpentError):
        meter(BRANIN[0])


def test_a_search_with_nothing_left_to_propose_ends():
    class Empty(Fixed):
        def ask(self):
            return None

    assert regrets(SUITE["branin"](), Empty(), 5) == []


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("problem", ["ackley10", "moe_failures"])
@pytest.mark.parametrize("name", PEERS)
def test_a_peer_runs_on_mixed_spaces_constraints_and_failures(name, problem):
    peer = PEERS[name]
    if not peer.installed:
        pytest.skip(f"{peer.module} is not installed")
    with quiet():
        made = run(SUITE[problem](), peer.search, seed=3, evaluations=FEW)
    assert len(made.regrets) == FEW
    assert np.isfinite(made.regrets[-1])
    assert made.seconds > 0


@pytest.mark.parametrize("problem", ["branin", "moe_budget", "moe_failures"])
@pytest.mark.long
def test_our_searches_run_with_their_defaults_and_break_no_constraint(problem):
    bench = SUITE[problem]()
    searches = own(bench.problem)
    assert "autotune" in searches
    made = run(bench, searches["autotune"].search, seed=3, evaluations=FEW)
    assert len(made.regrets) == FEW
    assert made.refused == 0


@pytest.mark.parametrize("name", ["random", "scipy dual_annealing", "autotune"])
def test_a_seed_makes_the_same_run_again(name):
    bench = SUITE["branin"]()
    search = {**PEERS, **own(bench.problem)}[name].search
    first, again, other = (run(bench, search, seed=s, evaluations=FEW).regrets for s in (1, 1, 2))
    assert first == again != other


def row(**changes):
    base = Row(
        problem="moe", peer="a", seed=0, evaluations=4, cpu_s=2.0, refused=0, version="a 1",
        steps=((2, 0.5), (4, 0.1)),
    )  # fmt: skip
    return replace(base, **changes)


def test_steps_are_where_a_regret_changes():
    assert steps([np.inf, 0.5, 0.5, 0.1]) == ((2, 0.5), (4, 0.1))
    assert row().curve(6).tolist() == [np.inf, 0.5, 0.5, 0.1, 0.1, 0.1]


def test_a_journal_goes_on_after_an_interruption(tmp_path):
    path = tmp_path / "runs.jsonl"
    journal = Journal(path)
    journal.add(row())
    journal.add(row(seed=1))
    with path.open("a") as file:
        file.write('{"problem": "moe", "pe')  # killed while it wrote
    again = Journal(path)
    assert again.rows == journal.rows
    again.add(row(seed=2))
    assert list(Journal(path).rows.values()) == [row(), row(seed=1), row(seed=2)]


def test_runs_to_be_made_again_are_dropped_alone(tmp_path):
    journal = Journal(tmp_path / "runs.jsonl")
    for each in (row(), row(peer="b"), row(problem="branin")):
        journal.add(each)
    journal.drop(["moe"], ["a"])
    assert list(Journal(tmp_path / "runs.jsonl").rows.values()) == [
        row(peer="b"),
        row(problem="branin"),
    ]


def test_a_summary_has_medians_the_worst_seed_and_the_cost_of_an_evaluation():
    rows = [row(seed=i, steps=((1, 2.0), (3, float(i)))) for i in range(3)]
    (record,) = summary(rows, evaluations=4)
    assert record == {
        "problem": "moe", "peer": "a", "seeds": 3, "r4": 1.0, "worst4": 2.0, "cpu_s": 0.5,
    }  # fmt: skip


def test_losses_name_who_is_below_ours_and_nobody_else():
    rows = [row(peer="ours"), row(peer="b", steps=((1, 0.01),)), row(peer="c", steps=((1, 0.9),))]
    rows.append(row(peer="ours, RF", steps=((1, 0.01),)))
    assert losses(summary(rows, evaluations=4), own="ours") == [
        "moe, r4: b 0.01 (1 seeds); ours 0.1",
        "moe, worst4: b 0.01 (1 seeds); ours 0.1",
    ]


def test_a_name_with_a_comma_is_one_name():
    assert split("random,autotune, prior abnar2025,skopt RF") == [
        "random", "autotune, prior abnar2025", "skopt RF",
    ]  # fmt: skip


def test_a_search_that_a_problem_has_not_is_named_and_passed_over(capsys):
    asked = ["random", "autotune, prior abnar2025"]
    assert [peer.name for peer in searches(asked, SUITE["branin"]())] == ["random"]
    assert "autotune, prior abnar2025: passed over, branin has" in capsys.readouterr().err
    assert [peer.name for peer in searches(asked, SUITE["moe"]())] == asked


def test_noise_is_declared_in_one_row_of_a_noisy_problem():
    bench = SUITE["moe_noisy"]()
    assert set(own(bench.problem, noise=bench.noise)) - set(own(bench.problem)) == {DECLARED}


def test_a_table_is_put_between_its_marks_and_nothing_else_is_touched():
    text = "a\n<!-- table -->\nold\n<!-- /table -->\nb\n"
    assert put(text, "table", "new") == text.replace("old", "new")
    assert put(text, "losses", "new") == text
    assert markdown([{"problem": "moe", "r4": 0.01234}]) == (
        "| problem | r4 |\n| --- | --- |\n| moe | 0.012 |"
    )


def command(out, *options):
    script = ROOT / "benchmarks/search.py"
    asked = ["--problems", "branin", "--peers", "random,autotune", "--evals", "12"]
    done = subprocess.run(
        [sys.executable, script, *asked, "--out", out, *options],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout, done.stderr


@pytest.mark.long
def test_one_command_makes_the_table_the_plots_and_goes_on_where_it_stopped(tmp_path):
    pytest.importorskip("matplotlib")
    printed, said = command(tmp_path, "--seeds", "1")
    assert "autotune" in printed
    assert "1/2 branin, random, seed 0" in said
    _, said = command(tmp_path, "--seeds", "2")
    assert "1/2 branin, random, seed 1" in said
    assert "seed 0" not in said
    for name in ("regret.csv", "runs.jsonl", "branin.png", "branin.svg"):
        assert (tmp_path / name).stat().st_size > 0
    made_by = json.loads((tmp_path / "manifest.json").read_text())
    assert made_by["evaluations"] == 12
    assert any(name.startswith("autotune-llm") for name in made_by["peers"])
