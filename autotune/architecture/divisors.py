"""What whole numbers must divide by: kernels, and the ways a model is split over devices."""

import math
from dataclasses import dataclass

from autotune.architecture.attention import GroupedQuery
from autotune.architecture.sparse_constants import SparseConstants
from autotune.errors import InputError

MULTIPLES = (8, 128)


@dataclass(frozen=True, slots=True, kw_only=True)
class Divisors:
    """Divisors of widths, heads, experts and layers.

    Attributes:
        multiple: Hidden size and width of an expert are multiples of it, 8 to 128.
        tensor: Devices that share every matrix; divides heads, kv heads and both widths.
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

    def refuse_remainders(self, constants: SparseConstants) -> None:
        """Check what a design does not choose: heads and experts.

        Raises:
            InputError: If a parallel size does not divide them; the message lists those that do.
        """
        attention = constants.attention
        counts = [("tensor", self.tensor, "heads", attention.n_heads)]
        if isinstance(attention, GroupedQuery):
            counts.append(("tensor", self.tensor, "kv heads", attention.n_kv_heads))
        counts.append(("expert", self.expert, "experts", constants.n_experts))
        for name, size, what, count in counts:
            if count % size:
                divisors = ", ".join(str(n) for n in range(1, count + 1) if count % n == 0)
                raise InputError(
                    f"{name}-parallel size {size} does not divide {count} {what}. "
                    f"These do: {divisors}."
                )
