"""Models trained on what a FLOP budget pays for, as an objective."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from ConfigSpace import ConfigurationSpace, Float

from autotune import checks
from autotune.architecture.conventions import CONVENTIONS, counted
from autotune.architecture.count import total
from autotune.architecture.flops import per_token
from autotune.architecture.shape import Architecture
from autotune.derived import Rule
from autotune.problem import Constraint, Problem
from autotune.training import token_order
from autotune.training.corpus import Corpus, open_corpus
from autotune.training.settings import law_sequences
from autotune.types import Config, Floats, Value

LEAST_STEPS = 100
"""Steps below which a loss says nothing of the model; 500 are needed to rank sizes."""
Device: TypeAlias = Literal["cpu", "cuda"]
ShapeOf: TypeAlias = Callable[[Config], Architecture]
UNITS = {
    "n_active": "parameters in layers",
    "n_total": "parameters in layers",
    "tokens": "tokens",
    "flops": "FLOPs, exact",
    "bits_per_byte": "bits/byte",
    "cpu_seconds": "s",
}


@dataclass(frozen=True, kw_only=True)
class AtBudget:
    """What every trial shares: the budget, the text, and where it is trained.

    Attributes:
        flops: Exact training FLOPs at full fidelity.
        shape_of: The model of a configuration.
        corpus_path: A file or folder, empty for Python's standard library.
        context: Tokens of a sequence.
        least_share: Smallest share of the budget that a trial may spend; 1 for no fidelity.
        seed: Of weights and token order.
        device: `cpu` or `cuda`.
    """

    flops: float
    shape_of: ShapeOf
    corpus_path: str
    context: int
    least_share: float
    seed: int
    device: Device

    def __post_init__(self) -> None:
        """Refuse a budget or a share that pays for nothing."""
        checks.positive("flops", self.flops, hint="A budget is in FLOPs, such as 1e12.")
        checks.positive("least_share", self.least_share, hint="1 spends it all in every trial.")

    def problem(
        self,
        space: ConfigurationSpace,
        summary: str,
        *,
        constraints: tuple[Constraint, ...] = (),
        derived: Mapping[str, Rule],
    ) -> Problem:
        """The problem of a space that describes models, with `share` added as its fidelity.

        Args:
            space: Models, and the learning rate; it names the problem.
            summary: One sentence.
            constraints: Which of its points are models.
            derived: What follows from a point.
        """
        cheaper = self.least_share < 1
        if cheaper:
            space.add(Float("share", (self.least_share, 1.0), log=True, default=1.0))
        return Problem(
            name=str(space.name),
            summary=summary,
            space=space,
            objective=self.measure,
            unit="nats/token",
            units=UNITS,
            source=source(self.corpus_path),
            constraints=(*constraints, self._length, self._repetition),
            derived=derived,
            law_inputs=self.law_inputs,
            fidelity="share" if cheaper else "",
            cost="flops" if cheaper else "seconds",
        )

    @cached_property
    def corpus(self) -> Corpus:
        """The text, read when it is first needed."""
        return open_corpus([self.corpus_path] if self.corpus_path else [])

    def flops_per_token(self, config: Config) -> float:
        """Exact training FLOPs of a model."""
        model = self.shape_of(config)
        return per_token(model, CONVENTIONS["exact"], seq_len=self.context).training

    def tokens(self, config: Config) -> float:
        """What the budget, or the share of it that is spent, pays for."""
        return float(config.get("share", 1.0)) * self.flops / self.flops_per_token(config)

    def n_active(self, config: Config) -> float:
        """Active parameters in matrices of the layers."""
        return total(counted(self.shape_of(config), CONVENTIONS["kaplan"])).active

    def n_total(self, config: Config) -> float:
        """The same of all experts."""
        return total(counted(self.shape_of(config), CONVENTIONS["kaplan"])).total

    @property
    def _length(self) -> Constraint:
        def holds(config: Config) -> bool:
            tokens = float(config["tokens"])
            return tokens >= LEAST_STEPS * self.context * law_sequences((tokens,), self.context)

        return Constraint(f"at least {LEAST_STEPS} steps", holds)

    @property
    def _repetition(self) -> Constraint:
        most = token_order.MAX_EPOCHS
        return Constraint(
            f"at most {most:g} epochs",
            lambda config: (
                token_order.epochs(
                    self.corpus, tokens=float(config["tokens"]), context=self.context
                )
                <= most
            ),
        )

    def law_inputs(self, columns: Mapping[str, Floats]) -> dict[str, Floats]:
        """What a law needs of configurations, an array of shape (m,) per name."""
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        found = {
            "n_active": [self.n_active(row) for row in rows],
            "tokens": [self.tokens(row) for row in rows],
            "n_total": [self.n_total(row) for row in rows],
        }
        return {name: np.array(values, dtype=np.float64) for name, values in found.items()}

    def measure(self, config: dict[str, Value]) -> dict[str, float]:
        """Train, and return the loss in nats per token with what it cost.

        Raises:
            FloatingPointError, MemoryError, TimeoutError: If there is no loss for that reason.
        """
        from autotune.training.model_spec import of_architecture
        from autotune.training.outcome import outcome
        from autotune.training.run import TrainingRun
        from autotune.training.settings import Settings

        run = TrainingRun(
            model=of_architecture(self.shape_of(config)),
            tokens=(self.tokens(config),),
            seed=self.seed,
            settings=Settings(context=self.context, lr_multiplier=float(config["lr_multiplier"])),
            device=self.device,
        )
        result = outcome(run, self.corpus)
        assert result.loss is not None  # `outcome` raises where there is none
        bits = {} if result.bits_per_byte is None else {"bits_per_byte": result.bits_per_byte}
        return bits | {
            "objective": result.loss,
            "steps": result.steps,
            "flops": result.flops,
            "cpu_seconds": result.cost.cpu_seconds,
        }


def source(path: str) -> str:
    """What the objective is, for the record."""
    text = Path(path).name if path else "Python's standard library, bytes"
    return f"a training run on {text}"
