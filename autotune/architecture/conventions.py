"""What a parameter count includes: papers and model cards differ, so each rule has a name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from autotune.architecture.count import Count, Counts, Group, by_group
from autotune.architecture.shape import Architecture


class Reach(Enum):
    """How many keys a query of attention is taken to meet, on average over a sequence."""

    SEEN = "the keys that causal mask and windows show"
    HALF = "half the sequence"
    ALL = "the whole sequence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """A rule of counting.

    Attributes:
        name: As on the command line.
        meaning: What it counts, in one sentence.
        left_out: Groups that it leaves out of total and active.
        also_inactive: Groups that it counts in the total, but not as active.
        reach: How many keys it takes a query to meet.
        softmax_flops: FLOPs per head, query and key that it adds to attention scores.
        source: Where it is stated.
    """

    name: str
    meaning: str
    left_out: frozenset[Group] = frozenset()
    also_inactive: frozenset[Group] = frozenset()
    reach: Reach = Reach.HALF
    softmax_flops: int = 0
    source: str = ""


_MTP = frozenset({Group.MTP})
_NO_MATRIX = frozenset({Group.NORMS, Group.BIASES, Group.SINKS})
_ENDS = frozenset({Group.INPUT_EMBEDDING, Group.OUTPUT_HEAD})


def published(*, input_embedding: bool) -> Convention:
    """The convention of a model's own card, whose active figure has the input embedding or not."""
    said = "with" if input_embedding else "without"
    return Convention(
        name="published",
        meaning=f"without the MTP head; active {said} the input embedding",
        left_out=_MTP,
        also_inactive=frozenset() if input_embedding else frozenset({Group.INPUT_EMBEDDING}),
    )


_ALL = (
    Convention(
        name="exact",
        meaning="every parameter; FLOPs of every matrix product",
        reach=Reach.SEEN,
    ),
    published(input_embedding=True),
    Convention(
        name="holistic",
        meaning="matrices of attention and feed-forward layers, without router and embeddings",
        left_out=_ENDS | _NO_MATRIX | _MTP | {Group.ROUTER},
        source="arXiv:2603.21862, eq. 6-12",
    ),
    Convention(
        name="chinchilla",
        meaning="every parameter but the MTP head, embeddings included; softmax has FLOPs",
        left_out=_MTP,
        reach=Reach.ALL,
        softmax_flops=3,
        source="Hoffmann et al. (2022), arXiv:2203.15556, appendix F",
    ),
    Convention(
        name="kaplan",
        meaning="every matrix of the layers, without embeddings, norms and biases",
        left_out=_ENDS | _NO_MATRIX | _MTP,
        source="Kaplan et al. (2020), arXiv:2001.08361, table 1",
    ),
)
CONVENTIONS: Mapping[str, Convention] = MappingProxyType({each.name: each for each in _ALL})


def counted(model: Architecture, convention: Convention) -> Counts:
    """Parameters by group that the convention counts; the rest is left out."""
    return {
        group: Count(count.total, 0 if group in convention.also_inactive else count.active)
        for group, count in by_group(model).items()
        if group not in convention.left_out
    }
