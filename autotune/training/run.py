"""One run: what is trained, on how many tokens, how, and within which limits."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from autotune import checks
from autotune.errors import InputError
from autotune.training.corpus import Corpus
from autotune.training.model_spec import ModelSpec
from autotune.training.settings import Settings

Device: TypeAlias = Literal["cpu", "cuda"]
SAVE_EVERY = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to stop.

    Attributes:
        seconds: Wall time of this call; a budget that would not fit is not begun.
        save_every: Seconds between checkpoints.
    """

    seconds: float = math.inf
    save_every: float = SAVE_EVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """A trunk, and a cooldown branch for each token budget.

    Attributes:
        model: What to train.
        tokens: Token budgets, in rising order; each gives one result.
        seed: Of the initial weights and of the order of tokens.
        settings: How to train.
        device: `cpu`, in fp32, or `cuda`, in bf16.
        compile: Whether to compile the model; None for only on CUDA.
        out: Folder for checkpoints and results; None keeps nothing.
        limits: When to stop.
    """

    model: ModelSpec
    tokens: tuple[float, ...]
    seed: int = 0
    settings: Settings = field(default_factory=Settings)
    device: Device = "cpu"
    compile: bool | None = None
    out: Path | None = None
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        """Refuse budgets that are no counts, a negative seed and an unknown device."""
        checks.positive("tokens", list(self.tokens), hint="Pass training tokens, not millions.")
        checks.one_of("device", self.device, ("cpu", "cuda"))
        if self.seed < 0:
            raise InputError(f"a seed must be 0 or more, not {self.seed}.")

    def identity(self, corpus: Corpus, settings: Settings) -> dict[str, Any]:
        """What two runs share if one may continue the other; budgets may be added."""
        model = self.model
        return {
            "model": dict(model.config) if model.config is not None else model.builder,
            "seed": self.seed,
            "settings": asdict(settings),
            "device": self.device,
            "corpus": corpus.fingerprint,
        }


def config_hash(identity: dict[str, Any]) -> str:
    """16 hexadecimal digits that change with every part of an identity."""
    text = json.dumps(identity, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
