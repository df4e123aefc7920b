"""What is known of a trained model beside its shape: sizes as printed, tokens, and how surely."""

from dataclasses import dataclass
from enum import StrEnum


class Sure(StrEnum):
    """How well the figures of a released model are established."""

    PRIMARY = "primary source"
    SECONDARY = "secondary source that quotes the primary one"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a model's own card or report says of it.

    Attributes:
        total: Total parameters, as printed.
        active: Active parameters, as printed.
        input_embedding: Whether the active figure has the input embedding.
        source: Where it is printed.
        tokens: Training tokens, as printed; None where they are not known.
        sure: How well the figures are established.
        checked: What public description of the shape ours was compared with, key by key; empty for
            none.
        note: What else to know.
    """

    total: str
    active: str
    input_embedding: bool
    source: str
    tokens: str | None = None
    sure: Sure = Sure.UNCONFIRMED
    checked: str = ""
    note: str = ""
