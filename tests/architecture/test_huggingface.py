"""A config.json as released: every family, what it must say, and what is refused."""

import json
from pathlib import Path

import pytest

from autotune.architecture.count import Group, by_group, total
from autotune.architecture.hf_families import FAMILIES
from autotune.architecture.huggingface import architecture
from autotune.errors import InputError

CONFIGS = Path(__file__).resolve().parent.parent / "golden/config_json"
"""The keys of released files that decide sizes."""
WRAPPED = sorted((CONFIGS.parent / "config_json_wrapped").glob("*.json"))
NUMEL = {
    "llama-3-8b": 8_030_261_248,
    "llama-3.2-1b": 1_235_814_400,
    "mistral-7b-v0.1": 7_241_732_096,
    "mixtral-8x7b": 46_702_792_704,
    "qwen2-7b": 7_615_616_512,
    "qwen3-8b": 8_190_735_360,
    "qwen3-30b-a3b": 30_532_122_624,
    "deepseek-moe-16b": 16_375_728_128,  # no code in transformers: section 8 of the domain
    "deepseek-v2-lite": 15_706_484_224,
    "deepseek-v3": 671_026_419_200,
    "kimi-k2": 1_026_408_232_448,
    "olmo-7b": 6_888_095_744,
    "olmo-2-7b": 7_298_617_344,
    "olmo-3-7b": 7_298_011_136,
    "olmoe-1b-7b": 6_919_161_856,
    "gpt-oss-20b": 20_914_757_184,
    "gemma-7b": 8_537_680_896,
    "gemma-2-2b": 2_614_341_888,
    "gemma-3-1b": 999_885_952,
    "glm-4.5-air": 106_852_251_264,
    "minimax-m2": 228_689_764_864,
    "dots-llm1": 142_774_381_696,
}
"""Numbers in the tensors that transformers 5.24 builds from them, the router's correction included;
it builds no multi-token-prediction head."""


def load(name):
    return json.loads((CONFIGS / f"{name}.json").read_text())


def read(config):
    return architecture(config, name="model", where="config.json")


def test_every_family_has_a_released_file_here():
    wrapped = {json.loads(path.read_text())["text_config"]["model_type"] for path in WRAPPED}
    assert {load(name)["model_type"] for name in NUMEL} | wrapped == set(FAMILIES)


@pytest.mark.parametrize("name", NUMEL)
def test_a_released_file_counts_what_transformers_builds_from_it(name):
    counts = by_group(read(load(name)))
    assert total(counts).total - counts[Group.MTP].total == NUMEL[name]


REQUIRED = {"hidden_size", "num_hidden_layers", "vocab_size", "num_attention_heads"}


@pytest.mark.parametrize("name", NUMEL)
def test_a_missing_key_is_named(name):
    config = load(name)
    for key in REQUIRED & set(config) | {
        key for key in config if ("expert" in key and "shared" not in key) or "lora" in key
    }:
        left = {other: value for other, value in config.items() if other != key}
        with pytest.raises(InputError, match=rf"config.json \({config['model_type']}\).* '{key}'"):
            read(left)


def test_an_unknown_family_is_refused_by_name_with_the_supported_ones():
    with pytest.raises(
        InputError, match=r"unknown model_type 'mamba2'.*llama, llama4_text, mistral.*minimax_m2"
    ):
        read({"model_type": "mamba2"})
    with pytest.raises(InputError, match=r"config.json has no key 'model_type'"):
        read({"hidden_size": 8})


@pytest.mark.parametrize(
    ("name", "layers", "window"),
    [("gpt-oss-20b", 12, 128), ("gemma-2-2b", 13, 4096), ("gemma-3-1b", 22, 512),
     ("olmo-3-7b", 24, 4096), ("mistral-7b-v0.1", 32, 4096), ("qwen3-8b", 0, None)],
)  # fmt: skip
def test_sliding_windows_are_those_of_the_layer_types_or_of_the_family(name, layers, window):
    config = load(name)
    listed, assumed = read(config), read({**config, "layer_types": None})
    for model in (listed, assumed):
        assert (model.n_window_layers, model.window) == (layers, window)


def test_qwen_windows_begin_after_the_first_layers_if_they_are_used():
    model = read({**load("qwen2-7b"), "use_sliding_window": True, "max_window_layers": 21})
    assert model.n_window_layers == 7


def test_dense_layers_of_a_sparse_model_are_those_of_either_rule():
    assert read(load("deepseek-v3")).n_dense_layers == 3
    qwen = {**load("qwen3-30b-a3b"), "mlp_only_layers": [0, 3], "decoder_sparse_step": 2}
    assert read(qwen).n_dense_layers == 25  # even layers by the step; 3 is odd


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hidden_size": "big"}, "hidden_size must be a whole number, not 'big'"),
        ({"hidden_size": 4100.5}, "hidden_size must be a whole number, not 4100.5"),
        ({"tie_word_embeddings": "no"}, "tie_word_embeddings must be true or false"),
        ({"head_dim": 0}, "head_dim must be at least 1, not 0"),
        ({"vocab_size": 10**8}, "vocab_size must be at most 10000000, not 100000000"),
        ({"num_attention_heads": 40}, "no head_dim, and num_attention_heads 40 does not"),
        ({"layer_types": ["full_attention"]}, "layer_types has 1 of 32 layers"),
        ({"layer_types": ["linear_attention"] * 32}, "'linear_attention', which is not supported"),
        ({"num_hidden_layers": 0}, "num_hidden_layers must be at least 1, not 0"),
        ({"num_key_value_heads": 3}, "num_attention_heads must be a multiple of the 3 of num_key"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(change, says):
    with pytest.raises(InputError, match=says):
        read({**load("llama-3-8b"), **change})


def test_biases_of_latent_attention_are_refused():
    with pytest.raises(InputError, match="attention_bias = True is not supported"):
        read({**load("deepseek-v3"), "attention_bias": True})


WRONG = [0, -1, 10**30, 1.5, float("nan"), "x", [], [3], {}, True, None]


def refusal(config):
    """What is wrong with a config.json, empty where it is counted."""
    try:
        assert total(by_group(read(config))).active > 0
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", NUMEL)
def test_whatever_a_key_holds_the_file_is_counted_or_the_key_is_named(name):
    config = load(name)
    for key in config:
        for value in WRONG:
            said = refusal({**config, key: value})
            assert not said or key in said or "has no key" in said
