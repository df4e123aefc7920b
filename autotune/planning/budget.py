"""What may be spent: FLOPs, devices for a time, or whatever a target loss costs."""

from dataclasses import dataclass

from autotune import checks, quantities
from autotune.errors import InputError
from autotune.planning import accelerators
from autotune.planning.cost import SIX_ND, Cost
from autotune.planning.spending import Spending

SECONDS_PER_DAY = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A compute budget, or the loss that the least budget has to reach.

    Attributes:
        flops: FLOPs to spend, all of them; None when `target_loss` decides.
        target_loss: Loss to reach with the fewest FLOPs, in the law's unit.
        inference_tokens: Tokens the model will serve in its life. The budget then covers
            both: C = 6 N D + 2 N D_inf (Sardana et al. 2023, arXiv:2401.00448).
        cost: FLOPs per token in place of 6 N.
        origin: How `flops` was obtained, for people.
        near: FLOPs near which the least for `target_loss` is sought, None where nobody knows.
            It saves time and changes no answer.

    Raises:
        InputError: If not exactly one of `flops` and `target_loss` is given, or a number is
            out of its domain.
    """

    flops: float | None = None
    target_loss: float | None = None
    inference_tokens: float = 0.0
    cost: Cost = SIX_ND
    origin: str = ""
    near: float | None = None

    def __post_init__(self) -> None:
        if (self.flops is None) == (self.target_loss is None):
            raise InputError("a budget is either flops or a target_loss: give exactly one.")
        if self.flops is not None:
            checks.positive("flops", self.flops, hint="Write the budget as 1e24.")
        if self.target_loss is not None:
            checks.positive("target_loss", self.target_loss, hint="It is in nats per token.")
        checks.at_least("inference_tokens", self.inference_tokens, 0, hint="Leave it out for none.")

    @classmethod
    def from_devices(
        cls, accelerator: accelerators.Accelerator, *, count: float, days: float, mfu: float
    ) -> "Budget":
        """Convert devices x dense peak x time x utilisation to FLOPs.

        Args:
            accelerator: The device; its dense peak counts.
            count: Devices, > 0.
            days: Days of training, > 0.
            mfu: Model FLOPs utilisation, in (0, 1].

        Raises:
            InputError: If a number is out of its domain.
        """
        checks.positive("gpus", count, hint="It is the number of devices.")
        checks.positive("days", days, hint="Write 30, or 0.5 for twelve hours.")
        checks.positive("mfu", mfu, hint="It is a share of the dense peak, for example 0.4.")
        if mfu > 1:
            raise InputError(f"mfu must be at most 1, not {mfu:g}. Write 40 % as 0.4.")
        return cls(
            flops=count * accelerator.dense_flops * days * SECONDS_PER_DAY * mfu,
            origin=f"{count:g} x {accelerator}, {days:g} d, MFU {mfu:g}",
        )

    def spending(self, flops: float) -> Spending:
        """How these FLOPs are shared between size and tokens, all else as here."""
        return Spending(flops, self.inference_tokens, self.cost)

    def convention(self, n_active: float) -> str:
        """What the FLOPs count, at a size."""
        serving = " + 2 N_active D_inference" if self.inference_tokens else ""
        if self.cost == SIX_ND:
            return f"6 N_active D{serving}"
        counted = f"(6 N_active D{serving})" if serving else "6 N_active D"
        return f"{self.cost.factor(n_active):.4g} x {counted}"

    def __str__(self) -> str:
        if self.flops is None:
            text = f"the fewest FLOPs that reach a loss of {self.target_loss:g}"
        else:
            text = f"{self.flops:.4g} FLOPs" + (f" ({self.origin})" if self.origin else "")
        if self.inference_tokens:
            served = quantities.format_count(self.inference_tokens)
            text += f", for training and for serving {served} tokens"
        return text
