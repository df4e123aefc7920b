"""A plan: what to train, what loss to expect, how flat the optimum is, how far to trust it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autotune.planning.band import Band
from autotune.planning.interval import PlanInterval
from autotune.planning.shape_family import ExactFlops


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The optimum of one law for one budget, and the evidence to judge it.

    Attributes:
        law: Name of the law.
        flops: FLOPs spent, in the sense of `flop_convention`.
        n_active: Parameters used per token.
        n_total: All parameters.
        sparsity: 1 - n_active/n_total.
        tokens: Training tokens, repetitions included.
        effective_tokens: Their worth, less than `tokens` if some are repeated.
        loss: Predicted final loss, in the law's unit.
        band: Everything nearly as good.
        extrapolation: How many times each input lies beyond the law's fitted range; 1 inside,
            None where the source states no range.
        held: What was held fixed: `sparsity`, `tokens`, `n_total` or `nothing`.
        at_bound: Names of the constraints that the optimum sits on.
        flop_convention: What the FLOPs count.
        certificate: Proven relative distance of the loss to the least one possible.
        warnings: Sentences a user must read.
        interval: Limits of all this, None where the law's uncertainty is not known.
        exact_flops: What a token costs exactly, None where the budget is in 6 N_active D.
    """

    law: str
    flops: float
    n_active: float
    n_total: float
    sparsity: float
    tokens: float
    effective_tokens: float
    loss: float
    band: Band
    extrapolation: Mapping[str, float | None]
    held: str
    at_bound: tuple[str, ...]
    flop_convention: str
    certificate: float
    warnings: tuple[str, ...]
    interval: PlanInterval | None = None
    exact_flops: ExactFlops | None = None

    @property
    def tokens_per_param(self) -> float:
        """Training tokens per active parameter."""
        return self.tokens / self.n_active

    @property
    def in_range(self) -> bool | None:
        """Whether the plan lies inside the fitted range; None if the source states too little.

        Enough is a range of size, tokens or FLOPs, and for a sparse model one of sparsity.
        """
        times = self.extrapolation
        if any(x is not None and x > 1 for x in times.values()):
            return False
        sized = any(times[name] is not None for name in ("n_active", "n_total", "tokens", "flops"))
        return True if sized and (not self.sparsity or times["sparsity"] is not None) else None

    def to_json(self) -> dict[str, Any]:
        """The plan as a JSON object, with full precision."""
        return {
            "law": self.law,
            "flops": self.flops,
            "n_active": self.n_active,
            "n_total": self.n_total,
            "sparsity": self.sparsity,
            "tokens": self.tokens,
            "effective_tokens": self.effective_tokens,
            "tokens_per_param": self.tokens_per_param,
            "loss": self.loss,
            "band": {
                "tolerance": self.band.tolerance,
                "n_active": list(self.band.n_active),
                "tokens": list(self.band.tokens),
                "sparsity": list(self.band.sparsity),
            },
            "extrapolation": dict(self.extrapolation),
            "in_range": self.in_range,
            "held": self.held,
            "at_bound": list(self.at_bound),
            "flop_convention": self.flop_convention,
            "certificate": self.certificate,
            "warnings": list(self.warnings),
            "interval": self.interval.to_json() if self.interval is not None else None,
            "exact_flops": None if self.exact_flops is None else self.exact_flops.to_json(),
        }
