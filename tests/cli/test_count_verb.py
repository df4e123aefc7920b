"""`autotune count`: what it prints for people, as JSON, and for mistakes."""

import json
from pathlib import Path

import pytest
from cli_run import run

from autotune.models import catalogue

CONFIGS = Path(__file__).resolve().parent.parent / "golden/config_json"


def record(*arguments):
    done = run("count", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def row(text, name):
    return next(line.split() for line in text.splitlines() if line.startswith(name + " "))


def test_the_sheet_has_every_group_convention_and_memory():
    done = run("count", "deepseek-v3")
    assert done.returncode == 0
    assert row(done.stdout, "routed experts")[2:] == ["653,908,770,816", "20,434,649,088"]
    assert row(done.stdout, "published")[1:3] == ["671,026,419,200", "37,552,297,472"]
    assert row(done.stdout, "holistic")[-1] == "275B"
    assert "Published: 671B / 37B active (DeepSeek-AI (2024), arXiv:2412.19437)." in done.stdout
    assert "70.27 kB per token in bf16" in done.stdout
    assert row(done.stdout, "bf16 mixed")[-1] == "3.1)"
    assert all(len(line) <= 120 for line in done.stdout.splitlines())


def test_the_json_document_sums_its_groups_to_its_exact_total():
    document = record("gpt-oss-20b")
    exact = document["conventions"][0]
    for key in ("total", "active"):
        assert sum(n[key] for n in document["groups"].values()) == exact[f"n_{key}"]
    assert exact["n_total"] == 20_914_757_184
    assert document["published"]["active"] == "3.61B"
    mixed = document["memory"][1]
    parts = [mixed[part] / exact["n_total"] for part in ("weights", "gradients", "optimizer")]
    assert parts == [2, 2, 12]
    assert mixed["training"] == 16 * exact["n_total"]
    assert document["kv_cache"]["bf16"]["bytes_per_token"] == 24 * 2 * 8 * 64 * 2


def test_published_active_is_counted_as_the_report_counts_it():
    without = record("gpt-oss-20b", "--convention", "published")["conventions"]
    within = record("deepseek-v3", "--convention", "published")["conventions"]
    assert [each["n_active"] for each in without] == [3_608_307_264]
    assert [each["n_active"] for each in within] == [37_552_297_472]


def test_longer_sequences_cost_scores_and_nothing_else():
    short, long = (
        record("mixtral-8x7b", "--convention", "holistic", "--seq-len", length)["conventions"][0]
        for length in ("4096", "8192")
    )
    scores = [
        each["training_flops"] - each["training_flops_without_scores"] for each in (short, long)
    ]
    assert scores[1] == 2 * scores[0] > 0
    assert short["training_flops_without_scores"] == long["training_flops_without_scores"]


@pytest.mark.parametrize("name", ["llama-3-8b", "gemma-2-2b", "olmo-7b", "glm-4.5-air"])
def test_a_config_json_prints_a_sheet(name):
    done = run("count", CONFIGS / f"{name}.json", "--seq-len", "1e6")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{name}: ")
    assert "Published" not in done.stdout


def test_of_a_model_of_text_and_images_the_sheet_says_what_is_not_counted():
    path = CONFIGS.parent / "config_json_wrapped/llama-4-scout.json"
    text = run("count", path).stdout
    assert "36 layers with chunks of 8192" in " ".join(text.split())
    assert "The language model alone; not counted: vision_config." in text
    assert record(path)["left_out"] == ["vision_config"]
    assert record("olmoe-1b-7b")["left_out"] == []


def test_the_list_has_every_released_model_with_its_count():
    table, document = run("count", "--list").stdout, record("--list")
    assert [each["model"] for each in document["models"]] == catalogue.names()
    for each in document["models"]:
        assert f"{each['n_total']:,}" in table
        assert each["published"]["source"] in table


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give one model to count, or --list"),
        (["deepseek-v3", "--list"], "give one model to count, or --list"),
        (["deepsek-v3"], "unknown released model 'deepsek-v3'. Did you mean 'deepseek-v"),
        (["GPT-3"], "the shape of gpt-3 is not in the catalogue, only its sizes are"),
        (["absent/config.json"], "there is no file absent/config.json"),
        (["deepseek-v3", "--seq-len", "0"], "--seq-len 0: a sequence has 1 to 1e+09 tokens"),
        (["deepseek-v3", "--seq-len", "1e300"], "--seq-len 1e300: a sequence has 1 to"),
        (["deepseek-v3", "--seq-len", "8.5"], "--seq-len 8.5: a sequence has 1 to"),
        (["deepseek-v3", "--seq-len", "long"], "cannot read 'long' as a count"),
        (["deepseek-v3", "--convention", "exat"], "Did you mean 'exact'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(arguments, says):
    done = run("count", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missing_key_is_one_line_that_names_it(tmp_path):
    config = json.loads((CONFIGS / "deepseek-v3.json").read_text())
    del config["n_routed_experts"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    done = run("count", tmp_path / "config.json")
    assert done.returncode == 2
    assert "config.json (deepseek_v3) has no key 'n_routed_experts'" in done.stderr
