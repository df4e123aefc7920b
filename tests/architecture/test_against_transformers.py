"""Counts beside PyTorch: transformers on the meta device, and torch's own counter of FLOPs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from made_stacks import paper

from autotune.architecture import config_json
from autotune.architecture.attention import GroupedQuery
from autotune.architecture.backbone import complete
from autotune.architecture.conventions import CONVENTIONS, Reach
from autotune.architecture.count import Group, by_group, total
from autotune.architecture.flops import per_token, score_flops
from autotune.architecture.hf_wrappers import WRAPPERS
from autotune.architecture.huggingface import architecture
from autotune.architecture.layer_stack import LayerStack
from autotune.architecture.sparse_constants import SparseConstants
from autotune.models.catalogue import read

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

CONFIGS = Path(__file__).resolve().parent.parent / "golden/config_json"
WRAPPED = CONFIGS.parent / "config_json_wrapped"
CODE_OF = {"kimi_k2": "deepseek_v3"}
NAMES = sorted(path.stem for path in CONFIGS.glob("*.json") if path.stem != "deepseek-moe-16b")
"""All but the one family that transformers has no code for."""
SMALL = {
    "hidden_size": 64, "num_hidden_layers": 5, "num_attention_heads": 4, "vocab_size": 101,
    "intermediate_size": 48, "moe_intermediate_size": 24, "num_experts_per_tok": 2,
    "layer_types": None, "sliding_window": 7, "max_window_layers": 2, "first_k_dense_replace": 2,
    "kv_lora_rank": 10, "qk_nope_head_dim": 6, "qk_rope_head_dim": 8, "v_head_dim": 9,
    "n_shared_experts": 3,
}  # fmt: skip
"""Sizes that no two meanings share."""
EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")


def released(name):
    return json.loads((CONFIGS / f"{name}.json").read_text())


def shrunk(name, **changes):
    """The same file with small numbers, where it has the key at all."""
    config = released(name)
    latent = "kv_lora_rank" in config
    small = SMALL | {"num_key_value_heads": 4 if latent else 2, "head_dim": 20}
    small |= dict.fromkeys(EXPERTS, 6) | {"q_lora_rank": config.get("q_lora_rank") and 12}
    return config | {key: value for key, value in small.items() if key in config} | changes


def built(config, device):
    values = {key: value for key, value in config.items() if key != "model_type"}
    known = CODE_OF.get(config["model_type"], config["model_type"])
    with torch.device(device):
        return transformers.AutoModelForCausalLM.from_config(
            transformers.AutoConfig.for_model(known, attn_implementation="eager", **values)
        )


def ours(config):
    return architecture(config, name="model", where="config.json")


def same(config):
    model = built(config, "meta")
    corrections = [x for name, x in model.named_buffers() if "e_score_correction" in name]
    numel = sum(x.numel() for x in [*model.parameters(), *corrections])
    counts = by_group(ours(config))
    return total(counts).total - counts[Group.MTP].total, numel


@pytest.mark.parametrize("name", NAMES)
def test_a_released_file_has_as_many_parameters_as_transformers_builds(name):
    counted, numel = same(released(name))
    assert counted == numel


LATENT = SparseConstants(attention=read("deepseek-v2-lite").model.attention, dense_ratio=2.5)
HELD = {
    "two shared experts": paper(n_shared=2), "no shared expert": paper(n_shared=0),
    "four queries to a kv head": replace(
        paper(), attention=GroupedQuery(n_heads=16, n_kv_heads=4, head_dim=64)
    ),
    "latent": LATENT,
    "latent, queries compressed": replace(
        LATENT, attention=replace(LATENT.attention, q_rank=1536)
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
def test_the_config_json_of_a_stack_builds_as_many_parameters_as_were_counted(held):
    stack = LayerStack(n_layers=7, n_dense_layers=2, d_model=1896, expert_width=664)
    model = complete(stack, held, vocabulary=152064, name="m")
    counted, numel = same(config_json.config(model, seq_len=8192))
    assert counted == numel == total(by_group(model)).total


@pytest.mark.parametrize("path", sorted(WRAPPED.glob("*.json")), ids=lambda path: path.stem)
def test_the_language_model_of_a_released_wrapper_has_as_many_as_transformers_builds(path):
    config = json.loads(path.read_text())
    assumed = WRAPPERS[config["model_type"]].assumed
    counts = by_group(ours(config))
    assert total(counts).total == same({**assumed, **config["text_config"]})[1]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_a_small_model_has_as_many_parameters_as_transformers_builds(name, tied):
    counted, numel = same(shrunk(name, tie_word_embeddings=tied))
    assert counted == numel


@pytest.mark.parametrize("key", ["attention_bias", "mlp_bias"])
@pytest.mark.parametrize("name", [name for name in NAMES if "kv_lora_rank" not in released(name)])
def test_biases_are_read_where_transformers_reads_them(name, key):
    counted, numel = same(shrunk(name, **{key: True}))
    assert counted == numel


@pytest.mark.parametrize(
    "name", ["llama-3-8b", "qwen2-7b", "mixtral-8x7b", "olmoe-1b-7b", "deepseek-v3", "gpt-oss-20b"]
)
def test_a_small_model_costs_the_flops_that_torch_counts(name):
    """Eager attention computes every score, masked or not; a backward pass is two forward ones."""
    from torch.utils.flop_counter import FlopCounterMode

    tokens = 16
    config = shrunk(name, experts_implementation="eager", n_group=1, topk_group=1)
    network, model = built(config, "cpu"), ours(config)
    counter = FlopCounterMode(display=False)
    with counter:
        network(torch.arange(tokens)[None], use_cache=False).logits.sum().backward()
    found = counter.get_flop_counts()
    rotary = sum(sum(n.values()) for where, n in found.items() if where.endswith("rotary_emb"))
    decoder = replace(model, n_mtp_layers=0)
    weights = per_token(decoder, CONVENTIONS["exact"], seq_len=tokens).weights
    expected = weights + score_flops(decoder, Reach.ALL, seq_len=tokens)
    assert counter.get_total_flops() - rotary == 3 * tokens * expected
