"""Where a set of coefficients was published, and what it was fitted on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from autotune.types import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedRange:
    """The smallest and largest value of each input among the runs of a fit.

    A limit of None means that the source does not state it.

    Attributes:
        n_active: Parameters used per token.
        n_total: All parameters held.
        tokens: Training tokens.
        sparsity: In the sense the law uses (see `Source.sparsity`).
        flops: Training FLOPs.
    """

    n_active: Interval | None = None
    n_total: Interval | None = None
    tokens: Interval | None = None
    sparsity: Interval | None = None
    flops: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Provenance and conventions of one set of coefficients.

    Attributes:
        citation: Authors, year and arXiv identifier.
        where: A table, an equation or a run id: precise enough to check by hand.
        n: Which N the law's formula counts: `active`, `total`, with or without embeddings.
        sparsity: Which sparsity it means: `parameters` (1 - active/total), `experts`
            (1 - k/E), `weights` (share of zero weights) or `none`.
        flops: The FLOP convention of its budgets, for example `6 N_active D`.
        corpus: What the runs were trained on.
        loss_unit: `nats per token` for language models.
        range: What the fit saw; predictions outside it are extrapolations.
        standard_errors: Published standard error by coefficient, where there is one.
        caveat: One sentence that a user must know, or empty.
    """

    citation: str
    where: str
    n: str
    sparsity: str
    flops: str
    corpus: str
    loss_unit: str = "nats per token"
    range: FittedRange
    standard_errors: Mapping[str, float] = field(default_factory=dict)
    caveat: str = ""
