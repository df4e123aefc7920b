"""Architectures written down: read back to the same one, and what a trainer is told."""

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from made_architectures import architectures, few
from made_stacks import constants, paper, whole_stacks

from autotune.architecture import config_json, huggingface
from autotune.architecture.backbone import complete
from autotune.architecture.divisors import Divisors
from autotune.architecture.document import described
from autotune.architecture.document_text import toml
from autotune.architecture.layer_stack import LayerStack
from autotune.architecture.megatron import TrainingRun, arguments
from autotune.errors import InputError
from autotune.models import catalogue

ROW = LayerStack(n_layers=16, n_dense_layers=2, d_model=1896, expert_width=664)
"""A row of table 21 of arXiv:2603.21862, at 3e20 FLOPs."""
MODEL = complete(ROW, paper(), vocabulary=152064, name="row")
LATENT = {
    "--multi-latent-attention": "", "--q-lora-rank": "1536", "--kv-lora-rank": "512",
    "--qk-head-dim": "128", "--qk-pos-emb-head-dim": "64", "--v-head-dim": "128",
    "--kv-channels": "128", "--rope-type": "rope", "--no-rope-fusion": "",
    "--num-attention-heads": "128", "--moe-router-topk-scaling-factor": "2.5",
}  # fmt: skip
RUN = TrainingRun(
    tokens=50.5138e9, seq_len=8192, peak_lr=4.82e-4, batch_tokens=288 * 8192,
    divisors=Divisors(tensor=8, expert=16, pipeline=4),
)  # fmt: skip


@few
@given(model=architectures())
def test_our_description_of_any_architecture_reads_back_to_it(model):
    document = tomllib.loads(toml(model))
    assert described(document, name=model.name, where="text").model == model


@pytest.mark.parametrize("name", catalogue.names())
def test_our_description_of_a_released_model_reads_back_to_it(name):
    model = catalogue.read(name).model
    assert described(tomllib.loads(toml(model)), name=name, where="text").model == model


@few
@given(held=constants(), stack=whole_stacks())
def test_a_config_json_of_a_stack_reads_back_to_it(held, stack):
    model = complete(stack, held, vocabulary=1000, name="drawn")
    config = config_json.config(model, seq_len=held.seq_len)
    assert huggingface.architecture(config, name="drawn", where="config.json") == model
    assert config["max_position_embeddings"] == held.seq_len


def test_a_deeper_model_than_dots_llm1_has_no_sliding_window():
    """Were `sliding_window` not null, layers past the 62nd would slide."""
    model = replace(MODEL, n_layers=80)
    config = config_json.config(model, seq_len=8192)
    assert huggingface.architecture(config, name="row", where="c").n_window_layers == 0
    sliding = {**config, "sliding_window": 4096}
    assert huggingface.architecture(sliding, name="row", where="c").n_window_layers == 18
    fewer = {**sliding, "max_window_layers": 70}
    assert huggingface.architecture(fewer, name="row", where="c").n_window_layers == 10


@pytest.mark.parametrize(
    "model", [catalogue.read("gpt-oss-20b").model, catalogue.read("mixtral-8x7b").model]
)
def test_another_family_has_no_such_config_json(model):
    with pytest.raises(InputError, match="is not of the family dots1 or deepseek_v3"):
        config_json.config(model, seq_len=8192)


def test_megatron_is_told_every_size_of_the_row_and_of_its_run():
    said = dict(line.partition(" ")[::2] for line in arguments(MODEL, RUN))
    assert said == {
        "--num-layers": "16", "--hidden-size": "1896", "--ffn-hidden-size": "5688",
        "--num-attention-heads": "16", "--group-query-attention": "", "--num-query-groups": "8",
        "--kv-channels": "128", "--qk-layernorm": "", "--normalization": "RMSNorm",
        "--norm-epsilon": "1e-6", "--swiglu": "", "--disable-bias-linear": "",
        "--position-embedding-type": "rope", "--attention-dropout": "0", "--hidden-dropout": "0",
        "--untie-embeddings-and-output-weights": "", "--vocab-size": "152064",
        "--make-vocab-size-divisible-by": "64",
        "--num-experts": "288", "--moe-layer-freq": "[0]*2+[1]*14",
        "--moe-ffn-hidden-size": "664", "--moe-shared-expert-intermediate-size": "664",
        "--moe-router-topk": "8", "--moe-router-score-function": "sigmoid",
        "--moe-router-enable-expert-bias": "", "--tensor-model-parallel-size": "8",
        "--sequence-parallel": "", "--expert-model-parallel-size": "16",
        "--pipeline-model-parallel-size": "4", "--seq-length": "8192",
        "--max-position-embeddings": "8192", "--global-batch-size": "288",
        "--train-samples": "6166236", "--lr": "0.000482", "--adam-beta1": "0.9",
        "--adam-beta2": "0.95", "--weight-decay": "0.1", "--clip-grad": "1.0", "--bf16": "",
    }  # fmt: skip


def test_megatron_s_pattern_of_layers_has_one_entry_per_layer():
    line = next(each for each in arguments(MODEL, RUN) if "freq" in each)
    counts = [int(n) for n in line.partition(" ")[2].replace("+", "*").split("*")[1::2]]
    assert counts == [2, 14]
    assert sum(counts) == MODEL.n_layers


def test_shared_experts_are_told_as_one_of_their_common_width():
    twice = replace(MODEL, experts=replace(MODEL.experts, n_shared=2))
    assert "--moe-shared-expert-intermediate-size 1328" in arguments(twice, RUN)


def test_what_is_not_there_is_not_told():
    plain = replace(RUN, divisors=Divisors())
    without = replace(MODEL, experts=replace(MODEL.experts, n_shared=0))
    said = " ".join(arguments(without, plain))
    assert "shared" not in said
    assert "sequence-parallel" not in said


@pytest.mark.parametrize(("tokens", "sequences"), [(1e3, 16), (64.5 * 8192, 64), (3e6, 368)])
def test_batches_are_multiples_of_sixteen_sequences(tokens, sequences):
    assert replace(RUN, batch_tokens=tokens).sequences == sequences


def test_megatron_is_told_the_latent_attention_of_deepseek_v3():
    """The sizes of its report; Megatron refuses groups beside it, and fused rotary but YaRN's."""
    model = replace(MODEL, attention=catalogue.read("deepseek-v3").model.attention)
    said = dict(line.partition(" ")[::2] for line in arguments(model, RUN))
    found = {name: said.pop(name) for name in LATENT if name in said}
    assert found == LATENT
    plain = dict(line.partition(" ")[::2] for line in arguments(MODEL, RUN))
    assert set(plain) - set(said) - set(LATENT) == {"--group-query-attention", "--num-query-groups"}
    whole = replace(model, attention=replace(model.attention, q_rank=None))
    assert not any("q-lora" in line for line in arguments(whole, RUN))


@pytest.mark.parametrize(
    ("vocabulary", "tensor", "rows"), [(152064, 1, 152064), (152064, 8, 152064), (50257, 2, 50258)]
)
def test_megatron_pads_the_vocabulary_to_the_rows_that_were_counted(vocabulary, tensor, rows):
    """It rounds up to a multiple of the argument times the tensor-parallel size."""
    run = replace(RUN, divisors=Divisors(tensor=tensor))
    lines = arguments(replace(MODEL, vocabulary=vocabulary), run)
    said = dict(line.partition(" ")[::2] for line in lines)
    step = tensor * int(said["--make-vocab-size-divisible-by"])
    assert -(-vocabulary // step) * step == rows


def test_a_sequence_that_tensor_parallel_devices_cannot_share_is_refused():
    with pytest.raises(InputError, match="splits 8191 tokens over 8"):
        arguments(MODEL, replace(RUN, seq_len=8191))


@pytest.mark.parametrize(
    ("model", "says"),
    [(catalogue.read("mixtral-8x7b").model, "has no dense layers"),
     (replace(MODEL, experts=None, n_dense_layers=16), "has no experts")],
)  # fmt: skip
def test_megatron_is_told_nothing_of_other_models(model, says):
    with pytest.raises(InputError, match=says):
        arguments(model, RUN)
