"""An architecture and its training run as arguments of Megatron-LM."""

import math
from dataclasses import dataclass

from autotune.architecture.attention import GroupedQuery
from autotune.architecture.divisors import Divisors
from autotune.architecture.shape import Architecture
from autotune.errors import InputError

BATCH_STEP = 16
"""Batches of the paper are multiples of 16 sequences."""


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

    The paper's optimizer (arXiv:2603.21862, section 3): AdamW, weight decay 0.1, clipping at 1. Its
    schedule is warm-up, stable, decay of shares that it does not state, so none is given here.

    Raises:
        InputError: If attention is not grouped-query, or nothing is sparse.
    """
    return [*_layers(model), *_experts(model), *_parallel(run.divisors), *_training(run)]


def _layers(model: Architecture) -> list[str]:
    attention, ffn = model.attention, model.ffn
    if not isinstance(attention, GroupedQuery) or ffn is None:
        raise InputError(f"{model.name} has no grouped-query attention and dense layers.")
    return [
        f"--num-layers {model.n_layers}",
        f"--hidden-size {model.d_model}",
        f"--ffn-hidden-size {ffn.width}",
        f"--num-attention-heads {attention.n_heads}",
        "--group-query-attention",
        f"--num-query-groups {attention.n_kv_heads}",
        f"--kv-channels {attention.head_dim}",
        "--qk-layernorm",
        "--normalization RMSNorm",
        "--swiglu",
        "--disable-bias-linear",
        "--position-embedding-type rope",
        "--untie-embeddings-and-output-weights",
        f"--vocab-size {model.vocabulary}",
    ]


def _experts(model: Architecture) -> list[str]:
    experts = model.experts
    if experts is None:
        raise InputError(f"{model.name} has no experts.")
    shared = f"--moe-shared-expert-intermediate-size {experts.n_shared * experts.width}"
    return [
        f"--num-experts {experts.n_experts}",
        f"--moe-layer-freq [0]*{model.n_dense_layers}+[1]*{model.n_moe_layers}",
        f"--moe-ffn-hidden-size {experts.width}",
        *([shared] if experts.n_shared else []),
        f"--moe-router-topk {experts.top_k}",
        "--moe-router-score-function sigmoid",
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
