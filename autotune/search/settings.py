"""The settings of a search, under ytopt's names and with its defaults where they are sound."""

from dataclasses import dataclass
from typing import Final

from autotune import checks
from autotune.errors import InputError

LEARNERS: Final = ("GP", "RF", "ET", "GBRT", "random")
ACQUISITIONS: Final = ("LCB", "EI", "PI", "gp_hedge")
LIARS: Final = ("cl_min", "cl_mean", "cl_max")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """How configurations are proposed.

    Attributes:
        learner: Surrogate: Gaussian process, random forest, extra trees, gradient boosting, or
            none (`random`).
        acq: Acquisition function. `gp_hedge` draws one of the other three per proposal, evenly:
            a search without state of its own keeps no gains to weigh them by.
        kappa: Weight of the uncertainty in LCB; larger explores more.
        liar: The value a pending or failed configuration is given inside the surrogate; a
            failed one always gets the worst value seen.
        initial_points: Configurations of a shifted Sobol sequence before the first model.
        seed: Together with the outcomes so far it determines the next proposal.

    Raises:
        InputError: If a name is unknown or a number is out of its range.
    """

    learner: str = "GP"
    acq: str = "LCB"
    kappa: float = 1.96
    liar: str = "cl_max"
    initial_points: int = 10
    seed: int = 12345

    def __post_init__(self) -> None:
        checks.one_of("learner", self.learner, LEARNERS)
        checks.one_of("acquisition function", self.acq, ACQUISITIONS)
        checks.one_of("liar strategy", self.liar, LIARS)
        checks.at_least("kappa", self.kappa, 0, hint="0 exploits, 1.96 balances.")
        if self.initial_points < 1:
            raise InputError(f"initial_points must be >= 1, not {self.initial_points}.")
        if self.seed < 0:
            raise InputError(f"seed must be >= 0, not {self.seed}.")
