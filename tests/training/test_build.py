"""Models that are built: the families, their parameters and their FLOPs, and the user's own."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from small_runs import OWN

from autotune.architecture.conventions import CONVENTIONS, Reach
from autotune.architecture.count import by_group, total
from autotune.architecture.flops import per_token, score_flops
from autotune.errors import InputError
from autotune.training.model_spec import of_architecture, of_builder, of_config
from autotune.training.small_shape import Mixture, of_widths

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from autotune.training.build import build  # noqa: E402
from autotune.training.initial import initialise  # noqa: E402
from autotune.training.roles import Role, roles  # noqa: E402

CONFIGS = Path(__file__).resolve().parent.parent / "golden/config_json"
TOKENS = 16
SMALL = {
    "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 24,
    "moe_intermediate_size": 12, "num_experts_per_tok": 2, "layer_types": None,
    "sliding_window": None, "first_k_dense_replace": 1, "kv_lora_rank": 10, "qk_nope_head_dim": 6,
    "qk_rope_head_dim": 8, "v_head_dim": 9, "n_shared_experts": 1, "num_experts": 4,
    "num_local_experts": 4, "n_routed_experts": 4,
}  # fmt: skip
FAMILIES = ["llama-3-8b", "mixtral-8x7b", "olmoe-1b-7b", "qwen3-30b-a3b", "deepseek-v3"]


def family(name):
    config = json.loads((CONFIGS / f"{name}.json").read_text())
    small = SMALL | {
        "num_key_value_heads": 2 if "kv_lora_rank" in config else 1,
        "head_dim": 16,
        "q_lora_rank": config.get("q_lora_rank") and 12,
    }
    changed = {key: value for key, value in small.items() if key in config}
    if "n_routed_experts" in config:
        changed |= {"n_group": 1, "topk_group": 1}
    return of_config(config | changed, name=name, where="config.json").with_vocabulary(101)


SPECS = [pytest.param(lambda name=name: family(name), id=name) for name in FAMILIES] + [
    pytest.param(lambda m=m: of_architecture(of_widths(16, 2, mixture=m)), id=str(m and m.bias))
    for m in (None, Mixture(n_experts=4), Mixture(n_experts=4, bias=True))
]


@pytest.mark.parametrize("make", SPECS)
def test_a_model_costs_exactly_the_flops_that_torch_counts(make):
    """The counter sees every score, masked or not, so the formula takes the whole sequence too.

    It misses fused attention and grouped products; plain ones are asked for. Rotary angles, which
    it counts as a product, are no part of the model's matrices.
    """
    spec = make()
    model = build(
        spec, vocabulary=spec.architecture.vocabulary, context=TOKENS, attention="eager",
        experts="eager",
    )  # fmt: skip
    initialise(model, seed=0)
    counter = FlopCounterMode(display=False)
    with counter:
        model(torch.arange(TOKENS)[None]).sum().backward()
    found = counter.get_flop_counts()
    rotary = sum(sum(n.values()) for where, n in found.items() if where.endswith("rotary_emb"))
    weights = per_token(spec.architecture, CONVENTIONS["exact"], seq_len=TOKENS).weights
    expected = weights + score_flops(spec.architecture, Reach.ALL, seq_len=TOKENS)
    assert counter.get_total_flops() - rotary == pytest.approx(3 * TOKENS * expected, rel=1e-6)


@pytest.mark.parametrize("make", SPECS)
def test_a_model_has_the_parameters_that_were_counted(make):
    spec = make()
    model = build(spec, vocabulary=101, context=TOKENS)
    biases = [b for name, b in model.named_buffers() if "e_score_correction" in name]
    built = sum(x.numel() for x in [*model.parameters(), *biases])
    assert built == total(by_group(replace(spec.architecture, vocabulary=101))).total


@pytest.mark.parametrize("make", SPECS)
def test_grouped_experts_compute_what_the_plain_loop_does(make):
    spec, ids = make(), torch.arange(TOKENS)[None]
    out = []
    for experts in ("eager", "grouped_mm"):
        model = build(spec, vocabulary=101, context=TOKENS, experts=experts)
        initialise(model, seed=1)
        for name, parameter in model.named_parameters():
            if roles(model)[name] in (Role.OUTPUT, Role.EXPERTS_OUTPUT, Role.HEAD):
                torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(2))
        out.append(model(ids))
    assert torch.allclose(*out, atol=1e-4)


@pytest.mark.parametrize("width", [16, 64])
def test_a_new_model_guesses_uniformly_whatever_its_width(width):
    model = build(of_architecture(of_widths(width, 2)), vocabulary=101, context=TOKENS)
    initialise(model, seed=0)
    assert not model(torch.arange(TOKENS)[None]).any()


def test_initial_weights_follow_from_the_seed():
    def weights(seed):
        model = build(of_architecture(of_widths(16, 1)), vocabulary=101, context=TOKENS)
        initialise(model, seed=seed)
        return torch.cat([parameter.reshape(-1) for parameter in model.parameters()])

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))


def test_a_function_of_the_users_builds_a_model(tmp_path):
    (tmp_path / "own.py").write_text(OWN.format(first="pass"))
    model = build(of_builder(f"{tmp_path}/own.py:build"), vocabulary=50, context=TOKENS)
    assert model(torch.arange(TOKENS)[None]).shape == (1, TOKENS, 50)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("build = 1 / 0", "cannot load"),
        ("def build(ids, context): raise KeyError('x')", "KeyError"),
        ("def build(ids, context): return 3", "must return a torch.nn.Module, not a int"),
        ("other = 1", "cannot load"),
    ],
)
def test_code_of_the_users_that_fails_is_named(tmp_path, text, says):
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(InputError, match=says):
        build(of_builder(f"{tmp_path}/own.py:build"), vocabulary=50, context=TOKENS)
