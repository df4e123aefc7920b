"""`autotune problems`: what can be tuned, for people and as JSON."""

import json

import pytest
from cli_run import run


def problems(*arguments):
    return run("problems", *arguments)


def test_the_list_names_every_problem_with_its_options():
    listed = json.loads(problems("list", "--json").stdout)["problems"]
    by_name = {entry["name"]: entry for entry in listed}
    assert {"moe_budget", "dense_budget", "command", "law_coefficients"} <= set(by_name)
    flops = next(o for o in by_name["moe_budget"]["options"] if o["name"] == "flops")
    assert flops["default"] == 1e21
    assert "FLOPs" in flops["doc"]


def test_the_list_for_people_has_one_line_each():
    assert "best_sparsity" in problems("list").stdout


def test_show_has_ranges_units_constraints_source_and_best_value():
    shown = problems("show", "moe_budget", "--set", "max_total=20B", "--json")
    record = json.loads(shown.stdout)
    n_active = next(p for p in record["parameters"] if p["name"] == "n_active")
    assert n_active["unit"] == "parameters"
    assert n_active["range"].endswith("2e+10, log")
    assert "top_k <= n_experts" in record["constraints"]
    assert record["set"]["max_total"] == 2e10
    assert "2508.06617" in record["source"]
    # Table IX at 1e21 FLOPs and 1e10 total parameters has 2.1621; twice the memory is better.
    assert record["best_known"]["value"] < 2.1621 - 1e-3
    for text in ("max_total", "top_k <= n_experts", "best known: 2.16208", "parameters"):
        assert text in problems("show", "moe_budget").stdout


def test_a_problem_with_required_options_shows_them():
    shown = problems("show", "command")
    assert shown.returncode == 0
    assert "required" in shown.stdout
    assert problems("show", "command", "--json").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "moe_budgt"], "moe_budgt"),
        (["show", "moe_budget", "--set", "flop=1"], "Did you mean 'flops'"),
        (["show", "moe_budget", "--set", "flops"], "--set flops=1e22"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(arguments, says):
    done = problems(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
