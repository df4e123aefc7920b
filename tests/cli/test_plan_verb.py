"""`autotune plan` end to end: what it prints, what it refuses, and how it exits."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import cli_run
import pytest

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "results/reference/released_models"
KEYS = {
    "law", "flops", "n_active", "n_total", "sparsity", "tokens", "tokens_per_param", "loss", "band",
    "extrapolation", "held", "at_bound", "flop_convention", "warnings",
}  # fmt: skip


def run(*arguments):
    return cli_run.run("plan", *arguments)


def plans(*arguments):
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["plans"]


def test_json_has_every_promised_key():
    made = plans("--flops", "1e24")
    assert made[0]["law"] == "besiroglu2024"
    for plan in made:
        assert set(plan) >= KEYS
        assert set(plan["band"]) >= {"tolerance", "n_active", "tokens"}
        assert len(plan["band"]["n_active"]) == len(plan["band"]["tokens"]) == 2
        assert set(plan["extrapolation"]) >= {"n_active", "n_total", "tokens", "sparsity"}
        assert plan["flops"] == 1e24
        assert plan["held"] == "sparsity"
        assert plan["at_bound"] == []
        assert plan["flop_convention"] == "6 N_active D"
        assert plan["tokens_per_param"] == plan["tokens"] / plan["n_active"]
        assert plan["band"]["tolerance"] == 1e-3


def test_the_text_names_law_convention_and_extrapolation_and_warns_of_comparison():
    done = run("--flops", "1e24")
    assert done.returncode == 0
    assert "besiroglu2024" in done.stdout
    assert "6 N_active D" in done.stdout
    assert "outside, 5.92 x" in done.stdout
    assert "not comparable" in done.stdout
    assert "Within 0.1 %" in done.stdout


def test_one_law_alone_needs_no_warning_of_comparison():
    assert "not comparable" not in run("--flops", "1e21", "--law", "hoffmann2022").stdout


def test_laws_repeat_or_are_separated_by_commas():
    made = plans("--flops", "1e22", "--law", "abnar2025,hoffmann2022", "--law", "generalized-moe")
    assert [plan["law"] for plan in made] == ["abnar2025", "hoffmann2022", "generalized-moe"]


def test_devices_and_days_make_a_budget_that_says_what_it_assumed():
    arguments = ("--gpus", "2048", "--gpu", "h100", "--days", "30", "--mfu", "0.4")
    assert plans(*arguments)[0]["flops"] == pytest.approx(2.10085871616e24, rel=1e-12)
    assert "h100-sxm (dense bf16 peak 989.4 TFLOP/s), 30 d, MFU 0.4" in run(*arguments).stdout


def test_the_default_utilisation_is_said():
    assert "MFU 0.4" in run("--gpus", "8", "--gpu", "a100", "--days", "36h").stdout


def test_deepseek_v3s_budget_gives_the_four_known_rows():
    made = {plan["law"]: plan for plan in plans("--like", "deepseek-v3")}
    known = {
        "generalized-2025-08": (3.02e10, 1.81e13, 1.8304, 1.8307),
        "generalized-moe": (3.04e12, 1.80e11, 1.2126, 1.4688),
        "abnar2025": (5.07e11, 1.08e12, 1.5543, 1.6158),
        "hoffmann2022": (7.07e10, 7.75e12, 1.8743, 1.8780),
    }
    for law, (n, d, loss, trained) in known.items():
        assert made[law]["n_active"] == pytest.approx(n, rel=2e-3)
        assert made[law]["tokens"] == pytest.approx(d, rel=3e-3)
        assert made[law]["loss"] == pytest.approx(loss, abs=6e-5)
        assert made[law]["trained"]["loss"] == pytest.approx(trained, abs=6e-5)
    assert made["besiroglu2024"]["trained"]["tokens"] == pytest.approx(14.8e12)


def test_like_prints_the_plan_beside_what_was_trained():
    text = run("--like", "Kimi K2").stdout
    assert "kimi-k2 was trained with 32B of 1.04T parameters active" in text
    assert "loss as trained" in text
    assert "unconfirmed" in text


def test_like_can_ask_for_the_best_sparsity_of_that_total():
    made = plans("--like", "deepseek-v3", "--hold", "n-total", "--law", "abnar2025")
    assert made[0]["sparsity"] == pytest.approx(0.953, abs=5e-4)
    assert made[0]["n_total"] == 671e9


def test_the_three_questions_about_sparsity_have_three_answers():
    law = ("--law", "generalized-moe")
    total = plans("--flops", "1e20", "--hold", "n-total", "--n-total", "1B", *law)[0]
    tokens = plans("--n-active", "1B", "--tokens", "20B", "--hold", "tokens", *law)[0]
    nothing = plans("--flops", "1e20", "--sparsity", "best", *law)[0]
    assert total["sparsity"] == pytest.approx(0.822, abs=5e-4)
    assert total["at_bound"] == []
    for plan in (tokens, nothing):
        assert plan["sparsity"] == pytest.approx(0.9999)
        assert plan["at_bound"] == ["sparsity_max"]
        assert any("property of the problem" in warning for warning in plan["warnings"])
    assert tokens["tokens"] == pytest.approx(2e10)
    assert (total["held"], tokens["held"], nothing["held"]) == ("n_total", "tokens", "nothing")


def test_a_sparsity_range_is_searched_and_capped():
    made = plans(
        "--flops", "1e21", "--sparsity-range", "0.5,0.9", "--max-total", "20B", "--law", "abnar2025"
    )[0]
    assert 0.5 <= made["sparsity"] <= 0.9
    assert made["n_total"] <= 20e9 * (1 + 1e-9)
    assert made["at_bound"] == ["sparsity_max"] or "max_total" in made["at_bound"]


def test_constraints_combine_with_repetition_and_inference():
    made = plans(
        "--flops", "1e23", "--max-tokens", "2T", "--unique-tokens", "200B", "--max-active", "30B",
        "--tokens-per-param", "5,200", "--inference-tokens", "1T", "--law", "besiroglu2024",
    )[0]  # fmt: skip
    assert made["tokens"] <= 2e12
    assert made["n_active"] <= 30e9
    assert 5 <= made["tokens_per_param"] <= 200
    assert made["effective_tokens"] < made["tokens"]
    spent = 6 * made["n_active"] * made["tokens"] + 2 * made["n_active"] * 1e12
    assert spent == pytest.approx(1e23, rel=1e-9)
    assert made["flop_convention"] == "6 N_active D + 2 N_active D_inference"


def test_a_target_loss_is_met_with_the_least_flops():
    made = plans("--target-loss", "2.0944398", "--inference-tokens", "1T", "--law", "hoffmann2022")
    assert made[0]["loss"] == pytest.approx(2.0944398, rel=1e-9)
    assert made[0]["n_active"] == pytest.approx(4.257e9, rel=1e-3)


def test_a_law_of_experts_takes_its_number():
    made = plans("--flops", "1e21", "--n-experts", "8", "--law", "ludziejewski2025")[0]
    assert made["n_active"] == pytest.approx(3.8e9, rel=0.015)
    assert made["sparsity"] == pytest.approx(0.8186, abs=1e-3)


def test_a_tolerance_widens_the_band():
    narrow = plans("--flops", "1e21", "--law", "hoffmann2022")[0]["band"]
    wide = plans("--flops", "1e21", "--law", "hoffmann2022", "--tolerance", "0.01")[0]["band"]
    assert wide["tolerance"] == 0.01
    assert wide["n_active"][0] < narrow["n_active"][0]


def test_a_default_law_without_a_plan_is_reported_and_the_others_answer():
    done = run("--target-loss", "1.75")
    assert done.returncode == 0
    assert "besiroglu2024 has no plan" in done.stderr
    assert "hoffmann2022" in done.stdout


def test_a_named_law_without_a_plan_makes_exit_1():
    done = run("--target-loss", "1.75", "--law", "besiroglu2024,hoffmann2022")
    assert done.returncode == 1
    assert "besiroglu2024 has no plan" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        ("", 2, ["no budget"]),
        ("--flops -1e21", 2, ["flops", "-1e+21"]),
        ("--flops 0", 2, ["flops"]),
        ("--flops nan", 2, ["nan"]),
        ("--flops much", 2, ["much", "7e9, 96B"]),
        ("--flops 1e21 --sparsity 1", 2, ["sparsity", "[0, 1)"]),
        ("--flops 1e21 --sparsity -0.5", 2, ["sparsity", "-0.5"]),
        ("--flops 1e21 --sparsity most", 2, ["--sparsity", "most"]),
        ("--flops 1e21 --law abnar", 2, ["Did you mean 'abnar2025'"]),
        ("--flops 1e21 --law clark2022-sbase --n-experts 8", 2, ["no data term"]),
        ("--flops 1e21 --law ludziejewski2025", 2, ["needs n_experts"]),
        ("--flops 1e21 --law hoffmann2022 --n-experts 8", 2, ["--n-experts"]),
        ("--flops 1e21 --law zhao2025 --n-experts 4 --top-k 8", 2, ["top_k 8 of 4 experts"]),
        ("--gpus 8 --gpu h1000 --days 3", 2, ["unknown GPU", "h100"]),
        ("--gpus 8 --gpu h100", 2, ["--days"]),
        ("--gpus -8 --gpu h100 --days 3", 2, ["gpus"]),
        ("--gpus 8 --gpu h100 --days 3 --mfu 40", 2, ["mfu"]),
        ("--flops 1e21 --gpu h100", 2, ["--gpu", "--gpus"]),
        ("--flops 1e21 --target-loss 2", 2, ["--flops", "--target-loss"]),
        ("--flops 1e21 --like olmoe-1b-7b", 2, ["--flops", "--like"]),
        ("--flops 1e21 --sparsity 0.9 --hold tokens", 2, ["--sparsity", "--hold"]),
        ("--flops 1e21 --hold tokens", 2, ["n_active"]),
        ("--flops 1e21 --hold everything", 2, ["everything", "n-total"]),
        ("--flops 1e21 --n-active 1B", 2, ["--n-active", "--hold"]),
        ("--tokens 1T --n-total 1B --hold n-total", 2, ["--tokens", "--hold"]),
        ("--target-loss 2 --hold tokens --n-active 1B", 2, ["--hold", "--target-loss"]),
        ("--flops 1e21 --sparsity best --law hoffmann2022", 2, ["dense law"]),
        ("--flops 1e21 --sparsity-range 0.9", 2, ["--sparsity-range"]),
        ("--flops 1e21 --csv somewhere", 2, ["--csv", "--like"]),
        ("--like all --max-total 1B", 2, ["--like", "--max-total"]),
        ("--like deepseekv3", 2, ["deepseek-v3"]),
        ("--like mixtral-8x7b", 2, ["not known"]),
        ("--flops 1e24 --max-active 1B --max-tokens 1T", 3, ["max_active 1B", "max_tokens 1T"]),
        ("--flops 1e21 --max-total 1B --hold n-total --n-total 2B", 3, ["max_total", "n_total 2B"]),
        ("--flops 1e21 --sparsity 0.9 --sparsity-range 0.1,0.5", 3, ["0.9", "0.5"]),
        ("--target-loss 1.5 --law hoffmann2022", 3, ["out of reach", "1.69"]),
    ],
)
def test_what_cannot_be_answered_is_one_clear_line(arguments, status, says):
    done = run(*arguments.split())
    assert done.returncode == status
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1
    assert lines[0].startswith("autotune plan: ")
    for text in says:
        assert text in lines[0]


def table(folder):
    with (folder / "released_models.csv").open() as file:
        return list(csv.DictReader(file))


def test_one_command_makes_the_recorded_table_again(tmp_path):
    done = run("--like", "all", "--csv", str(tmp_path))
    assert done.returncode == 0
    made, recorded = table(tmp_path), table(RECORD)
    assert len(made) == len(recorded) > 200
    for new, old in zip(made, recorded, strict=True):
        assert new.keys() == old.keys()
        for column, text in old.items():
            try:
                assert float(new[column]) == pytest.approx(float(text), rel=1e-9)
            except ValueError:
                assert new[column] == text
    again = json.loads((tmp_path / "manifest.json").read_text())
    manifest = json.loads((RECORD / "manifest.json").read_text())
    for varying in ("commit", "versions"):
        del again[varying], manifest[varying]
    assert again == manifest


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("--like", "all", "--csv", str(tmp_path / "file" / "below"))
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_runs_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "autotune", "plan", "--flops", "1e21", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(json.loads(done.stdout)["plans"]) > 1
    assert done.stderr == ""


def test_the_planner_loads_neither_scipy_nor_the_search():
    heavy = "scipy", "sklearn", "skopt", "ConfigSpace", "torch"
    code = (
        "import sys; from autotune.cli import main; from autotune.cli import plan_view; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
