"""The three sizes that fix what a sparse model costs and holds: M, N_a and N."""

from dataclasses import dataclass

import numpy as np

from autotune import checks
from autotune.architecture.sparse_constants import TRAINING_FLOPS, SparseConstants
from autotune.errors import InputError
from autotune.quantities import format_count
from autotune.types import Floats, FloatsLike


@dataclass(frozen=True, slots=True, kw_only=True)
class Triad:
    """M, N_a and N in the convention of arXiv:2603.21862: no embeddings, router, norms or biases.

    Arrays that broadcast together, of no dimension for one model.

    Attributes:
        flops_per_token: M, training FLOPs per token, causal attention scores included.
        n_active: N_a, parameters used per token.
        n_total: N, all parameters.
    """

    flops_per_token: Floats
    n_active: Floats
    n_total: Floats

    @property
    def density(self) -> Floats:
        """M/N_a, training FLOPs per token and active parameter; more than 6."""
        return np.divide(self.flops_per_token, self.n_active, dtype=np.float64)

    @property
    def expansion(self) -> Floats:
        """N/N_a; more than 1 and less than (E + shared)/(K + shared)."""
        return np.divide(self.n_total, self.n_active, dtype=np.float64)


def of_ratios(flops_per_token: FloatsLike, *, density: FloatsLike, expansion: FloatsLike) -> Triad:
    """The triad of M, M/N_a and N/N_a.

    Raises:
        InputError: If one of them is not finite and > 0.
    """
    m = checks.positive("M", flops_per_token, hint="Training FLOPs per token.")
    x = checks.positive("M/N_a", density, hint="FLOPs per token over active parameters.")
    y = checks.positive("N/N_a", expansion, hint="All parameters over active ones.")
    return Triad(flops_per_token=m, n_active=m / x, n_total=m / x * y)


def refuse_impossible(triad: Triad, constants: SparseConstants) -> None:
    """Check one triad, not an array of them: some hidden size must give it whole or part layers.

    Raises:
        InputError: If none does; the message says which of M, N_a and N is out, and between what
            values it would be possible.
    """
    m, n_active, n = (
        float(checks.positive(name, value, hint="A triad is of three counts."))
        for name, value in (
            ("M", triad.flops_per_token), ("N_a", triad.n_active), ("N", triad.n_total)
        )
    )  # fmt: skip
    if m <= TRAINING_FLOPS * n_active:
        raise InputError(
            f"M {_said(m)} is out: {_said(n_active)} active parameters alone cost "
            f"{_said(TRAINING_FLOPS * n_active)} FLOPs per token, and attention scores come on "
            f"top. Raise M above that, or lower N_a below {_said(m / TRAINING_FLOPS)}."
        )
    most = constants.max_expansion * n_active
    if not n_active < n < most:
        raise InputError(
            f"N {_said(n)} is out: with {_said(n_active)} active parameters, {constants.top_k} of "
            f"{constants.n_experts} experts and {constants.n_shared} shared, N lies between "
            f"{_said(n_active)} and {_said(most)}. "
            + ("Lower N, or add experts." if n >= most else "Raise N.")
        )
    _refuse_latent(m, n_active, n, constants)


def _refuse_latent(m: float, n_active: float, n: float, constants: SparseConstants) -> None:
    """Latent attention needs its constant part in every layer beside the experts."""
    layers = (m - TRAINING_FLOPS * n_active) / constants.score_flops
    fixed = constants.attention_offset * layers
    left = n_active - fixed
    if left > (n - n_active) / constants.idle_per_used:
        return
    if left <= 0:
        least = m / (TRAINING_FLOPS + constants.score_flops / constants.attention_offset)
        raise InputError(
            f"N_a {_said(n_active)} is out: M leaves {layers:.4g} layers, whose latent attention "
            f"has {_said(fixed)} parameters whatever the hidden size. "
            f"Raise N_a above {_said(least)}, or lower M or the ranks."
        )
    most = n_active + left * constants.idle_per_used
    raise InputError(
        f"N {_said(n)} is out: latent attention of {layers:.4g} layers leaves {_said(left)} active "
        f"parameters for experts. Lower N below {_said(most)}, or lower the ranks."
    )


def _said(value: float) -> str:
    return format_count(value, digits=6)
