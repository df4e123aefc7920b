"""What is asked of a plan: what is given, and what is free."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from autotune import checks
from autotune.errors import InputError


class Hold(StrEnum):
    """What stays fixed while the best sizes are sought; each choice is a different problem."""

    SPARSITY = "sparsity"
    TOKENS = "tokens"
    TOTAL = "n_total"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which sizes a plan seeks.

    * `Hold.SPARSITY`: the best N and D at `sparsity`.
    * `Hold.TOKENS`: the best sparsity of a model with `n_active` and the tokens that the budget
      then leaves; more sparsity means more total parameters.
    * `Hold.TOTAL`: the best sparsity of a model with `n_total`; N_active and D follow.
    * `Hold.NOTHING`: the best N, D and sparsity together.

    Attributes:
        hold: What stays fixed.
        sparsity: 1 - n_active/n_total, in [0, 1); used with `Hold.SPARSITY`.
        n_active: Active parameters; needed with `Hold.TOKENS`.
        n_total: Total parameters; needed with `Hold.TOTAL`.
        factors: Further inputs of the law (`n_experts`, `granularity`, ...).
        tolerance: Relative excess of the loss that still counts as near-optimal.

    Raises:
        InputError: If a number is out of its domain, missing, or of no use here.
    """

    hold: Hold = Hold.SPARSITY
    sparsity: float = 0.0
    n_active: float | None = None
    n_total: float | None = None
    factors: Mapping[str, float] = field(default_factory=dict)
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        checks.fraction("sparsity", self.sparsity, hint="It is 1 - n_active/n_total.")
        checks.positive("tolerance", self.tolerance, hint="0.001 means 0.1 % above the optimum.")
        for name, needed in (("n_active", Hold.TOKENS), ("n_total", Hold.TOTAL)):
            value = getattr(self, name)
            if value is None and self.hold is needed:
                raise InputError(f"holding {needed.value} needs {name}.")
            if value is not None and self.hold is not needed:
                raise InputError(f"{name} is of no use unless {needed.value} is held.")
            if value is not None:
                checks.at_least(name, value, 1, hint="Pass parameters, not billions of them.")
