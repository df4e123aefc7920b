"""An architecture as a config.json of dots.llm1, the family that the paper's models are of."""

from typing import Any

from autotune.architecture.attention import GroupedQuery, QkNorm
from autotune.architecture.shape import Architecture
from autotune.errors import InputError


def config(model: Architecture, *, seq_len: int) -> dict[str, Any]:
    """The keys that decide sizes and routing; what is left out has the default of transformers.

    Args:
        model: As `architecture.backbone.complete` makes it.
        seq_len: The longest sequence it is trained on.

    Raises:
        InputError: If it is of another family.
    """
    attention, ffn, experts = model.attention, model.ffn, model.experts
    if (
        not isinstance(attention, GroupedQuery)
        or attention.qk_norm is not QkNorm.HEAD
        or experts is None
        or ffn is None
    ):
        raise InputError(f"{model.name} is not of the family dots1, so it has no such config.json.")
    return {
        "architectures": ["Dots1ForCausalLM"],
        "model_type": "dots1",
        "hidden_size": model.d_model,
        "intermediate_size": ffn.width,
        "num_hidden_layers": model.n_layers,
        "num_attention_heads": attention.n_heads,
        "num_key_value_heads": attention.n_kv_heads,
        "head_dim": attention.head_dim,
        "vocab_size": model.vocabulary,
        "first_k_dense_replace": model.n_dense_layers,
        "moe_intermediate_size": experts.width,
        "n_routed_experts": experts.n_experts,
        "n_shared_experts": experts.n_shared,
        "num_experts_per_tok": experts.top_k,
        "n_group": 1,
        "topk_group": 1,
        "norm_topk_prob": True,
        "hidden_act": "silu",
        "attention_bias": False,
        "tie_word_embeddings": model.tied,
        "max_position_embeddings": seq_len,
        "sliding_window": None,
        "dtype": "bfloat16",
    }
