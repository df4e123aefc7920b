"""`autotune predict`: points as lists and as CSV, warnings, and one clear line for bad input."""

import json

import pytest
from cli_run import run


def predict(*arguments, stdin=""):
    return run("predict", *arguments, stdin=stdin)


def document(*arguments, stdin=""):
    done = predict(*arguments, "--json", stdin=stdin)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_lists_broadcast_and_losses_are_those_of_the_law():
    told = document(
        "--law", "generalized-moe", "--n-active", "1e9", "--tokens", "20B",
        "--sparsity", "0,0.5,0.9",
    )  # fmt: skip
    losses = [row["loss"] for row in told["rows"]]
    assert losses == pytest.approx([2.623242, 2.558299, 2.437480], abs=1e-6)
    assert [row["n_total"] for row in told["rows"]] == pytest.approx([1e9, 2e9, 1e10])
    assert {row["tokens"] for row in told["rows"]} == {2e10}
    assert told["law"] == "generalized-moe"
    assert told["flop_convention"] == "6 N_active D"
    assert told["loss_unit"] == "nats per token"
    assert told["warnings"] == []


def test_total_parameters_are_converted_to_active_ones():
    told = document(
        "--law", "abnar2025", "--n-total", "10B", "--tokens", "2e10", "--sparsity", "0.9"
    )
    assert told["rows"][0]["n_active"] == pytest.approx(1e9)
    assert told["rows"][0]["loss"] == pytest.approx(2.366932, abs=1e-6)


def test_each_variable_that_extrapolates_is_warned_about_once_and_marked_in_its_rows():
    told = document(
        "--law", "besiroglu2024", "--n-active", "1e9,3.24e10,1.62e11", "--tokens", "5e12"
    )
    assert len(told["warnings"]) == 2
    n_active, tokens = told["warnings"]
    assert "n_active lies outside" in n_active
    assert "in 2 of 3 points, by up to 10 times (point 3)" in n_active
    assert "tokens lies outside" in tokens
    assert told["rows"][0]["extrapolation"] == pytest.approx({"tokens": 10})
    assert told["rows"][1]["extrapolation"] == pytest.approx({"n_active": 2, "tokens": 10})


# G = 8 and no shared expert at N = N_a = 1e9 and D = 2e10, written out from the formula.
PER_SIZE = 1e9**-0.2383
ZHAO = (
    (0.1577 * 8 + 7.2446 / 8) * (1.0013 * PER_SIZE + 0.0450)
    + (38.051 + 31.096) * PER_SIZE
    + 27129.05 * 2e10**-0.4694
    + 1.8182
)


@pytest.mark.parametrize(
    ("law", "factors", "loss"),
    [
        ("krajewski2024-moe", ["--granularity", "8"], 3.1404),
        ("ludziejewski2025", ["--n-experts", "8"], 2.5088),
        ("zhao2025", ["--top-k", "8", "--shared-share", "0"], ZHAO),
        ("muennighoff2023", ["--unique-tokens", "20B"], None),
    ],
)
def test_further_inputs_reach_the_laws_that_take_them(law, factors, loss):
    told = document("--law", law, "--n-active", "1B", "--tokens", "20B", *factors)
    row = told["rows"][0]
    for flag, value in zip(factors[::2], factors[1::2], strict=True):
        assert row[flag[2:].replace("-", "_")] == float(value.replace("B", "e9"))
    if loss is not None:
        assert row["loss"] == pytest.approx(loss, abs=5e-5)


def test_a_law_that_counts_experts_says_that_it_does_not_read_sparsity():
    at = ("--law", "clark2022-sbase", "--n-active", "1.3e9", "--n-experts", "128")
    told = document(*at, "--sparsity", "0.9")
    assert "does not read sparsity" in told["warnings"][0]
    assert told["rows"][0]["loss"] == pytest.approx(2.0217, abs=5e-5)
    plain = document(*at)
    assert plain["warnings"] == []
    assert "n_total" not in plain["rows"][0], "experts alone do not tell the total"


def test_clarks_only_token_count_is_filled_in_and_said():
    done = predict("--law", "clark2022-sbase", "--n-active", "1.3e9", "--n-experts", "1")
    assert done.returncode == 0
    assert "tokens are taken as 1.3e+11" in done.stderr
    assert "2.2374" in done.stdout


def test_the_table_names_law_unit_and_flop_convention():
    done = predict("--law", "generalized-dense", "--n-active", "1B", "--tokens", "20B",
                   "--sparsity", "0.5")  # fmt: skip
    assert "generalized-dense: loss in nats per token; FLOPs as 6 N_active D" in done.stdout
    assert "2.4941" in done.stdout
    assert "sparsity x2" in done.stdout
    assert "never use this set at sparsity > 0" in done.stderr


def test_a_csv_predicts_row_by_row_and_says_what_it_derived(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("n_active,flops,sparsity,loss,seed\n1e9,1.2e20,0,2.6,1\n1B,1.2e20,0.9,2.4,2\n")
    done = predict("--law", "generalized-moe", "--runs", str(path), "--json")
    rows = json.loads(done.stdout)["rows"]
    assert [row["loss"] for row in rows] == pytest.approx([2.623242, 2.437480], abs=1e-6)
    assert "column tokens is derived: flops / (6 n_active)" in done.stderr
    assert "column n_total is derived: n_active / (1 - sparsity)" in done.stderr


def test_a_csv_may_come_by_stdin():
    told = document("--law", "hoffmann2022", "--runs", "-", stdin="n_active,tokens\n70e9,1.4e12\n")
    assert told["rows"][0]["loss"] == pytest.approx(1.936645, abs=1e-6)


def test_a_warning_about_a_csv_names_the_line_of_the_file():
    text = "n_active,tokens\n\n1e9,2e10\n1.62e12,2e10\n"
    told = document("--law", "besiroglu2024", "--runs", "-", stdin=text)
    assert "by up to 100 times (row 4)" in told["warnings"][0]


POINT = ["--n-active", "1e9", "--tokens", "2e10"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--law", "abnar2024", *POINT], "Did you mean 'abnar2025'?"),
        (["--law", "hoffmann2022", *POINT, "--sparsity", "0.9"], "hoffmann is a dense law"),
        (["--law", "hoffmann2022", *POINT, "--top-k", "2"], "hoffmann does not use top_k"),
        (
            ["--law", "zhao2025", *POINT, "--top-k", "8,9", "--n-experts", "8"],
            "top_k must not exceed n_experts, but 1 of 2 do (first: top_k 9 of 8 experts)",
        ),
        (["--law", "zhao2025", *POINT, "--top-k", "2"], "zhao needs shared_share"),
        (["--law", "abnar2025", "--n-active", "1x", "--tokens", "1"], "--n-active 1x: cannot read"),
        (["--law", "abnar2025", *POINT, "--sparsity", "1"], "sparsity must be in [0, 1)"),
        (["--law", "abnar2025", "--n-active", "-5", "--tokens", "1"], "n_active must be finite"),
        (["--law", "abnar2025", "--n-active", "1,2", "--tokens", "1,2,3"], "lengths must be equal"),
        (["--law", "abnar2025", "--tokens", "1e9"], "neither n_active nor n_total"),
        (["--law", "abnar2025", "--n-active", "1e9"], "tokens are not given"),
        (["--law", "abnar2025", "--runs", "x.csv", "--tokens", "1"], "drop --tokens"),
        (["--law", "abnar2025", "--runs", "no-such.csv"], "cannot read no-such.csv"),
        (["--law", "clark2022-hash", *POINT, "--n-experts", "8"], "clark has no data term"),
    ],
)
def test_bad_points_are_one_clear_line_and_exit_2(arguments, said):
    done = predict(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("n_activ,tokens\n1,2\n", "lacks the column n_active or n_total"),
        ("n_active,loss\n1,2\n", "lacks the column tokens or flops"),
        ("n_active,tokens\n1e9,2e10\nx,3\n", "row 3, column n_active, value 'x'"),
        ("n_active,n_total,tokens\n1e9,2e9,1\n3e9,2e9,1\n", "first: row 3, n_active 3e+09 exceeds"),
    ],
)
def test_bad_tables_name_the_row_the_column_and_the_value(text, said):
    done = predict("--law", "abnar2025", "--runs", "-", stdin=text)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "--where" not in done.stderr, "predict takes no condition"
