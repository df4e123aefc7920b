"""The recorded tables of designs are what the code makes, in the rows that are quick to make."""

import csv
from pathlib import Path

import design as benchmark
import design_searches
import pytest

from autotune import problem_file

RECORDED = Path(__file__).resolve().parents[2] / "results/reference/design"


def rows(name, **wanted):
    with (RECORDED / f"{name}.csv").open(newline="") as file:
        found = [dict(row) for row in csv.DictReader(file)]
    return [row for row in found if all(row[key] == value for key, value in wanted.items())]


def test_the_recorded_shares_are_those_of_the_problem():
    made = list(benchmark.feasible(("1e20",)))
    assert [{key: str(value) for key, value in row.items()} for row in made] == rows(
        "feasible", flops="1e20"
    )


def test_the_recorded_choices_are_those_of_the_laws():
    made = list(benchmark.laws(("3e20",), ("zhao2025",)))
    for new, old in zip(made, rows("laws", flops="3e20", law="zhao2025"), strict=True):
        for name, value in new.items():
            same = value if isinstance(value, str) else pytest.approx(value, rel=1e-5)
            assert (old[name] if isinstance(value, str) else float(old[name])) == same


@pytest.mark.parametrize("way", design_searches.WAYS[:2], ids=lambda way: way.name)
def test_a_recorded_search_goes_as_it_went(way):
    problem = problem_file.load("moe_architecture", {"flops": design_searches.FLOPS, **way.given})
    known = problem.best_known().value
    new = design_searches.search(problem, known, way, learner="random", seed=0)
    (old,) = rows("searches", way=way.name, learner="random", seed="0")
    for name in ("trials", "models", "within_0.01", "within_0.003", "within_0.001"):
        assert str(new[name]) == old[name]
    assert new["loss"] == pytest.approx(float(old["loss"]), rel=1e-5)
    assert known == pytest.approx(float(old["best_known"]), rel=1e-5)


def test_a_search_that_knows_no_constraint_records_what_breaks_one_as_failed():
    blind = design_searches.WAYS[-1]
    problem = problem_file.load("moe_architecture", {"flops": "1e20", **blind.given})
    found = design_searches.search(problem, 2.43, blind, learner="random", seed=0)
    assert found["models"] == int(rows("searches", way=blind.name, learner="random")[0]["models"])


def test_the_commands_cost_that_is_recorded_is_below_a_second():
    cost = {row["what"]: float(row["cpu_seconds"]) for row in rows("cost")}
    assert all(seconds < 1 for seconds in cost.values())
    assert len(cost) == 5
