"""Where a run stands: plain data that a checkpoint holds beside the tensors."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from autotune.training.divergence import Watchdog
from autotune.training.result import CurvePoint


@dataclass(slots=True, kw_only=True)
class Progress:
    """The state of a run beside its tensors.

    Attributes:
        watchdog: Follows the loss.
        step: Steps done, on the trunk and then on the branch.
        branch: The branch it is on, None on the trunk.
        seconds: Wall time of those steps.
        cpu_seconds: CPU time of them.
        curve: Training loss.
        summed: Sum of the losses since the last point of the curve.
        counted: How many they are.
    """

    watchdog: Watchdog
    step: int = 0
    branch: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    curve: list[CurvePoint] = field(default_factory=list)
    summed: float = 0.0
    counted: int = 0

    def see(self, losses: list[float], *, every: int, batch_tokens: int) -> None:
        """Take the losses of the next steps; a point of the curve for each `every` of them."""
        for loss in losses:
            self.step += 1
            self.summed += loss
            self.counted += 1
            if self.step % every == 0:
                mean = self.summed / self.counted
                self.curve.append(CurvePoint(self.step, self.step * batch_tokens, mean))
                self.summed, self.counted = 0.0, 0

    def copy(self) -> "Progress":
        """Another one in the same state."""
        return replace(self, watchdog=replace(self.watchdog), curve=list(self.curve))

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        curve = [[point.step, point.tokens, point.loss] for point in self.curve]
        return asdict(self) | {"curve": curve}


def from_json(record: Mapping[str, Any]) -> Progress:
    """Read one back."""
    curve = [CurvePoint(*point) for point in record["curve"]]
    return Progress(
        **{**record, "curve": curve, "watchdog": Watchdog(**record["watchdog"])},
    )
