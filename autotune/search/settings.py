"""The settings of a search, under ytopt's names and with its defaults where they are sound."""

from dataclasses import dataclass
from typing import Final

from autotune import checks
from autotune.errors import InputError

LEARNERS: Final = ("auto", "GP", "RF", "ET", "GBRT", "random")
ACQUISITIONS: Final = ("LCB", "EI", "PI", "gp_hedge", "TS")
BELIEVER: Final = "believer"
THOMPSON: Final = "TS"
LIARS: Final = (BELIEVER, "cl_min", "cl_mean", "cl_max")
ENGINES: Final = ("native", "skopt", "ytopt")
NO_GBRT: Final = (
    "--engine skopt has no GBRT: scikit-optimize's own regressor is refused by today's "
    "scikit-learn (its bases come in an order that says it is none). Use --engine native, "
    "or --learner RF or ET."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """How configurations are proposed.

    Attributes:
        engine: `native`, `skopt` for scikit-optimize's models, or `ytopt` for a source install of
            ytopt.
        learner: Surrogate: Gaussian process, random forest, extra trees, gradient boosting, or
            none (`random`); `auto` chooses by space and number of outcomes (see `native.auto`),
            and is the Gaussian process with `skopt`, the random forest with `ytopt`.
        acq: Acquisition function; None for EI with the native engine, and with `skopt` for
            LCB with the Gaussian process and gp_hedge otherwise.
            `gp_hedge` draws one of LCB, EI and PI per proposal, evenly: a search without state
            of its own keeps no gains to weigh them by. `TS` is Thompson sampling, of the
            native process alone.
        kappa: Weight of the uncertainty in LCB; larger explores more.
        liar: The value a pending configuration is given inside the surrogate; None for
            `believer` (the surrogate's own mean) with the native engine, `cl_max` otherwise.
        initial_points: Configurations of a shifted Sobol sequence before the first model; None
            for 10, or for 4 with a prior, whose own optimum takes the place of the first.
        seed: Together with the outcomes so far it determines the next proposal.
        prior_laws: Scaling laws that the native process takes as its mean, by name.
        prior_studies: Finished studies that it does so, by name or folder.
        trust_region: Whether it proposes from a box about the best trial (`native.region`).
        workers: Trials that are to run at once. The native process costs what it costs beside so
            many also while fewer run, or a manager that falls behind would fall further.

    Raises:
        InputError: If a name is unknown or a number is out of its range.
    """

    engine: str = "native"
    learner: str = "auto"
    acq: str | None = None
    kappa: float = 1.96
    liar: str | None = None
    initial_points: int | None = None
    seed: int = 12345
    prior_laws: tuple[str, ...] = ()
    prior_studies: tuple[str, ...] = ()
    trust_region: bool = False
    workers: int = 1

    def __post_init__(self) -> None:
        checks.one_of("engine", self.engine, ENGINES)
        checks.one_of("learner", self.learner, LEARNERS)
        own = self.engine == "native"
        if self.learner == "auto" and not own:
            object.__setattr__(self, "learner", {"skopt": "GP", "ytopt": "RF"}[self.engine])
        if (self.engine, self.learner) == ("skopt", "GBRT"):
            raise InputError(NO_GBRT)
        if self.engine == "ytopt" and self.learner in ("GP", "GBRT"):
            raise InputError(
                f"--engine ytopt has no {self.learner} for ConfigSpace spaces. "
                "Give --learner RF, ET or DUMMY."
            )
        if self.acq is None:
            theirs = "LCB" if self.learner == "GP" else "gp_hedge"
            object.__setattr__(self, "acq", "EI" if own else theirs)
        if self.liar is None:
            object.__setattr__(self, "liar", BELIEVER if own else "cl_max")
        checks.one_of("acquisition function", str(self.acq), ACQUISITIONS)
        if self.acq == THOMPSON and not self.has_own_process:
            raise InputError("--acq TS needs --engine native with --learner GP.")
        checks.one_of("liar strategy", str(self.liar), LIARS)
        if self.liar == BELIEVER and not own:
            raise InputError("liar believer needs --engine native.")
        checks.at_least("kappa", self.kappa, 0, hint="0 exploits, 1.96 balances.")
        if self.has_prior and not self.has_own_process:
            raise InputError("a prior needs --engine native with --learner GP.")
        if self.initial_points is None:
            object.__setattr__(self, "initial_points", 4 if self.has_prior else 10)
        if self.trust_region and not self.has_own_process:
            raise InputError("--trust-region needs --engine native with --learner GP.")
        checks.at_least("workers", self.workers, 1, hint="1 trial at a time.")
        if self.n_initial < 1:
            raise InputError(f"initial_points must be >= 1, not {self.initial_points}.")
        if self.seed < 0:
            raise InputError(f"seed must be >= 0, not {self.seed}.")

    @property
    def has_own_process(self) -> bool:
        """Whether the native Gaussian process proposes, to begin with."""
        return self.engine == "native" and self.learner in {"auto", "GP"}

    @property
    def keeps_process(self) -> bool:
        """Whether `auto` stays with the process, as a prior and Thompson sampling need it."""
        return self.has_prior or self.acq == THOMPSON

    @property
    def has_prior(self) -> bool:
        """Whether a law or a study is named as the prior."""
        return bool(self.prior_laws or self.prior_studies)

    @property
    def n_initial(self) -> int:
        """How many configurations come before the first model."""
        return int(self.initial_points or 0)
