"""How long a trunk is expected to take: a cost per step and layer, and a rate of FLOPs."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from autotune.ladder.trunk import Trunk

EXPERTS_FACTOR = 1.2
"""A mixture of experts against an equal dense model: 45 and 40 ms per step at width 32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What one worker does in a second; an estimate that orders and cuts a ladder.

    Attributes:
        flops: FLOPs per second, where they decide.
        step: Seconds of a step beside its FLOPs.
        layer: Seconds that each layer adds to that.
        start: Seconds of a worker's start and of validation.
        origin: Where the numbers come from.
    """

    flops: float
    step: float
    layer: float
    start: float
    origin: str

    def seconds(self, trunk: Trunk) -> float:
        """Expected seconds of a trunk on one worker."""
        factor = 1.0 if trunk.model.experts is None else EXPERTS_FACTOR
        steps = trunk.trained_tokens / trunk.batch_tokens
        idle = (self.step + self.layer * trunk.model.n_layers) * steps
        return self.start + factor * (idle + trunk.flops / self.flops)


PACES: Mapping[str, Pace] = MappingProxyType(
    {
        "cpu": Pace(
            flops=3.4e10,
            step=5e-3,
            layer=1e-2,
            start=20.0,
            origin="one busy thread with AVX-512, fp32, widths 16 to 64, 512 tokens per step",
        ),
        "cuda": Pace(
            flops=1.5e14,
            step=5e-3,
            layer=1e-3,
            start=60.0,
            origin="an estimate for a device of 1e15 FLOP/s in bf16; not measured",
        ),
    }
)
"""One worker by device."""
