"""The verb: what it prints, as text and as JSON, and what it refuses."""

import json

import numpy as np
import pytest
from cli_run import run
from made_beliefs import few_runs

from autotune.cli.suggest_shape import shapes
from autotune.suggestion.planned import planned


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    table = few_runs(size=20)
    path = tmp_path_factory.mktemp("suggest") / "runs.csv"
    rows = np.stack([table.n_active, table.tokens, table.loss], axis=1)
    np.savetxt(path, rows, delimiter=",", header="n_active,tokens,loss", comments="")
    return path


ASKED = ("--target-flops", "1e24", "--spend", "1e21", "--law", "hoffmann")


def test_json_has_the_runs_the_bands_and_the_regrets(runs):
    done = run("suggest", runs, *ASKED, "-n", "3", "--batch", "--batch-tokens", "1M", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert 1 <= len(found["runs"]) <= 3
    assert found["spent"] == pytest.approx(sum(each["flops"] for each in found["runs"]))
    assert found["spent"] <= 1e21
    assert all(each["tokens"] % 1e6 == 0 for each in found["runs"])
    for each in found["runs"]:  # whole layers of the suggested size
        shape = each["shape"]
        assert shape["n_active"] == pytest.approx(each["n_active"], rel=0.1)
        assert shape["name"] == f"{shape['d_model']}x{shape['n_layers']}"
    costs = [each["flops"] for each in found["runs"]]
    assert costs == sorted(costs, reverse=True)
    assert found["regret_after"] <= found["regret_now"]
    assert found["laws"][0]["law"] == "hoffmann"
    assert found["flop_convention"] == "6 N_active D"


def test_text_names_laws_sources_and_a_classical_design(runs):
    done = run("suggest", runs, *ASKED, "--grid", "isoflop")
    assert done.returncode == 0, done.stderr
    assert "chosen by isoflop" in done.stdout
    assert "as `autotune train --n-active` builds them" in done.stdout
    assert "hoffmann (active, param) 100%" in done.stdout
    assert "Frazier" in done.stdout


def test_a_problem_says_what_can_be_trained(runs):
    done = run(
        "suggest", runs, "--target-flops", "1e24", "--spend", "3e21", "--law", "hoffmann",
        "--problem", "dense_budget", "--set", "flops=1e21", "-n", "2", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert all(each["flops"] == pytest.approx(1e21) for each in found["runs"])
    assert not any("shape" in each for each in found["runs"])
    assert all(each["config"]["n_active"] == each["n_active"] for each in found["runs"])


def test_a_sparse_run_has_a_shape_if_its_experts_are_known():
    size, tokens = np.array([1e7]), np.array([1e9])
    experts = {"n_experts": 8.0, "top_k": 2.0}
    made, dense, unknown = (
        shapes(planned(size, tokens, n_total=expansion * size, factors=factors))[0]
        for expansion, factors in ((3.0, experts), (1.0, {}), (3.0, {}))
    )
    assert (made.experts.n_experts, made.experts.top_k) == (8, 2)
    assert dense.experts is None
    assert unknown is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--spend", "1e21"), "--target-flops is missing"),
        (("--target-flops", "1e24"), "--spend is missing"),
        ((*ASKED, "--grid", "square"), "square"),
        ((*ASKED, "--law", "hofmann"), "hoffmann"),
        ((*ASKED, "--tokens-per-param", "20"), "LOW,HIGH"),
        ((*ASKED, "--set", "a=1"), "without --problem"),
        ((*ASKED, "--where", "n_active < 1"), "no row"),
    ],
)
def test_bad_input_is_one_line(runs, arguments, said):
    done = run("suggest", runs, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
