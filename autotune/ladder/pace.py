"""How long a trunk is expected to take: a cost per token and a rate of FLOPs."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from autotune.ladder.trunk import Trunk

EXPERTS_FACTOR = 1.5
"""A mixture of experts against a dense model of the same FLOPs: 24,000 and 36,000 tokens per
second were measured at width 32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What one worker does in a second; an estimate that orders and cuts a ladder.

    Attributes:
        flops: FLOPs per second, where they decide.
        seconds_per_token: What a token costs beside its FLOPs.
        start: Seconds of a worker's start.
        origin: Where the numbers come from.
    """

    flops: float
    seconds_per_token: float
    start: float
    origin: str

    def seconds(self, trunk: Trunk) -> float:
        """Expected seconds of a trunk on one worker."""
        factor = 1.0 if trunk.model.experts is None else EXPERTS_FACTOR
        per_token = self.seconds_per_token + trunk.flops_per_token / self.flops
        return self.start + factor * per_token * trunk.trained_tokens


PACES: Mapping[str, Pace] = MappingProxyType(
    {
        "cpu": Pace(
            flops=3.4e10,
            seconds_per_token=1.2e-5,
            start=10.0,
            origin="one thread with AVX-512, fp32, widths 16 to 96, within 25 %",
        ),
        "cuda": Pace(
            flops=1.5e14,
            seconds_per_token=8e-7,
            start=60.0,
            origin="an estimate for a device of 1e15 FLOP/s in bf16; not measured",
        ),
    }
)
"""One worker by device."""
