"""`autotune plan --exact-flops`: what it prints, its JSON, and what it refuses."""

import json

import cli_run
import pytest

from autotune.architecture.conventions import CONVENTIONS
from autotune.architecture.flops import per_token
from autotune.models import catalogue


def run(*arguments):
    return cli_run.run("plan", *arguments)


def document(*arguments):
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_document_has_the_factor_its_terms_and_the_budget_that_was_spent():
    (plan,) = document(
        "--flops", "1e24", "--law", "besiroglu2024", "--exact-flops", "deepseek-v3",
        "--seq-len", "4k",
    )["plans"]  # fmt: skip
    exact = plan["exact_flops"]
    assert (exact["shape"], exact["seq_len"], exact["embeddings"]) == ("deepseek-v3", 4000, True)
    assert exact["per_token"] * plan["tokens"] == pytest.approx(1e24, rel=1e-9)
    assert exact["factor"] == pytest.approx(exact["per_token"] / (6 * plan["n_active"]), rel=1e-9)
    assert sum(exact["terms"].values()) == pytest.approx(exact["factor"] - 1, abs=1e-9)
    assert {"attention scores", "input embedding", "multi-token prediction"} <= set(exact["terms"])


def test_without_the_option_the_document_says_so():
    assert document("--flops", "1e21", "--law", "hoffmann2022")["plans"][0]["exact_flops"] is None


def test_the_table_says_how_far_the_two_differ_and_by_what():
    done = run(
        "--flops", "1e22", "--law", "kaplan2020,besiroglu2024", "--exact-flops", "olmoe-1b-7b"
    )
    assert done.returncode == 0
    *_, heads, _, kaplan, besiroglu = (
        done.stdout.split("in % of 6 N active:")[1].split("\n\n")[0].strip().splitlines()
    )
    for name in ("scale", "differ", "attention scores", "output head", "input embedding"):
        assert name in heads
    assert kaplan.split()[2] == "out"
    assert kaplan.endswith(" -")  # no lookup in N, so none in the difference
    assert besiroglu.split()[2] == "in"


def test_a_file_is_a_shape_too(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        "n_layers = 4\nd_model = 256\nvocabulary = 1000\n[ffn]\nwidth = 1024\n"
        "[attention]\nn_heads = 4\nn_kv_heads = 4\nhead_dim = 64\n"
    )
    (plan,) = document("--flops", "1e18", "--law", "hoffmann2022", "--exact-flops", path)["plans"]
    assert plan["exact_flops"]["shape"] == "mine"
    assert plan["exact_flops"]["seq_len"] == 8192


def test_the_budget_of_a_released_model_is_its_own_exact_flops():
    made = document("--like", "deepseek-v3", "--exact-flops", "olmoe-1b-7b", "--seq-len", "4096")
    model = catalogue.read("deepseek-v3").model
    took = per_token(model, CONVENTIONS["exact"], seq_len=4096).training * 14.8e12
    assert all(plan["flops"] == pytest.approx(took, rel=1e-12) for plan in made["plans"])
    assert "exact FLOPs of deepseek-v3" in made["budget"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--flops 1e21 --exact-flops deepsek-v3", "Did you mean 'deepseek-v"),
        ("--flops 1e21 --exact-flops palm", "the shape of palm is not in the catalogue"),
        ("--flops 1e21 --exact-flops absent/config.json", "there is no file absent/config.json"),
        ("--flops 1e21 --seq-len 4096", "--seq-len is of no use without --exact-flops"),
        ("--flops 1e21 --exact-flops kimi-k2 --seq-len 0", "--seq-len 0: a sequence has 1 to"),
        ("--like gpt-3 --exact-flops kimi-k2", "exact FLOPs of gpt-3 are not known"),
        ("--like gpt-oss-20b --exact-flops kimi-k2", "tokens of gpt-oss-20b are not known"),
        ("--like all --exact-flops kimi-k2", "--like and --exact-flops make no sense together"),
        (
            "--hold tokens --n-active 1B --tokens 1T --exact-flops kimi-k2",
            "--tokens and --exact-flops make no sense together",
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(arguments, says):
    done = run(*arguments.split())
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
