"""A shape at other sizes: width and depth scaled alike, everything else kept."""

from dataclasses import dataclass, replace

from autotune.architecture.attention import Attention, GroupedQuery
from autotune.architecture.shape import Architecture


def scaled(model: Architecture, times: int) -> Architecture:
    """The model with `times` as many layers, each `times` as wide.

    Ratios of widths are kept: heads grow in number, not in size. The vocabulary, the number of
    experts and what a window shows stay, and so does the number of prediction modules.
    """
    return replace(
        model,
        n_layers=times * model.n_layers,
        d_model=times * model.d_model,
        attention=_attention(model.attention, times),
        ffn=model.ffn and replace(model.ffn, width=times * model.ffn.width),
        experts=model.experts and replace(model.experts, width=times * model.experts.width),
        n_dense_layers=times * model.n_dense_layers,
        n_window_layers=times * model.n_window_layers,
    )


def _attention(attention: Attention, times: int) -> Attention:
    heads = times * attention.n_heads
    if isinstance(attention, GroupedQuery):
        return replace(attention, n_heads=heads, n_kv_heads=times * attention.n_kv_heads)
    return replace(
        attention,
        n_heads=heads,
        q_rank=attention.q_rank and times * attention.q_rank,
        kv_rank=times * attention.kv_rank,
    )


@dataclass(frozen=True, slots=True)
class Cubic:
    """A count as a function of the scale s: linear s + square s^2 + cube s^3.

    Counts of a scaled shape are of this form: a matrix grows as s^2, and there are s times as many
    layers, but one embedding. Whole-number scales 1, 2 and 3 thus give every other.
    """

    linear: float
    square: float
    cube: float

    @classmethod
    def through(cls, one: float, two: float, three: float) -> "Cubic":
        """The cubic with these values at the scales 1, 2 and 3, and none at 0."""
        cube = (three - 3 * two + 3 * one) / 6
        square = (two - 2 * one) / 2 - 3 * cube
        return cls(one - square - cube, square, cube)

    def __call__(self, scale: float) -> float:
        """The value at a scale."""
        return scale * (self.linear + scale * (self.square + scale * self.cube))

    def exponent(self, scale: float) -> float:
        """The logarithmic slope: a count grows locally as the scale to this power."""
        return (
            scale * (self.linear + scale * (2 * self.square + scale * 3 * self.cube)) / self(scale)
        )
