"""What whole numbers must divide by: kernels, and the ways a model is split over devices."""

import math
from dataclasses import dataclass

from autotune.architecture.attention import Attention, GroupedQuery
from autotune.architecture.sparse_constants import SparseConstants
from autotune.errors import InputError

MULTIPLES = (8, 128)


@dataclass(frozen=True, slots=True, kw_only=True)
class Divisors:
    """Divisors of widths, heads, experts and layers.

    Attributes:
        multiple: Hidden size and width of an expert are multiples of it, 8 to 128.
        tensor: Devices that share every matrix; divides heads and both widths, and it divides the
            kv heads or is a multiple of them.
        expert: Devices that share the experts of a layer; divides their number.
        pipeline: Stages of layers; divides the number of layers.
    """

    multiple: int = 8
    tensor: int = 1
    expert: int = 1
    pipeline: int = 1

    def __post_init__(self) -> None:
        """Refuse what divides nothing."""
        low, high = MULTIPLES
        if not low <= self.multiple <= high:
            raise InputError(f"widths are multiples of {low} to {high}, not of {self.multiple}.")
        for name in ("tensor", "expert", "pipeline"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}-parallel size must be >= 1, not {getattr(self, name)}.")

    @property
    def width_step(self) -> int:
        """Hidden size and width of an expert are multiples of this."""
        return math.lcm(self.multiple, self.tensor)

    def kv_copies(self, attention: Attention) -> int:
        """Devices that hold each kv head: more than one where there are more devices than heads.

        Megatron-LM and vLLM copy them so, where the devices are a multiple of the heads. The one
        latent vector of latent attention is on every device, and is not counted here.
        """
        if not isinstance(attention, GroupedQuery):
            return 1
        return max(1, self.tensor // attention.n_kv_heads)

    def refuse_remainders(self, constants: SparseConstants) -> None:
        """Check what a design does not choose: heads and experts.

        Raises:
            InputError: If a parallel size does not fit them; the message lists those that do.
        """
        attention = constants.attention
        _refuse("tensor", self.tensor, "heads", attention.n_heads)
        if isinstance(attention, GroupedQuery) and attention.n_kv_heads % self.tensor:
            _refuse_kv(self.tensor, attention)
        _refuse("expert", self.expert, "experts", constants.n_experts)


def _refuse(name: str, size: int, what: str, count: int) -> None:
    if count % size:
        raise InputError(
            f"{name}-parallel size {size} does not divide {count} {what}. "
            f"These do: {_listed(_divisors(count))}. Take one, or other {what}."
        )


def _refuse_kv(size: int, attention: GroupedQuery) -> None:
    """With fewer kv heads than devices, each head is on as many of them; size divides the heads."""
    count = attention.n_kv_heads
    if size % count:
        fit = [n for n in _divisors(attention.n_heads) if count % n == 0 or n % count == 0]
        raise InputError(
            f"tensor-parallel size {size} does not divide {count} kv heads and is no multiple of "
            f"them. These fit: {_listed(fit)}. Take one, or other kv heads."
        )


def _divisors(count: int) -> list[int]:
    return [n for n in range(1, count + 1) if count % n == 0]


def _listed(sizes: list[int]) -> str:
    return ", ".join(map(str, sizes))
