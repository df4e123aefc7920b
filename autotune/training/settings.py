"""How a run is trained, and what the laws say where nothing is asked for."""

import math
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from autotune import checks
from autotune.errors import InputError
from autotune.laws.hyperparameters import HYPERPARAMETERS

Optimizer: TypeAlias = Literal["muon", "adamw"]
OPTIMIZERS: tuple[Optimizer, ...] = ("muon", "adamw")
BATCH_SHARE = 0.5
"""Of the batch of the Step Law: 512 tokens beat 1,024 in 15 of 15 small runs."""
MUON_LR, MUON_BATCH, MUON_RANGE = 0.02, 1024, (0.01, 0.03)
WARMUP_STEPS, WARMUP_SHARE = 20, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything about training but the model, the data and the tokens.

    Attributes:
        optimizer: `muon` for matrices with AdamW for the rest, or `adamw` for all.
        lr_multiplier: Times every learning rate.
        context: Tokens that a sequence predicts.
        sequences: Sequences of a step; None for the batch law.
        warmup: Steps of linear warm-up; None for the rule.
        cooldown: Share of the steps over which the learning rate falls linearly to zero.
        weight_decay: Decoupled, times the learning rate; vectors have none.
        clip: Largest norm of the gradient of what AdamW trains.
        balance: Weight of the auxiliary loss, or step of the bias, that balances experts.
        windows: Sequences of validation text.
    """

    optimizer: Optimizer = "muon"
    lr_multiplier: float = 1.0
    context: int = 128
    sequences: int | None = None
    warmup: int | None = None
    cooldown: float = 0.2
    weight_decay: float = 0.0
    clip: float = 1.0
    balance: float = 0.01
    windows: int = 1024

    def __post_init__(self) -> None:
        """Refuse numbers outside their domain."""
        checks.one_of("optimizer", self.optimizer, OPTIMIZERS)
        checks.positive("the learning-rate multiplier", self.lr_multiplier, hint="1 is the rule.")
        checks.positive("clip", self.clip, hint="It is a norm.")
        for name in ("balance", "weight_decay"):
            checks.at_least(name, getattr(self, name), 0, hint="0 switches it off.")
        for name, low in (("context", 2), ("windows", 1), ("sequences", 1), ("warmup", 0)):
            value = getattr(self, name)
            if value is not None and value < low:
                raise InputError(f"{name} must be at least {low}, not {value}.")
        if not 0 < self.cooldown <= 1:
            raise InputError(f"cooldown must be a share in (0, 1], not {self.cooldown:g}.")

    def resolved(self, tokens: tuple[float, ...], n_params: int) -> "Settings":
        """The same with batch and warm-up from the rules, for token budgets in rising order."""
        sequences = self.sequences or law_sequences(tokens, self.context)
        settings = replace(self, sequences=sequences)
        if self.warmup is not None:
            return settings
        steps = tokens[0] / settings.batch_tokens
        rule = min(n_params / settings.batch_tokens, WARMUP_SHARE * steps)
        warmup = min(max(WARMUP_STEPS, round(rule)), round((1 - self.cooldown) * steps / 2))
        return replace(settings, warmup=max(1, warmup))

    @property
    def batch_tokens(self) -> int:
        """Tokens of a step."""
        return (self.sequences or 1) * self.context

    @property
    def muon_lr(self) -> float:
        """Learning rate of matrices under Muon; it grows with the root of the batch."""
        low, high = MUON_RANGE
        rule = MUON_LR * math.sqrt(self.batch_tokens / MUON_BATCH)
        return self.lr_multiplier * min(max(rule, low), high)


def law_sequences(tokens: tuple[float, ...], context: int) -> int:
    """Sequences of a step: half the Step Law's batch, rounded down to a power of two.

    One batch serves every budget of a trunk, so the law is read at their geometric middle.
    """
    middle = math.sqrt(tokens[0] * tokens[-1])
    law = HYPERPARAMETERS["step2025-batch"].value(tokens=middle)
    return int(2 ** max(0, math.floor(math.log2(max(1.0, BATCH_SHARE * float(law) / context)))))
