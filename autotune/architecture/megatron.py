"""An architecture and its training run as arguments of Megatron-LM.

Read beside its source on 2026-11-28, not run: `megatron/training/arguments.py` and the dataclasses
that it makes arguments of, at d98e8a64 (2026-08-22, version 0.20 in development) and core_v0.19.0.
All names are there, and in every release from core_v0.11.0 (`--rope-type`, for latent attention
only, from core_v0.14.0 on). `docs/decisions/031` lists the constraints that it asserts.
"""

import math
from dataclasses import dataclass

from autotune.architecture.attention import Attention, GroupedQuery
from autotune.architecture.divisors import Divisors
from autotune.architecture.shape import Architecture
from autotune.errors import InputError

BATCH_STEP = 16
"""Batches of the paper are multiples of 16 sequences."""
DEEPSEEK_SCALING = 2.5
"""What the outputs of experts are multiplied by, as in a config.json of DeepSeek-V3 by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """What is trained on, and how.

    Attributes:
        tokens: Training tokens.
        seq_len: Tokens of a sequence.
        peak_lr: Peak learning rate.
        batch_tokens: Tokens of a batch.
        divisors: Parallel sizes.
    """

    tokens: float
    seq_len: int
    peak_lr: float
    batch_tokens: float
    divisors: Divisors

    @property
    def sequences(self) -> int:
        """Sequences of a batch."""
        steps = round(self.batch_tokens / self.seq_len / BATCH_STEP)
        return BATCH_STEP * max(1, steps)


def arguments(model: Architecture, run: TrainingRun) -> list[str]:
    """The argument list, one argument with its value per entry.

    What a model of these sizes does not decide is left to the user: `--micro-batch-size`, the
    tokenizer, the data, the schedule.

    The paper's optimizer (arXiv:2603.21862, section 3): AdamW, weight decay 0.1, clipping at 1. Its
    schedule is warm-up, stable, decay of shares that it does not state, so none is given here.

    Raises:
        InputError: If there are no dense layers or no experts, or the sequence does not split.
    """
    tensor = run.divisors.tensor
    if run.seq_len % tensor:
        raise InputError(
            f"--sequence-parallel splits {run.seq_len} tokens over {tensor} tensor-parallel "
            "devices, which leaves a remainder. Give another --seq-len or --tp."
        )
    return [
        *_layers(model), *_vocabulary(model, tensor), *_experts(model),
        *_parallel(run.divisors), *_training(run),
    ]  # fmt: skip


def _layers(model: Architecture) -> list[str]:
    ffn = model.ffn
    if ffn is None:
        raise InputError(f"{model.name} has no dense layers.")
    return [
        f"--num-layers {model.n_layers}",
        f"--hidden-size {model.d_model}",
        f"--ffn-hidden-size {ffn.width}",
        f"--num-attention-heads {model.attention.n_heads}",
        *_attention(model.attention),
        "--qk-layernorm",
        "--normalization RMSNorm",
        "--norm-epsilon 1e-6",
        "--swiglu",
        "--disable-bias-linear",
        "--position-embedding-type rope",
        "--attention-dropout 0",
        "--hidden-dropout 0",
    ]


def _attention(attention: Attention) -> list[str]:
    """Latent attention excludes groups; without `kv-channels`, heads must divide the width."""
    if isinstance(attention, GroupedQuery):
        return [
            "--group-query-attention",
            f"--num-query-groups {attention.n_kv_heads}",
            f"--kv-channels {attention.head_dim}",
        ]
    query = [] if attention.q_rank is None else [f"--q-lora-rank {attention.q_rank}"]
    return [
        "--multi-latent-attention",
        *query,
        f"--kv-lora-rank {attention.kv_rank}",
        f"--qk-head-dim {attention.nope_dim}",
        f"--qk-pos-emb-head-dim {attention.rope_dim}",
        f"--v-head-dim {attention.value_dim}",
        f"--kv-channels {attention.value_dim}",
        "--rope-type rope",
        "--no-rope-fusion",  # the fused kernel is of YaRN only
    ]


def _vocabulary(model: Architecture, tensor: int) -> list[str]:
    """Rows are padded to a multiple of both; by default 128 rows per device would be one."""
    return [
        "--untie-embeddings-and-output-weights",
        f"--vocab-size {model.vocabulary}",
        f"--make-vocab-size-divisible-by {math.gcd(128, model.vocabulary // tensor)}"
        if model.vocabulary % tensor == 0
        else "--make-vocab-size-divisible-by 1",
    ]


def _experts(model: Architecture) -> list[str]:
    experts = model.experts
    if experts is None:
        raise InputError(f"{model.name} has no experts.")
    latent = not isinstance(model.attention, GroupedQuery)
    shared = f"--moe-shared-expert-intermediate-size {experts.n_shared * experts.width}"
    return [
        f"--num-experts {experts.n_experts}",
        f"--moe-layer-freq [0]*{model.n_dense_layers}+[1]*{model.n_moe_layers}",
        f"--moe-ffn-hidden-size {experts.width}",
        *([shared] if experts.n_shared else []),
        f"--moe-router-topk {experts.top_k}",
        "--moe-router-score-function sigmoid",
        *([f"--moe-router-topk-scaling-factor {DEEPSEEK_SCALING}"] if latent else []),
        "--moe-router-enable-expert-bias",
    ]


def _parallel(divisors: Divisors) -> list[str]:
    return [
        f"--tensor-model-parallel-size {divisors.tensor}",
        *(["--sequence-parallel"] if divisors.tensor > 1 else []),
        f"--expert-model-parallel-size {divisors.expert}",
        f"--pipeline-model-parallel-size {divisors.pipeline}",
    ]


def _training(run: TrainingRun) -> list[str]:
    return [
        f"--seq-length {run.seq_len}",
        f"--max-position-embeddings {run.seq_len}",
        f"--global-batch-size {run.sequences}",
        f"--train-samples {math.ceil(run.tokens / run.seq_len)}",
        f"--lr {run.peak_lr:.4g}",
        "--adam-beta1 0.9",
        "--adam-beta2 0.95",
        "--weight-decay 0.1",
        "--clip-grad 1.0",
        "--bf16",
    ]
