"""What a ladder consists of before a budget cuts it: sizes x experts x seeds, and tokens."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TypeAlias

from autotune import checks
from autotune.architecture.shape import Architecture
from autotune.errors import InputError
from autotune.ladder.trunk import Trunk

ShapeOf: TypeAlias = Callable[[float, int, int], Architecture]
"""From active parameters, experts (1 is dense) and top-k to a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A grid of runs.

    Attributes:
        sizes: Active parameters in matrices of the layers, rising.
        tokens: Token budgets, rising.
        experts: Routed experts, 1 for dense; every size is trained with each.
        top_k: Experts that a token goes to, where there are several.
        seeds: Repetitions of every trunk.
        context: Tokens of a sequence.
        sequences: Sequences of a step, the same for all so that budgets can be added.
        windows: Sequences of validation text.
        device: `cpu` or `cuda`.
    """

    sizes: tuple[float, ...]
    tokens: tuple[float, ...]
    experts: tuple[int, ...] = (1,)
    top_k: int = 2
    seeds: int = 1
    context: int = 128
    sequences: int = 4
    windows: int = 1024
    device: str = "cpu"

    def __post_init__(self) -> None:
        """Refuse axes that are empty, not rising, or out of their domain."""
        for name in ("sizes", "tokens", "experts"):
            axis = getattr(self, name)
            if not axis:
                raise InputError(f"a ladder needs {name}: give at least one.")
            checks.positive(name, axis, hint="Counts are plain, such as 2e5.")
            if list(axis) != sorted(set(axis)):
                raise InputError(f"{name} of a ladder must rise, each once, not {axis}.")
        sparse = [n for n in self.experts if n > 1]
        if sparse and not 1 <= self.top_k <= sparse[0]:
            raise InputError(f"top_k must be 1 to {sparse[0]} experts, not {self.top_k}.")
        checks.at_least("seeds", self.seeds, 1, hint="1 trains every trunk once.")
        steps = self.tokens[0] / (self.sequences * self.context)
        if steps < 2:
            raise InputError(
                f"{self.tokens[0]:,.0f} tokens are {steps:.2g} steps of {self.sequences} x "
                f"{self.context}. Give more tokens."
            )

    def to_json(self) -> str:
        """As one line of text, for a study to record and a worker to read."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Description":
        """Read one back.

        Raises:
            InputError: If it is not one.
        """
        try:
            record = json.loads(text)
            axes = {name: tuple(record[name]) for name in ("sizes", "tokens", "experts")}
            return cls(**record | axes)
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"cannot read the description of a ladder: {error}.") from error

    def trunks(self, shape_of: ShapeOf) -> list[Trunk]:
        """Every trunk, by size, experts and seed.

        Raises:
            InputError: If two sizes come to the same model.
        """
        found = [
            Trunk(
                model=shape_of(size, experts, self.top_k),
                seed=seed,
                tokens=self.tokens,
                context=self.context,
                sequences=self.sequences,
            )
            for size in self.sizes
            for experts in self.experts
            for seed in range(self.seeds)
        ]
        names = [trunk.name for trunk in found]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"two sizes of the ladder come to one model, {twice}. Spread them.")
        return found


PRESETS: Mapping[str, Description] = MappingProxyType(
    {
        "smoke": Description(
            sizes=(3e3, 12e3), tokens=(16384, 32768), sequences=4, context=64, windows=64
        ),
        "laptop": Description(
            sizes=(6e3, 14e3, 38e3, 111e3, 195e3, 554e3), tokens=(5e5, 1e6, 2e6, 4e6)
        ),
        "gpu": Description(
            sizes=(5e5, 1.6e6, 5e6, 1.6e7, 5e7),
            tokens=(12.5e6, 25e6, 50e6, 100e6),
            context=512,
            sequences=16,
            device="cuda",
        ),
    }
)
BUDGETS: Mapping[str, str] = MappingProxyType({"smoke": "1min", "laptop": "10min", "gpu": "30min"})
"""What a preset is cut to unless a budget is given."""
