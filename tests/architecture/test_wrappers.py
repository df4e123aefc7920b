"""Models of text and images: the language model of a released file, and what is refused."""

import json
from contextlib import suppress
from pathlib import Path

import pytest

from autotune.architecture.count import by_group, total
from autotune.architecture.hf_wrappers import WRAPPERS
from autotune.architecture.huggingface import architecture
from autotune.errors import InputError
from autotune.models import files

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
WRAPPED = GOLDEN / "config_json_wrapped"
NUMEL = {
    "gemma-3-4b": 3_880_263_168,
    "gemma-3-27b": 27_009_346_304,
    "mistral-small-3.1": 23_572_403_200,
    "ministral-3-8b": 8_489_553_920,
    "llama-4-scout": 107_769_861_120,
    "llama-4-maverick": 400_711_848_960,
}
"""Numbers in the tensors of the language model that transformers 5.24 builds from them.

With its image tower, gemma-3-4b has 4,300,079,472 and mistral-small-3.1 24,011,361,280."""


def load(name):
    return json.loads((WRAPPED / f"{name}.json").read_text())


def read(config):
    return architecture(config, name="model", where="config.json")


@pytest.mark.parametrize("name", NUMEL)
def test_the_language_model_counts_what_transformers_builds_from_it(name):
    assert total(by_group(read(load(name)))).total == NUMEL[name]


def test_the_file_of_a_wrapper_says_what_is_left_out():
    found = files.read(WRAPPED / "gemma-3-4b.json")
    assert found.left_out == ("vision_config",)
    assert files.read(GOLDEN / "config_json/gemma-3-1b.json").left_out == ()


def test_every_wrapper_reads_its_text_config_with_and_without_its_type():
    inner = json.loads((GOLDEN / "config_json/kimi-k2.json").read_text())
    plain = read(inner)
    assert read({"model_type": "kimi_k25", "text_config": inner}) == plain
    untyped = {key: value for key, value in inner.items() if key != "model_type"}
    assert read({"model_type": "kimi_k25", "text_config": untyped}) == plain
    for name in NUMEL:
        config = load(name)
        assert config["model_type"] in WRAPPERS
        if config["text_config"]["model_type"] == WRAPPERS[config["model_type"]].text:
            del config["text_config"]["model_type"]
            assert read(config) == read(load(name))


def test_what_a_text_config_leaves_null_is_as_good_as_absent():
    config = load("gemma-3-4b")
    silent = config["text_config"] | {"vocab_size": None, "model_type": None}
    assert read({**config, "text_config": silent}) == read(config)


def test_llama_4_has_a_shared_expert_and_dense_layers_between_as_its_step_or_its_list_says():
    scout, maverick = read(load("llama-4-scout")), read(load("llama-4-maverick"))
    assert (scout.n_dense_layers, maverick.n_dense_layers) == (0, 24)
    assert scout.ffn is None
    assert (maverick.ffn.width, maverick.experts.width) == (16384, 8192)
    assert scout.experts.n_shared == 1
    config = load("llama-4-maverick")
    config["text_config"] |= {"moe_layers": [0, 5, 47]}
    assert read(config).n_dense_layers == 45


def test_llama_4_attends_within_chunks_but_in_every_fourth_layer():
    config = load("llama-4-scout")
    inner = config["text_config"]
    model = read(config)
    assert (model.n_window_layers, model.window, model.chunked) == (36, 8192, True)
    for change, layers in (
        ({"no_rope_layers": [1] * 20 + [0] * 28}, 20),
        ({"no_rope_layer_interval": 3}, 32),
        ({"attention_chunk_size": None}, 0),
        ({"layer_types": ["chunked_attention"] * 8 + ["full_attention"] * 40}, 8),
    ):
        found = read({**config, "text_config": {**inner, **change}})
        assert (found.n_window_layers, found.chunked) == (layers, layers > 0)


def test_embeddings_are_tied_as_either_level_says():
    config = load("mistral-small-3.1")
    assert not read(config).tied
    assert read({**config, "tie_word_embeddings": True}).tied
    assert read(
        {**config, "text_config": config["text_config"] | {"tie_word_embeddings": True}}
    ).tied
    assert not read({**load("gemma-3-4b"), "tie_word_embeddings": False}).tied


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"model_type": "mistral3"}, r"config.json \(mistral3\) has no section 'text_config'"),
        ({"model_type": "gemma3", "text_config": 3}, r"\(gemma3\) has no section 'text_config'"),
        (
            {"model_type": "gemma3", "text_config": {}},
            r"config.json: text_config \(gemma3_text\) has no key 'num_hidden_layers'",
        ),
        (
            {"model_type": "mistral3", "text_config": {"model_type": "mistral4"}},
            "unknown model_type 'mistral4'. Did you mean 'mistral",
        ),
        (
            {"model_type": "llama4", "tie_word_embeddings": True,
             "text_config": {"tie_word_embeddings": False}},
            "tie_word_embeddings is True, and False in text_config. Keep one",
        ),
        ({"model_type": "llava", "text_config": {}}, "'llava'.*gemma3, kimi_k25, llama4, mistral3"),
        ({"model_type": "minimax_text_01"}, "'minimax_text_01' is not supported.*lightning"),
        ({"model_type": "minimax"}, "'minimax' is not supported.*lightning"),
    ],
)  # fmt: skip
def test_what_is_not_counted_is_refused_by_name(config, says):
    with pytest.raises(InputError, match=says):
        read(config)


@pytest.mark.parametrize("name", NUMEL)
@pytest.mark.parametrize("value", [0, -1, 10**30, 1.5, "x", [], [3], {}, True, None])
def test_whatever_a_key_holds_the_file_is_counted_or_refused(name, value):
    config = load(name)
    for key in config["text_config"]:
        with suppress(InputError):
            inner = config["text_config"] | {key: value}
            assert total(by_group(read({**config, "text_config": inner}))).active > 0
