"""The benchmarks of cost and of many workers: a simulated clock, and figures with a limit."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import search_cost
from problems.suite import SUITE
from search_async import LONGEST, SHORTEST, Farm, simulate
from search_ours import own
from search_peers import PEERS, quiet

ROOT = Path(__file__).resolve().parents[2]


class Watched:
    """Draws at random; counts what is pending."""

    def __init__(self, bench):
        self.asker = PEERS["random"].start(bench.problem, 0)
        self.pending, self.most, self.told = [], 0, []

    def ask(self):
        config = self.asker.ask()
        self.pending.append(config)
        self.most = max(self.most, len(self.pending))
        return config

    def tell(self, config, answer):
        self.pending.remove(config)
        self.told.append((config, answer))


@pytest.mark.parametrize("workers", [1, 8])
def test_every_worker_is_kept_busy_and_every_evaluation_told_once(workers):
    bench = SUITE["branin"]()
    watched = Watched(bench)
    made = simulate(bench, watched, Farm(workers, 80, 3600.0), 0)
    assert watched.most == workers
    assert watched.pending == []
    assert len(watched.told) == 80
    least = min(bench.true(config) for config, _ in watched.told)
    assert made.regret == pytest.approx(least - bench.optimum)
    rounds = 80 / workers * 3600.0
    assert SHORTEST * rounds < made.seconds < LONGEST * rounds
    assert 0.7 < made.busy <= 1


def test_outcomes_arrive_in_the_order_in_which_they_end():
    bench = SUITE["branin"]()
    asked, watched = [], Watched(bench)
    ask = watched.ask
    watched.ask = lambda: asked.append(ask()) or asked[-1]
    simulate(bench, watched, Farm(8, 80, 3600.0), 0)
    order = [asked.index(config) for config, _ in watched.told]
    assert order != sorted(order)
    assert max(np.abs(np.array(order) - np.arange(80))) < 3 * 8


def test_a_slow_manager_is_waited_for():
    """Evaluations of no time at all: the wall time is the manager's."""
    bench = SUITE["branin"]()
    asker = own(bench.problem)["autotune"].start(bench.problem, 0)
    made = simulate(bench, asker, Farm(8, 20, 1e-9), 0)
    assert made.seconds == pytest.approx(made.manager, rel=0.1)
    assert made.busy < 1e-3


@pytest.mark.parametrize(
    "name",
    ["autotune", *(pytest.param(p, marks=pytest.mark.long) for p in search_cost.PEERS_THAT_LOAD)],
)
def test_a_search_is_told_many_evaluations_and_asked_for_many(name):
    if name in PEERS and not PEERS[name].installed:
        pytest.skip(f"{PEERS[name].module} is not installed")
    with quiet():
        for batch in (0, 3):
            figures = search_cost.measure(name, 12, batch)
            assert figures["next_s"] > 0
            assert figures["loaded_s"] > 0


def test_a_figure_over_its_limit_is_empty():
    found = search_cost.row("autotune", 20, 0, 0)
    assert found == {
        "search": "autotune", "told": 20, "batch": 0, "loaded_s": "", "next_s": "",
    }  # fmt: skip


def test_a_row_made_again_takes_the_place_of_the_same_one(tmp_path):
    def row(search, told, seconds):
        return {"search": search, "told": told, "batch": 0, "loaded_s": "", "next_s": seconds}

    path = tmp_path / "cost.csv"
    assert search_cost.recorded(path) == []
    search_cost.write(path, [row("a", 100, 1.0), row("a", 1000, 1.0), row("b", 100, 1.0)])
    made = search_cost.merged(search_cost.recorded(path), row("a", 100, 2.0))
    figures = [(each["search"], int(each["told"]), each["next_s"]) for each in made]
    assert figures == [("a", 1000, 1.0), ("b", 100, 1.0), ("a", 100, 2.0)]


@pytest.mark.long
def test_one_command_writes_what_many_workers_came_to(tmp_path):
    script = ROOT / "benchmarks/search_async.py"
    asked = ["--problems", "branin", "--evals", "24", "--workers", "4", "--seeds", "1"]
    done = subprocess.run(
        [sys.executable, script, *asked, "--out", tmp_path],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "wall_ratio" in done.stdout
    with (tmp_path / "async.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert 1 < float(row["wall_ratio"]) <= 4
    assert json.loads((tmp_path / "async_manifest.json").read_text())["workers"] == 4
