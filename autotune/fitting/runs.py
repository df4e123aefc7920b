"""A table of finished training runs, the input of every fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotune.types import Floats

FLOPS_PER_PARAMETER_AND_TOKEN = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTable:
    """Finished runs, one per row, checked: every array has shape (n,).

    Attributes:
        n_active: Parameters used per token, > 0.
        n_total: Parameters held, >= n_active.
        tokens: Training tokens, > 0.
        loss: Final loss in nats per token, > 0.
        flops: Training compute; 6 n_active tokens where the source does not give it.
        weight: Relative weight of the row in a fit, > 0; 1 unless given.
        factors: Further inputs by name (`n_experts`, `top_k`, `granularity`, `unique_tokens`).
        columns: Every other column as it was read, for filters, groups and splits.
        lines: Line of each row in its file, to name rows by; 1 is the header.
        name: What to call the table in messages.
    """

    n_active: Floats
    n_total: Floats
    tokens: Floats
    loss: Floats
    flops: Floats
    weight: Floats
    factors: Mapping[str, Floats] = field(default_factory=dict)
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    lines: NDArray[np.int64]
    name: str = "runs"

    def __len__(self) -> int:
        return len(self.loss)

    @property
    def sparsity(self) -> Floats:
        """1 - n_active/n_total, shape (n,)."""
        return 1 - self.n_active / self.n_total

    @property
    def expert_sparsity(self) -> Floats | None:
        """1 - top_k/n_experts (top_k 1 where it is not given), None without `n_experts`."""
        if "n_experts" not in self.factors:
            return None
        return 1 - self.factors.get("top_k", np.ones(len(self))) / self.factors["n_experts"]

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "RunTable":
        """The rows chosen by a mask or by indices, in that order."""
        return RunTable(
            n_active=self.n_active[rows],
            n_total=self.n_total[rows],
            tokens=self.tokens[rows],
            loss=self.loss[rows],
            flops=self.flops[rows],
            weight=self.weight[rows],
            factors={name: values[rows] for name, values in self.factors.items()},
            columns={name: values[rows] for name, values in self.columns.items()},
            lines=self.lines[rows],
            name=self.name,
        )
