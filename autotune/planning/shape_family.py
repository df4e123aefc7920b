"""Exact FLOPs at every size: one shape, scaled in width and depth alike."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from autotune.architecture.conventions import CONVENTIONS, Convention, counted
from autotune.architecture.count import Group, total
from autotune.architecture.flops import TRAINING, multiplied, per_token
from autotune.architecture.scaled import Cubic, scaled
from autotune.architecture.shape import Architecture
from autotune.laws.source import Source
from autotune.planning import roots
from autotune.planning.cost import Cost

EXACT = CONVENTIONS["exact"]
SCORES = "attention scores"
FLOPS_OF = TRAINING * 2
"""Of training, per parameter that multiplies a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactFlops:
    """What a token of training costs exactly, beside 6 N_active.

    Attributes:
        shape: Name of the shape.
        seq_len: Tokens of a sequence.
        embeddings: Whether N counts them, as the law does.
        scale: Width and depth, in those of the shape.
        per_token: FLOPs of training on one token.
        factor: That, divided by 6 N_active.
        terms: What each term adds to 1 in the factor; they sum to factor - 1.
        sparsity: 1 - active/total of the scaled shape.
    """

    shape: str
    seq_len: int
    embeddings: bool
    scale: float
    per_token: float
    factor: float
    terms: Mapping[str, float]
    sparsity: float

    def to_json(self) -> dict[str, Any]:
        """All of it as a JSON object."""
        return asdict(self) | {"terms": dict(self.terms)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeFamily:
    """A shape at every scale.

    Attributes:
        shape: Its name at scale 1.
        seq_len: Tokens of a sequence.
        embeddings: Whether N counts them.
        active: N_active at a scale.
        total: N_total at a scale.
        flops: Exact FLOPs of training per token at a scale.
        terms: The parts of `flops` - 6 `active`, by name.
    """

    shape: str
    seq_len: int
    embeddings: bool
    active: Cubic
    total: Cubic
    flops: Cubic
    terms: Mapping[str, Cubic]

    @classmethod
    def of(cls, model: Architecture, source: Source, *, seq_len: int) -> "ShapeFamily":
        """The family of a shape, with N in the counting of a law's source."""
        rule = CONVENTIONS["kaplan" if source.without_embeddings else "chinchilla"]
        members = [scaled(model, times) for times in (1, 2, 3)]
        rows = [_row(member, rule, seq_len) for member in members]
        sizes = [total(counted(member, rule)) for member in members]
        return cls(
            shape=model.name,
            seq_len=seq_len,
            embeddings=not source.without_embeddings,
            active=Cubic.through(*(size.active for size in sizes)),
            total=Cubic.through(*(size.total for size in sizes)),
            flops=Cubic.through(
                *(per_token(each, EXACT, seq_len=seq_len).training for each in members)
            ),
            terms={
                name: Cubic.through(*values)
                for name in rows[0]
                if any(values := [row[name] for row in rows])
            },
        )

    def scale(self, n_active: float) -> float:
        """The scale at which a token uses so many parameters."""
        far = math.log(n_active / self.active(1.0))  # a size grows as the scale to 1 up to 3

        def over(x: float) -> float:
            return math.log(self.active(math.exp(x)) / n_active)

        return math.exp(roots.bracketed(over, (far, far / 3))) if far else 1.0

    def cost(self, n_active: float) -> Cost:
        """FLOPs per token near a size: the power of N that has their value and slope there."""
        scale = self.scale(n_active)
        exponent = self.flops.exponent(scale) / self.active.exponent(scale)
        return Cost(self.flops(scale) / n_active**exponent, exponent)

    def exact(self, n_active: float) -> ExactFlops:
        """Exact FLOPs at a size, and what makes them differ from 6 N."""
        scale, convention = self.scale(n_active), 6 * n_active
        return ExactFlops(
            shape=self.shape,
            seq_len=self.seq_len,
            embeddings=self.embeddings,
            scale=scale,
            per_token=self.flops(scale),
            factor=self.flops(scale) / convention,
            terms={name: term(scale) / convention for name, term in self.terms.items()},
            sparsity=1 - self.active(scale) / self.total(scale),
        )


def _row(model: Architecture, rule: Convention, seq_len: int) -> dict[str, float]:
    """Exact FLOPs of training less 6 N_active, by term."""
    found, counts = multiplied(model), counted(model, rule)
    terms: dict[str, float] = {
        group: FLOPS_OF * (found.get(group, 0) - (counts[group].active if group in counts else 0))
        for group in Group
    }
    return {SCORES: TRAINING * per_token(model, EXACT, seq_len=seq_len).scores} | terms
