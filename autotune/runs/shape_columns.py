"""The columns of a table of (architecture, loss) runs: names, domains, and what stands in."""

from collections.abc import Mapping
from types import MappingProxyType

from autotune.runs import names, sweeps

ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "flops": names.ALIASES["flops"],
        "tokens": tuple(name for name in names.ALIASES["tokens"] if name != "d"),
        "loss": tuple(name for name in names.ALIASES["loss"] if name != "L"),
        "n_layers": ("n_layers", "num_layers", "num_hidden_layers", "layers", "L"),
        "n_dense_layers": (
            "n_dense_layers", "num_dense_layers", "dense_layers", "first_k_dense_replace",
            "dense", "l_d",
        ),
        "d_model": ("d_model", "hidden_size", "d"),
        "expert_width": (
            "expert_width", "moe_intermediate_size", "moe_ffn_hidden_size", "expert_ffn",
            "d_expert", "d_m",
        ),
        "n_heads": ("n_heads", "num_attention_heads", "num_heads", "heads", "n_q"),
        "head_dim": ("head_dim", "head_size", "kv_channels", "d_qkv"),
        "n_kv_heads": (
            "n_kv_heads", "num_key_value_heads", "num_query_groups", "kv_heads", "n_kv",
        ),
        "n_experts": (*names.ALIASES["n_experts"], "n_routed_experts", "n_e"),
        "top_k": (*names.ALIASES["top_k"], "K"),
        "n_shared": ("n_shared", "n_shared_experts", "shared_experts", "shared"),
        "seq_len": (*sweeps.ALIASES["seq_len"], "S"),
        "dense_ratio": ("dense_ratio", "dense_ffn_ratio"),
        "lr": sweeps.ALIASES["lr"],
        "batch_tokens": sweeps.ALIASES["batch_tokens"],
        "batch_sequences": sweeps.ALIASES["batch_sequences"],
    }
)  # fmt: skip
"""Each of our columns, and the names it goes by."""

NEEDS = (
    ("flops", "tokens"), ("n_layers",), ("n_dense_layers",), ("d_model",), ("expert_width",),
    ("n_heads",), ("head_dim",), ("loss",),
)  # fmt: skip
"""What a table cannot do without: one of each."""

WHOLE: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "n_layers": (2, "layers in all"),
        "n_dense_layers": (0, "layers with a dense feed-forward layer"),
        "d_model": (1, "the hidden size"),
        "expert_width": (1, "the hidden width of an expert"),
        "n_heads": (1, "query heads"),
        "head_dim": (1, "the size of a head"),
        "n_kv_heads": (1, "heads of keys and values"),
        "n_experts": (2, "routed experts per layer"),
        "top_k": (1, "routed experts that a token goes to"),
        "n_shared": (0, "experts that every token goes to"),
        "seq_len": (1, "tokens of a sequence"),
    }
)
"""Columns of whole numbers: the least, and what they are."""

PAPER: Mapping[str, float] = MappingProxyType(
    {"n_experts": 288, "top_k": 8, "n_shared": 1, "seq_len": 8192, "dense_ratio": 3}
)
"""What stands in for a column that is not there: arXiv:2603.21862, section 3."""

SHARED = tuple(PAPER)
"""Columns that have one value in a fit."""
