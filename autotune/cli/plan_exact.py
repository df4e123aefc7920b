"""`autotune plan --exact-flops`: the shape whose FLOPs a budget pays for, and how it reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autotune.architecture.conventions import CONVENTIONS
from autotune.architecture.flops import per_token
from autotune.architecture.shape import Architecture
from autotune.cli import console, sequence
from autotune.errors import InputError
from autotune.laws.base import ScalingLaw
from autotune.models import catalogue
from autotune.planning.plan import Plan
from autotune.planning.released import SIZES_ALONE, ReleasedModel
from autotune.planning.shape_family import ShapeFamily
from autotune.quantities import format_count

SHOWN = 5e-4
"""Least share of 6 N that a term has in some plan to get a column."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape, and the sequences that it is trained on."""

    model: Architecture
    seq_len: int

    def family(self, law: ScalingLaw) -> ShapeFamily:
        """The shape at every size, with N in the counting of the law."""
        return ShapeFamily.of(self.model, law.source, seq_len=self.seq_len)

    def flops_of(self, like: ReleasedModel) -> float:
        """What a released model's training took, by its own shape on these sequences.

        Raises:
            InputError: If its shape or its tokens are not known.
        """
        if like.name in SIZES_ALONE:
            raise InputError(
                f"the exact FLOPs of {like.name} are not known, for its shape is not in the "
                "catalogue. Leave out --exact-flops, or give --flops in place of --like."
            )
        own = catalogue.read(like.name).model
        exact = per_token(own, CONVENTIONS["exact"], seq_len=self.seq_len)
        return exact.training * like.trained_tokens


def read(given: Mapping[str, Any]) -> Shape | None:
    """The shape that the options name, None where they name none.

    Raises:
        InputError: If there is no such model, or its file cannot be read.
    """
    if "exact_flops" not in given:
        return None
    seq_len = sequence.length(given.get("seq_len", sequence.DEFAULT))
    return Shape(catalogue.find(given["exact_flops"]).model, seq_len)


def text(plans: Sequence[Plan]) -> str:
    """How far exact FLOPs and 6 N_active differ, and by what; empty where nobody asked."""
    found = [(plan.law, plan.exact_flops) for plan in plans if plan.exact_flops is not None]
    if not found:
        return ""
    first = found[0][1]
    names = [
        name
        for name in dict.fromkeys(name for _, exact in found for name in exact.terms)
        if any(abs(exact.terms.get(name, 0.0)) >= SHOWN for _, exact in found)
    ]
    rows = [
        (
            law,
            f"{exact.scale:.4g}",
            "in" if exact.embeddings else "out",
            format_count(exact.per_token / exact.factor),
            format_count(exact.per_token),
            _percent(exact.factor - 1),
            *(_percent(exact.terms[name]) if name in exact.terms else "-" for name in names),
        )
        for law, exact in found
    ]
    head = (
        f"FLOPs of training per token: 6 N active, and exactly for {first.shape} with width and "
        f"depth scaled\nto the plan, on sequences of {first.seq_len} tokens; what makes them "
        "differ, in % of 6 N active:"
    )
    headers = ("law", "scale", "embeddings in N", "6 N active", "exact", "differ", *names)
    return f"{head}\n{console.table(headers, rows)}"


def _percent(share: float) -> str:
    return f"{100 * share:+.1f} %"
