"""What the model families of Hugging Face share and where they differ, beyond their config.json.

The facts are those of the modelling code of transformers 5; `deepseek` and `kimi_k2` are released
with code of their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from autotune.architecture.attention import QkNorm
from autotune.architecture.keys import Keys

Windows = Callable[[Keys, int], int]
"""From the keys and the number of layers to the number of sliding-window layers."""


def _never(keys: Keys, n_layers: int) -> int:  # noqa: ARG001 - one signature for all
    return 0


def _every_layer(keys: Keys, n_layers: int) -> int:
    return n_layers if keys.count_or_none("sliding_window", least=0) else 0


def _if_used(keys: Keys, n_layers: int) -> int:
    """Qwen3-MoE: a switch for all layers."""
    return n_layers if keys.flag("use_sliding_window", default=False) else 0


def _after_first(keys: Keys, n_layers: int) -> int:
    """Qwen: a switch, and the first layers stay full."""
    first = keys.count("max_window_layers", 28, least=0)
    return max(0, _if_used(keys, n_layers) - first)


def _past_windowless(keys: Keys, n_layers: int) -> int:
    """dots.llm1: a size that null switches off, and the first layers stay full."""
    off = "sliding_window" in keys.values and keys.values["sliding_window"] is None
    return 0 if off else max(0, n_layers - keys.count("max_window_layers", 62, least=0))


def _with_positions(keys: Keys, n_layers: int) -> int:
    """Llama 4: layers with rotary positions attend within chunks, every fourth has neither."""
    if keys.count_or_none("attention_chunk_size") is None:
        return 0
    listed = keys.texts("no_rope_layers")
    if listed:
        return sum(each == "1" for each in listed[:n_layers])
    return n_layers - n_layers // keys.count("no_rope_layer_interval", 4)


def _but_every(period: int) -> Windows:
    """Every `period`-th layer is full; config.json may say another period (Gemma 3)."""

    def windows(keys: Keys, n_layers: int) -> int:
        return n_layers - n_layers // keys.count("sliding_window_pattern", period)

    return windows


@dataclass(frozen=True, slots=True, kw_only=True)
class MoeKeys:
    """Where config.json has the mixture of experts of a family.

    Attributes:
        n_experts: Key of the number of routed experts; transformers 5 writes some anew as
            `num_local_experts`, which is read too.
        width: Key of their width.
        n_shared: Key of the number of shared experts, or that number.
        dense: Which key says what layers are dense: `first_k_dense_replace`, `mlp_only_layers`,
            `interleave_moe_layer_step`, or None where no layer is.
        dense_width: Key of the width of dense layers.
        bias: Whether experts have biases.
        router_bias: Whether the router has one number per expert beside its matrix.
    """

    n_experts: str
    width: str
    n_shared: str | int = 0
    dense: str | None = None
    dense_width: str = "intermediate_size"
    bias: bool = False
    router_bias: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What the code of a family fixes, or assumes where config.json is silent.

    Attributes:
        latent: Whether attention is multi-head latent.
        qkv_bias: Biases of queries, keys and values; None where `attention_bias` says.
        o_bias: Bias of the output projection; None where `attention_bias` says.
        attention_bias: What `attention_bias` is unless config.json says.
        qk_norm: Norms of queries and keys; whether they are there if `qk_norm_key` says.
        qk_norm_key: The key that switches those norms, None where they are always there.
        ffn_bias_key: The key that gives dense feed-forward layers biases, None where none has.
        sinks: Whether heads have sinks.
        head_dim: Size of a head unless config.json says; None for hidden size over heads.
        kv_like_heads: Whether a missing number of kv heads means as many as heads.
        norms_per_layer: Norms of a layer.
        tied: Whether embedding and head are one unless config.json says.
        moe: Its mixture of experts, None where it is dense.
        windows: How many layers have a sliding window, unless `layer_types` lists them.
        chunked: Whether windows are chunks of `attention_chunk_size`, not `sliding_window`.
        mtp: Whether config.json's `num_nextn_predict_layers` counts modules that are released.
    """

    latent: bool = False
    qkv_bias: bool | None = None
    o_bias: bool | None = None
    attention_bias: bool = False
    qk_norm: QkNorm = QkNorm.NONE
    qk_norm_key: str | None = None
    ffn_bias_key: str | None = None
    sinks: bool = False
    head_dim: int | None = None
    kv_like_heads: bool = False
    norms_per_layer: int = 2
    tied: bool = False
    moe: MoeKeys | None = None
    windows: Windows = _never
    chunked: bool = False
    mtp: bool = False


_LOCAL = MoeKeys(n_experts="num_local_experts", width="intermediate_size")
_DEEPSEEK = MoeKeys(
    n_experts="n_routed_experts", width="moe_intermediate_size", n_shared="n_shared_experts",
    dense="first_k_dense_replace",
)  # fmt: skip
_CORRECTED = replace(_DEEPSEEK, router_bias=True)
_V3 = Family(latent=True, moe=_CORRECTED, mtp=True)

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "llama": Family(kv_like_heads=True, ffn_bias_key="mlp_bias"),
        "llama4_text": Family(
            windows=_with_positions, chunked=True,
            moe=MoeKeys(
                n_experts="num_local_experts", width="intermediate_size", n_shared=1,
                dense="interleave_moe_layer_step", dense_width="intermediate_size_mlp",
            ),
        ),
        "mistral": Family(qkv_bias=False, o_bias=False, windows=_every_layer),
        "ministral3": Family(qkv_bias=False, o_bias=False, head_dim=128, windows=_every_layer),
        "mixtral": Family(qkv_bias=False, o_bias=False, moe=_LOCAL, windows=_every_layer),
        "qwen2": Family(qkv_bias=True, o_bias=False, windows=_after_first),
        "qwen3": Family(qk_norm=QkNorm.HEAD, head_dim=128, windows=_after_first),
        "qwen3_moe": Family(
            qk_norm=QkNorm.HEAD, windows=_if_used,
            moe=MoeKeys(
                n_experts="num_experts", width="moe_intermediate_size", dense="mlp_only_layers"
            ),
        ),
        "dots1": Family(qk_norm=QkNorm.HEAD, moe=_CORRECTED, windows=_past_windowless),
        "deepseek": Family(kv_like_heads=True, moe=_DEEPSEEK),
        "deepseek_v2": Family(latent=True, moe=_DEEPSEEK),
        "deepseek_v3": _V3,
        "kimi_k2": _V3,
        "olmo": Family(kv_like_heads=True, norms_per_layer=0),
        "olmo2": Family(kv_like_heads=True, qk_norm=QkNorm.FULL),
        "olmo3": Family(kv_like_heads=True, qk_norm=QkNorm.FULL, windows=_but_every(4)),
        "olmoe": Family(
            kv_like_heads=True, qk_norm=QkNorm.FULL,
            moe=MoeKeys(n_experts="num_experts", width="intermediate_size"),
        ),
        "gpt_oss": Family(
            attention_bias=True, sinks=True, head_dim=64, windows=_but_every(2),
            moe=MoeKeys(
                n_experts="num_local_experts", width="intermediate_size", bias=True,
                router_bias=True,
            ),
        ),
        "gemma": Family(head_dim=256, tied=True),
        "gemma2": Family(head_dim=256, tied=True, norms_per_layer=4, windows=_but_every(2)),
        "gemma3_text": Family(
            head_dim=256, tied=True, norms_per_layer=4, qk_norm=QkNorm.HEAD, windows=_but_every(6)
        ),
        "glm4_moe": Family(
            o_bias=False, qk_norm=QkNorm.HEAD, qk_norm_key="use_qk_norm", moe=_CORRECTED, mtp=True
        ),
        "minimax_m2": Family(
            qkv_bias=False, o_bias=False, qk_norm=QkNorm.FULL, head_dim=128,
            moe=MoeKeys(
                n_experts="num_local_experts", width="intermediate_size", router_bias=True
            ),
        ),
    }
)  # fmt: skip

_LIGHTNING = (
    "seven of eight layers have lightning attention, a linear one, whose parameters and FLOPs are "
    "not those of attention with scores"
)
REFUSED: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("minimax", "minimax_text_01", "minimax_m1"), _LIGHTNING)
)
"""Families that are known and not counted, and why."""
