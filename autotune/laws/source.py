"""Where a set of coefficients was published, and what it was fitted on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from autotune.types import Floats, FloatsLike, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedRange:
    """The smallest and largest value of each input among the runs of a fit.

    An interval of None means that the source does not state it. Where it states one end only,
    the other is 0 or infinity.

    Attributes:
        n_active: Parameters used per token.
        n_total: All parameters held.
        tokens: Training tokens.
        sparsity: In the sense the law uses (see `Source.sparsity`).
        flops: Training FLOPs.
        factors: The law's further inputs, by name.
    """

    n_active: Interval | None = None
    n_total: Interval | None = None
    tokens: Interval | None = None
    sparsity: Interval | None = None
    flops: Interval | None = None
    factors: Mapping[str, Interval] = field(default_factory=dict)

    def limits(self) -> dict[str, Interval]:
        """The stated intervals by name of the input."""
        own = {
            "n_active": self.n_active,
            "n_total": self.n_total,
            "tokens": self.tokens,
            "sparsity": self.sparsity,
            "flops": self.flops,
        }
        return {name: limit for name, limit in own.items() if limit} | dict(self.factors)

    def times_outside(self, **values: FloatsLike) -> dict[str, Floats]:
        """Say how many times each value lies beyond what the fit saw.

        Sparsity is compared as n_total/n_active = 1 / (1 - sparsity), so 0.99 lies twice
        beyond a limit of 0.98.

        Args:
            **values: Values by name of the input; each array is judged on its own.

        Returns:
            Ratios >= 1 by name, 1 inside; an input without stated limits is left out.
        """
        limits = self.limits()
        return {
            name: _times_outside(name, np.asarray(value, dtype=np.float64), limits[name])
            for name, value in values.items()
            if name in limits
        }


def _times_outside(name: str, value: Floats, limit: Interval) -> Floats:
    low, high = limit
    if name == "sparsity":
        value, low, high = 1 / (1 - value), 1 / (1 - low), 1 / (1 - high)
    return np.maximum(1.0, np.maximum(low / value, value / high))


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

    @property
    def without_embeddings(self) -> bool:
        """Whether N leaves embeddings out, by what `n` says."""
        return "embeddings not counted" in self.n or "no embeddings" in self.n
