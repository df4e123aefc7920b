"""A complete decoder transformer as a value."""

from dataclasses import dataclass

from autotune.architecture.attention import Attention, GroupedQuery
from autotune.architecture.feed_forward import Experts, FeedForward
from autotune.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A dense or sparse decoder transformer.

    Attributes:
        name: What it was called by.
        n_layers: Decoder layers, without a multi-token-prediction head.
        d_model: Hidden size.
        vocabulary: Rows of the embedding.
        attention: Attention of every layer.
        ffn: The dense feed-forward layer, None where no layer is dense.
        experts: The mixture of experts, None for a dense model.
        n_dense_layers: Layers with the dense feed-forward layer; all of a dense model.
        tied: Whether the output head is the embedding.
        norms_per_layer: Norms of width `d_model` per layer; 0 if norms have no weights (OLMo).
        n_mtp_layers: Modules of the multi-token-prediction head.
        n_window_layers: Layers with sliding-window attention.
        window: Keys that a query sees in those, itself included.
        chunked: Whether those are chunks of the sequence: a query sees its own chunk up to itself.
    """

    name: str
    n_layers: int
    d_model: int
    vocabulary: int
    attention: Attention
    ffn: FeedForward | None = None
    experts: Experts | None = None
    n_dense_layers: int = 0
    tied: bool = False
    norms_per_layer: int = 2
    n_mtp_layers: int = 0
    n_window_layers: int = 0
    window: int | None = None
    chunked: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no model, and say which number is wrong."""
        for what, value in _sizes(self).items():
            if value < 1:
                raise InputError(f"{self.name}: {what} must be at least 1, not {value}.")
        for what, value, most in _bounded(self):
            if not 0 <= value <= most:
                raise InputError(f"{self.name}: {what} must be 0 to {most}, not {value}.")
        if isinstance(self.attention, GroupedQuery):
            heads, groups = self.attention.n_heads, self.attention.n_kv_heads
            if heads % groups:
                raise InputError(f"{self.name}: {heads} heads cannot share {groups} kv heads.")
        if self.n_dense_layers and self.ffn is None:
            raise InputError(f"{self.name}: dense layers need the width of their feed-forward.")
        if self.n_moe_layers and self.experts is None:
            raise InputError(
                f"{self.name}: {self.n_moe_layers} layers have neither ffn nor experts."
            )
        if self.n_window_layers and self.window is None:
            raise InputError(f"{self.name}: sliding-window layers need a window.")

    @property
    def n_moe_layers(self) -> int:
        """Layers with experts."""
        return self.n_layers - self.n_dense_layers


def _sizes(model: Architecture) -> dict[str, int]:
    """Every count that must be positive, by name."""
    attention = model.attention
    names = type(attention).__dataclass_fields__
    sizes = {
        name: value
        for name in names
        if isinstance(value := getattr(attention, name), int) and not isinstance(value, bool)
    }
    sizes |= {"n_layers": model.n_layers, "d_model": model.d_model, "vocabulary": model.vocabulary}
    if model.window is not None:
        sizes["window"] = model.window
    if model.ffn is not None:
        sizes["width of the feed-forward"] = model.ffn.width
    if model.experts is not None:
        sizes |= {"n_experts": model.experts.n_experts, "top_k": model.experts.top_k}
        sizes["width of an expert"] = model.experts.width
    return sizes


def _bounded(model: Architecture) -> list[tuple[str, int, int]]:
    """Every count with a largest value: its name, itself, that value."""
    most = 1_000_000
    bounded = [
        ("n_dense_layers", model.n_dense_layers, model.n_layers),
        ("n_window_layers", model.n_window_layers, model.n_layers),
        ("norms_per_layer", model.norms_per_layer, most),
        ("n_mtp_layers", model.n_mtp_layers, most),
    ]
    if model.experts is not None:
        bounded.append(("top_k", model.experts.top_k, model.experts.n_experts))
        bounded.append(("n_shared", model.experts.n_shared, most))
    return bounded
