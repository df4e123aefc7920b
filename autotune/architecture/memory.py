"""Memory: weights and what training adds to them, and the cache of generation."""

from dataclasses import dataclass

from autotune.architecture.shape import Architecture


@dataclass(frozen=True, slots=True)
class Recipe:
    """Bytes per parameter when weights are kept in one data type.

    Attributes:
        name: Its name.
        weights: The weights themselves.
        gradients: Their gradients, None where nobody trains so.
        optimizer: AdamW's two moments, and a copy of the weights in FP32 where there is one.
        meaning: What the optimizer keeps.
    """

    name: str
    weights: float
    gradients: float | None
    optimizer: float | None
    meaning: str

    @property
    def training(self) -> float | None:
        """All of it, None where nobody trains so."""
        if self.gradients is None or self.optimizer is None:
            return None
        return self.weights + self.gradients + self.optimizer


RECIPES = (
    Recipe("fp32", 4, 4, 8, "two moments in FP32"),
    Recipe("bf16 mixed", 2, 2, 12, "weights and two moments in FP32 (arXiv:1910.02054, 3.1)"),
    Recipe("bf16", 2, 2, 4, "two moments in BF16"),
    Recipe("fp8", 1, None, None, "weights alone"),
    Recipe("int4", 0.5, None, None, "weights alone, without scales"),
)


def cache_elements_per_token(model: Architecture) -> int:
    """Elements that one token leaves in the cache of all layers, while windows are not full."""
    return model.n_layers * model.attention.cache_width


def cache_elements(model: Architecture, *, seq_len: int) -> int:
    """Elements in the cache after `seq_len` tokens; a sliding window keeps its last keys only."""
    kept = min(seq_len, seq_len if model.window is None else model.window)
    full = model.n_layers - model.n_window_layers
    return (full * seq_len + model.n_window_layers * kept) * model.attention.cache_width
