"""`moe_architecture` under mpiexec: two phases, of which every worker runs trials."""

import csv

import pytest

pytestmark = [pytest.mark.xdist_group("mpi"), pytest.mark.long]
RATIOS = ("p:m_over_law", "p:density", "p:expansion")


def test_ratios_come_first_and_then_hidden_sizes_of_one_of_their_best(mpi, tmp_path):
    """A trial of the first phase that ends late may move what the second holds."""
    autotune = ("-m", "mpi4py", "-m", "autotune")
    place = ("--storage", tmp_path, "--study", "shapes")
    done = mpi.run(
        3, *autotune, "tune", "moe_architecture", "--set", "ratio_trials=8", "--learner", "ET",
        "--initial-points", "4", "--max-evals", "14", *place,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    mpi.alone("-m", "autotune", "results", "export", "shapes", "--storage", tmp_path, "--csv",
              tmp_path / "trials.csv")  # fmt: skip
    with (tmp_path / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    first, second = (
        [row for row in rows if float(row["m:phase"]) == phase] for phase in (1.0, 2.0)
    )
    assert (len(first), len(second)) == (8, 6)
    assert len({row["p:place"] for row in first}) == 1
    tried = {tuple(row[name] for name in RATIOS) for row in first}
    assert {tuple(row[name] for name in RATIOS) for row in second} <= tried
    assert len({row["worker"] for row in rows}) == 2
    best = min(rows, key=lambda row: float(row["objective"]))
    assert float(best["objective"]) <= min(float(row["objective"]) for row in first)
