"""`autotune design`: tables, JSON, files for other programs, placements and mistakes."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from cli_run import run
from made_fits import saved

from autotune.cli.main import VERBS
from autotune.fits import files as fits
from autotune.models import catalogue, files

ODD = ["--flops", "1e20", "--seq-len", "8191", "--tp", "4"]
CONFIGS = Path(__file__).resolve().parent.parent / "golden/config_json"


def record(*arguments):
    done = run("design", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def written(tmp_path, name, *arguments):
    """A design as a file, and what our reader makes of it."""
    done = run("design", *arguments)
    assert done.returncode == 0, done.stderr
    path = tmp_path / name
    path.write_text(done.stdout)
    return path, files.read(path).model


def counts(path):
    done = run("count", path, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_table_shows_target_models_and_sources():
    done = run("design", "--flops", "3e20", "--top", "3")
    assert done.returncode == 0, done.stderr
    assert "inside the 1e+18 to 3e+20 FLOPs of the fitted runs" in done.stdout
    rows = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line.strip()}
    assert rows["M"][1:3] == ["5.939B", "paper"]
    assert rows["M/N_a"][1:3] == ["8.089", "re-fit"]
    assert rows["heads"][1:3] == ["16x128", "paper"]
    assert rows["d"][2] == "stand-in"
    assert [each for each in ("1", "2", "3", "4") if each in rows] == ["1", "2", "3"]
    assert "appendix E" in done.stdout
    assert all(len(line) <= 120 for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("flops", "rest"),
    [("1e18", []), ("1e21", ["--seq-len", "131072", "--max-total", "20B"]),
     ("1e25", ["--experts", "512", "--shared", "0"])],
)  # fmt: skip
def test_no_line_is_wider_than_a_terminal(flops, rest):
    done = run("design", "--flops", flops, *rest)
    assert done.returncode == 0, done.stderr
    assert all(len(line) <= 120 for line in done.stdout.splitlines())
    assert ("extrapolated" in done.stdout) == (float(flops) > 3e20)


def test_json_has_every_number_with_where_it_comes_from():
    design = record("--flops", "1e22", "--gpus", "64")["design"]
    assert design["times_beyond"] == pytest.approx(1e22 / 3e20)
    for figure in design["target"]:
        assert figure["rule"]
        assert figure["origin"] in {"paper", "re-fit", "stand-in", "algebra", "our rule", "given"}
        if figure["origin"] in {"paper", "re-fit", "stand-in"}:
            assert "2603.21862" in figure["source"] or figure["name"] == "heads"
    low, high = design["d_range"]
    first = design["models"][0]
    assert low < first["architecture"]["d_model"] < high
    assert first["training_bytes"] == 16 * first["n_total"] == 64 * first["training_bytes_per_gpu"]
    assert first["weights_bytes"] == 2 * first["n_total"]
    assert first["M"] * first["tokens"] == pytest.approx(1e22)
    values = {figure["name"]: figure["value"] for figure in design["target"]}
    assert first["N_a"] / values["N_a"] - 1 == pytest.approx(
        (1 + first["errors"]["flops_per_token"]) / (1 + first["errors"]["density"]) - 1
    )


def test_a_config_json_counts_as_it_was_designed(tmp_path):
    arguments = ("--flops", "1e21", "--seq-len", "4096")
    path, model = written(tmp_path, "config.json", *arguments, "--format", "hf")
    first = record(*arguments)["design"]["models"][0]
    sheet = counts(path)
    exact, holistic = sheet["conventions"][0], sheet["conventions"][2]
    assert (exact["n_total"], exact["n_active"]) == (first["n_total"], first["n_active"])
    assert (holistic["n_total"], holistic["n_active"]) == (first["N"], first["N_a"])
    assert model.experts.n_experts == 288
    bytes_per_token = sheet["kv_cache"]["bf16"]["bytes_per_token"]
    assert bytes_per_token == first["kv_cache_bytes_per_token"]


def test_our_description_counts_as_it_was_designed(tmp_path):
    path, _ = written(tmp_path, "mine.toml", "--flops", "1e21", "--format", "toml", "--pick", "2")
    second = record("--flops", "1e21")["design"]["models"][1]
    exact = counts(path)["conventions"][0]
    assert (exact["n_total"], exact["n_active"]) == (second["n_total"], second["n_active"])


def test_megatron_gets_the_shape_the_parallel_sizes_and_the_laws_steps():
    arguments = ("--flops", "1e22", "--tp", "8", "--ep", "16", "--pp", "5")
    lines = run("design", *arguments, "--format", "megatron").stdout.splitlines()
    said = dict(line.partition(" ")[::2] for line in lines)
    design = record(*arguments)["design"]
    shape = design["models"][0]["architecture"]
    assert said["--num-layers"] == str(shape["n_layers"])
    assert said["--hidden-size"] == str(shape["d_model"])
    assert said["--moe-ffn-hidden-size"] == str(shape["experts"]["width"])
    assert int(said["--num-layers"]) % 5 == int(said["--hidden-size"]) % 8 == 0
    assert said["--tensor-model-parallel-size"] == "8"
    assert said["--global-batch-size"] == str(design["batch_sequences"])
    assert float(said["--lr"]) == pytest.approx(2.753e-4, rel=1e-3)
    tokens = int(said["--train-samples"]) * 8192
    assert tokens == pytest.approx(design["models"][0]["tokens"], abs=8192)


@pytest.mark.parametrize(
    "attention",
    [["--queries-per-kv", "4"], ["--mla"],
     ["--mla", "--q-rank", "0", "--kv-rank", "256", "--rope-dim", "32"]],
)  # fmt: skip
def test_other_attention_and_dense_layers_reach_every_format(tmp_path, attention):
    arguments = ("--flops", "1e22", "--dense-ratio", "18/7", "--tp", "4", *attention)
    first = record(*arguments, "--top", "1")["design"]["models"][0]
    lines = run("design", *arguments, "--format", "megatron").stdout.splitlines()
    said = dict(line.partition(" ")[::2] for line in lines)
    shape = first["architecture"]
    assert int(said["--ffn-hidden-size"]) * 7 == shape["d_model"] * 18
    for name, form in (("config.json", "hf"), ("mine.toml", "toml")):
        path, model = written(tmp_path, name, *arguments, "--format", form)
        exact = counts(path)["conventions"][0]
        assert (exact["n_total"], exact["n_active"]) == (first["n_total"], first["n_active"])
        assert asdict(model.attention) == shape["attention"]
    if "--mla" in attention:
        latent = shape["attention"]
        assert said["--kv-lora-rank"] == str(latent["kv_rank"])
        assert said.get("--q-lora-rank") == (str(latent["q_rank"]) if latent["q_rank"] else None)
        assert "--group-query-attention" not in said
    else:
        assert int(said["--num-query-groups"]) * 4 == int(said["--num-attention-heads"])


def test_kv_heads_on_several_devices_are_said():
    said = " ".join(run("design", "--flops", "1e20", "--tp", "8", "--top", "1").stdout.split())
    assert "Each of the 4 kv heads is on 2 of the 8 tensor-parallel devices" in said
    assert record("--flops", "1e20", "--tp", "4", "--top", "1")["design"]["held"]["kv_copies"] == 1


def test_memory_and_parameters_cap_the_same_number():
    """16 bytes per parameter: 64 GPUs of 80 GB hold 320 billion."""
    by_memory = record("--flops", "1e24", "--max-memory", "80GB", "--gpus", "64")
    by_total = record("--flops", "1e24", "--max-total", "320B", "--gpus", "64")
    both = record("--flops", "1e24", "--max-memory", "80GB", "--gpus", "64", "--max-total", "1T")
    assert by_memory == by_total == both
    for model in by_memory["design"]["models"]:
        assert model["training_bytes_per_gpu"] <= 80e9


def test_other_constants_reach_the_model():
    design = record(
        "--flops", "1e23", "--experts", "128", "--top-k", "4", "--shared", "2", "--heads", "48x64",
        "--vocabulary", "32000", "--seq-len", "16384", "--multiple", "64", "--width-rule", "sweep",
    )["design"]  # fmt: skip
    shape = design["models"][0]["architecture"]
    assert (shape["experts"]["n_experts"], shape["experts"]["top_k"]) == (128, 4)
    assert shape["experts"]["n_shared"] == 2
    assert (shape["attention"]["n_heads"], shape["attention"]["head_dim"]) == (48, 64)
    assert shape["attention"]["n_kv_heads"] == 24
    assert shape["vocabulary"] == 32000
    assert shape["d_model"] % 64 == shape["experts"]["width"] % 64 == 0
    assert design["held"]["seq_len"] == 16384
    origins = {figure["name"]: figure["origin"] for figure in design["target"]}
    assert origins["heads"] == "given"
    assert origins["M/N_a"] == "stand-in"


def test_a_law_chooses_the_shape_beside_the_shape_laws():
    arguments = ("--flops", "1e22", "--law", "generalized-moe", "--max-memory", "80GB", "--gpus",
                 "64", "--top", "3")  # fmt: skip
    design = record(*arguments)["design"]
    law, (first, *rest) = design["law"], design["models"]
    assert law["name"] == "generalized-moe"
    assert first["loss"] < law["by_shape_laws"]["loss"]
    assert [each["loss"] for each in rest] == sorted(each["loss"] for each in rest)
    assert first["tokens"] * 3 * first["inference_flops_per_token"] == pytest.approx(1e22)
    assert all(each["n_total"] <= 320e9 for each in design["models"])
    origins = {figure["name"]: figure["origin"] for figure in design["target"]}
    assert (origins["M"], origins["N/N_a"], origins["D"]) == ("scan", "scan", "algebra")
    assert law["ends"] == ["M/N_a low"]
    done = run("design", *arguments)
    said = " ".join(done.stdout.split())
    assert "It was stopped at the end of: M/N_a low." in said
    assert "the width rule decides" in said
    assert "(our choice: the paper's" in said
    assert any(line.startswith("shape laws ") for line in done.stdout.splitlines())
    assert all(len(line) <= 120 for line in done.stdout.splitlines())


def test_a_saved_fit_chooses_as_a_published_law_does(tmp_path, monkeypatch):
    """The fit of `made_fits` has the coefficients of generalized-moe."""
    monkeypatch.chdir(tmp_path)
    fits.save(saved("mine", n_draws=3), tmp_path / "results/local")
    mine, published = (
        record("--flops", "1e21", "--law", name, "--top", "1")["design"]
        for name in ("mine", "generalized-moe")
    )
    assert mine["models"] == published["models"]
    assert (mine["law"]["name"], mine["law"]["loss"]) == ("mine", published["law"]["loss"])


def test_over_all_shapes_a_law_has_no_more_loss_than_near_the_shape_laws():
    near, everywhere = (
        record("--flops", "3e20", "--law", "abnar2025", "--over", over, "--top", "1")["design"]
        for over in ("near", "all")
    )
    assert everywhere["law"]["loss"] < near["law"]["loss"]
    assert record("--flops", "3e20", "--top", "1")["design"]["law"] is None


def test_a_released_model_is_placed_beside_the_flat_zone():
    done = run("design", "--like", "deepseek-v3")
    assert done.returncode == 0
    assert "N/N_a 18.80: inside the flat zone of 18 to 25" in done.stdout
    assert "M/N_a 7.73, beside" in done.stdout
    assert "d_m / d 2.57" in done.stdout
    unknown = run("design", "--like", "gpt-oss-120b").stdout
    assert "N/N_a 25.47: past the flat zone" in unknown
    assert "M/N_a 7.60; its training tokens are not known here" in unknown


def test_a_file_is_placed_as_a_released_model_is():
    found = record("--like", CONFIGS / "dots-llm1.json")["like"]
    assert found["model"] == "dots-llm1"
    assert found["max_expansion"] == pytest.approx(130 / 8)
    done = run("design", "--like", CONFIGS / "llama-3-8b.json")
    assert done.returncode == 2
    assert "llama-3-8b is dense, so that N/N_a is 1. Name a sparse model." in done.stderr


@pytest.mark.parametrize("name", catalogue.names())
def test_every_released_model_has_a_place(name):
    found = record("--like", name)
    assert found["design"] is None
    assert found["like"]["model"] == name
    assert 1 < found["like"]["expansion"] < found["like"]["max_expansion"]


def test_a_design_and_a_placement_come_together_if_both_are_asked():
    both = record("--flops", "3e20", "--like", "kimi-k2", "--top", "1")
    assert len(both["design"]["models"]) == 1
    assert both["like"]["side"] == "past"
    assert "N/N_a 33.74" in run("design", "--flops", "3e20", "--like", "kimi-k2").stdout


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        ([], 2, "no budget. Give --flops, or --like MODEL"),
        (["--flops", "much"], 2, "cannot read 'much' as a count"),
        (["--flops", "0"], 2, "flops must be finite and > 0"),
        (["--flops", "1e20", "--tp", "5"], 2, "size 5 does not divide 8 heads. These do: 1, 2, 4"),
        (["--flops", "1e20", "--ep", "7"], 2, "size 7 does not divide 288 experts. These do: 1"),
        (["--flops", "1e20", "--heads", "16"], 2, "cannot read '16' as heads"),
        (["--flops", "1e20", "--heads", "3x64"], 2, "3x64 is no choice of heads"),
        (["--flops", "1e20", "--top-k", "288"], 2, "top_k is 288 of 288"),
        (["--flops", "1e20", "--top-k", "0"], 2, "a token goes to one expert or more, but top_k"),
        (["--flops", "1e20", "--shared", "-1"], 2, "n_shared must be finite and >= 0"),
        (["--flops", "1e20", "--multiple", "7"], 2, "multiples of 8 to 128, not of 7"),
        (["--flops", "1e20", "--format", "yaml"], 2, "unknown format 'yaml'"),
        (["--flops", "1e20", "--format", "hf", "--json"], 2, "--format hf and --json contradict"),
        (["--like", "kimi-k2", "--format", "hf"], 2, "--format hf and --like alone contradict"),
        (["--like", "deepsek-v3"], 2, "Did you mean 'deepseek-v3'?"),
        (["--like", "llama-3-8b"], 2, "the shape of llama-3-8b is not in the catalogue"),
        (["--flops", "1e20", "--width-rule", "rato"], 2, "Did you mean 'ratio'?"),
        (["--flops", "1e20", "--max-memory", "80GB"], 2, "is that of one GPU. Give --gpus too"),
        (["--flops", "1e20", "--max-memory", "80", "--gpus", "8"], 2, "as a size of memory"),
        (["--flops", "1e20", "--gpus", "0"], 2, "--gpus 0: it is 1 or more"),
        (["--flops", "1e20", "--top", "0"], 2, "--top 0: it is 1 or more"),
        (["--flops", "1e20", "--format", "hf", "--pick", "999"], 2, "--pick 999: there are"),
        (["--flops", "1e20", "--seq-len", "1.5"], 2, "a sequence has 1 to 1e+09 tokens"),
        (["--flops", "1e24", "--max-total", "50B"], 3, "max_total 50B and flops 1e+24 contradict"),
        (["--flops", "1e18", "--heads", "64x128"], 3, "leaves 0.29 layers of 64x128 heads"),
        (["--flops", "1e20", "--over", "all"], 2, "--over says which shapes a law chooses from"),
        (["--flops", "1e20", "--law", "abnar2025", "--over", "most"], 2, "unknown range of shapes"),
        (
            ["--flops", "1e20", "--law", "abnar2025", "--shape-law", "a", "--over", "all"],
            2,
            "--shape-law gives both ratios",
        ),
        (["--like", "kimi-k2", "--law", "abnar2025"], 2, "--law chooses a shape for a budget"),
        (["--like", "kimi-k2", "--experts", "8", "--mla"], 2, "--experts, --mla: of no use where"),
        (["--like", "kimi-k2", "--multiple", "8"], 2, "--multiple: of no use where --like alone"),
        (["--experts", "8", "fit", "runs.csv"], 2, "design fit takes its own options only"),
        (["--flops", "1e20", "--law", "abnar2024"], 2, "Did you mean 'abnar2025'"),
        (["--flops", "1e18", "--pp", "64"], 3, "no whole numbers come within 5%"),
        (["--flops", "1e20", "--kv-rank", "512"], 2, "--kv-rank is a size of latent attention."),
        (["--flops", "1e20", "--mla", "--kv-rank", "0"], 2, "kv_rank of latent attention must be"),
        (["--flops", "1e20", "--mla", "--rope-dim", "63"], 2, "rotary positions turn pairs"),
        (["--flops", "1e20", "--mla", "--queries-per-kv", "2"], 2, "contradict each other: latent"),
        (["--flops", "1e20", "--queries-per-kv", "3"], 2, "8 query heads cannot share keys and"),
        (["--flops", "1e20", "--queries-per-kv", "0"], 2, "queries_per_kv 0: at least one head"),
        (
            ["--flops", "1e20", "--dense-ratio", "thick"],
            2,
            "cannot read 'thick' as a --dense-ratio",
        ),
        (["--flops", "1e20", "--dense-ratio", "2.71"], 2, "with q up to 8, as 3, 5/2 or 8/3. Near"),
        (["--flops", "1e20", "--dense-ratio", "-3"], 2, "dense_ratio -3: dense layers are p/q"),
        (["--flops", "1e20", "--mla", "--kv-rank", "9000"], 2, "whatever the hidden size. Raise"),
        ([*ODD, "--format", "megatron"], 2, "--sequence-parallel splits 8191 tokens over 4"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(arguments, status, says):
    done = run("design", *arguments)
    assert done.returncode == status
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_the_verb_is_in_the_command_line():
    assert any(verb.__name__.endswith(".design") for verb in VERBS)
