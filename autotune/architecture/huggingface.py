"""From a config.json of Hugging Face, as released, to an architecture."""

from collections.abc import Mapping
from typing import Any

from autotune import checks
from autotune.architecture.attention import Attention, GroupedQuery, Latent, QkNorm
from autotune.architecture.feed_forward import Experts, FeedForward
from autotune.architecture.hf_families import FAMILIES, REFUSED, Family, MoeKeys
from autotune.architecture.hf_wrappers import WRAPPERS, text_config
from autotune.architecture.keys import Keys
from autotune.architecture.shape import Architecture
from autotune.errors import InputError


def architecture(config: Mapping[str, Any], *, name: str, where: str) -> Architecture:
    """Read a config.json; of a model of text and images, its language model.

    Args:
        config: What the file holds.
        name: What to call the model.
        where: How a message names the file.

    Raises:
        InputError: If the family is not known, or a key is missing or has no meaning here.
    """
    model_type = Keys(config, where).text("model_type")
    if model_type in WRAPPERS:
        inner = text_config(config, model_type, where=where)
        return architecture(inner, name=name, where=f"{where}: text_config")
    if model_type in REFUSED:
        raise InputError(f"{where}: {model_type!r} is not supported: {REFUSED[model_type]}.")
    known = checks.one_of("model_type", model_type, [*FAMILIES, *WRAPPERS])
    family = FAMILIES[known]
    keys = Keys(config, f"{where} ({model_type})")
    n_layers = keys.count("num_hidden_layers")
    dense = _dense_layers(family.moe, keys, n_layers)
    windows = _window_layers(family, keys, n_layers)
    return Architecture(
        name=name,
        n_layers=n_layers,
        d_model=keys.count("hidden_size"),
        vocabulary=keys.count("vocab_size"),
        attention=_attention(family, keys),
        ffn=_ffn(family, keys) if dense else None,
        experts=None if family.moe is None else _experts(family.moe, keys),
        n_dense_layers=dense,
        tied=keys.flag("tie_word_embeddings", default=family.tied),
        norms_per_layer=family.norms_per_layer,
        n_mtp_layers=keys.count("num_nextn_predict_layers", 0, least=0) if family.mtp else 0,
        n_window_layers=windows,
        window=keys.count(_window_key(family)) if windows else None,
        chunked=family.chunked and windows > 0,
    )


def _window_key(family: Family) -> str:
    return "attention_chunk_size" if family.chunked else "sliding_window"


def _attention(family: Family, keys: Keys) -> Attention:
    heads = keys.count("num_attention_heads")
    if family.latent:
        return _latent(keys, heads)
    bias = keys.flag("attention_bias", default=family.attention_bias)
    normed = family.qk_norm_key is None or keys.flag(family.qk_norm_key, default=False)
    shared = keys.count("num_key_value_heads", heads if family.kv_like_heads else None)
    if heads % shared:
        raise InputError(
            f"{keys.where}: num_attention_heads must be a multiple of the {shared} of "
            f"num_key_value_heads, not {heads}."
        )
    return GroupedQuery(
        n_heads=heads,
        n_kv_heads=shared,
        head_dim=_head_dim(family, keys, heads),
        qkv_bias=bias if family.qkv_bias is None else family.qkv_bias,
        o_bias=bias if family.o_bias is None else family.o_bias,
        qk_norm=family.qk_norm if normed else QkNorm.NONE,
        sinks=family.sinks,
    )


def _head_dim(family: Family, keys: Keys, heads: int) -> int:
    """What config.json says, or the family assumes, or the hidden size over the heads."""
    if keys.values.get("head_dim") is not None or family.head_dim is not None:
        return keys.count("head_dim", family.head_dim)
    d_model = keys.count("hidden_size")
    if d_model % heads:
        raise InputError(
            f"{keys.where} has no head_dim, and num_attention_heads {heads} does not divide "
            f"hidden_size {d_model}. Add head_dim."
        )
    return d_model // heads


def _latent(keys: Keys, heads: int) -> Latent:
    if "q_lora_rank" not in keys.values:
        keys.count("q_lora_rank")  # null says that queries are not compressed; absent says nothing
    keys.must_be("attention_bias", legal=False)
    keys.must_be("mlp_bias", legal=False)
    return Latent(
        n_heads=heads,
        q_rank=keys.count_or_none("q_lora_rank"),
        kv_rank=keys.count("kv_lora_rank"),
        nope_dim=keys.count("qk_nope_head_dim"),
        rope_dim=keys.count("qk_rope_head_dim"),
        value_dim=keys.count("v_head_dim"),
    )


def _ffn(family: Family, keys: Keys) -> FeedForward:
    key = family.ffn_bias_key
    bias = key is not None and keys.flag(key, default=False)
    width = "intermediate_size" if family.moe is None else family.moe.dense_width
    return FeedForward(width=keys.count(width), bias=bias)


def _experts(moe: MoeKeys, keys: Keys) -> Experts:
    n_experts = keys.count(moe.n_experts, keys.count_or_none("num_local_experts"))
    return Experts(
        n_experts=n_experts,
        top_k=keys.count("num_experts_per_tok", most=n_experts),
        width=keys.count(moe.width),
        n_shared=_shared(moe, keys),
        bias=moe.bias,
        router_bias=moe.router_bias,
    )


def _shared(moe: MoeKeys, keys: Keys) -> int:
    if isinstance(moe.n_shared, int):
        return moe.n_shared
    return keys.count_or_none(moe.n_shared, least=0) or 0


def _dense_layers(moe: MoeKeys | None, keys: Keys, n_layers: int) -> int:
    """How many layers have a dense feed-forward layer."""
    if moe is None:
        return n_layers
    if moe.dense is None:
        return 0
    if moe.dense == "first_k_dense_replace":
        first, step = keys.count(moe.dense, least=0), keys.count("moe_layer_freq", 1)
        return sum(i < first or i % step != 0 for i in range(n_layers))
    if moe.dense == "interleave_moe_layer_step":
        sparse, step = keys.texts("moe_layers"), keys.count(moe.dense, 1)
        if sparse is not None:
            return n_layers - sum(str(i) in sparse for i in range(n_layers))
        return n_layers - n_layers // step
    only, step = keys.texts(moe.dense) or [], keys.count("decoder_sparse_step", 1)
    return sum(str(i) in only or (i + 1) % step != 0 for i in range(n_layers))


def _window_layers(family: Family, keys: Keys, n_layers: int) -> int:
    kinds = keys.texts("layer_types")
    if kinds is None:
        return family.windows(keys, n_layers)
    limited = "chunked_attention" if family.chunked else "sliding_attention"
    known = {limited, "full_attention"}
    for kind in kinds:
        if kind not in known:
            raise InputError(f"{keys.where}: layer_types has {kind!r}, which is not supported.")
    if len(kinds) != n_layers:
        raise InputError(f"{keys.where}: layer_types has {len(kinds)} of {n_layers} layers.")
    return kinds.count(limited)
