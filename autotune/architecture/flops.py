"""FLOPs per token of an architecture; training is three forward passes."""

from collections.abc import Mapping
from dataclasses import dataclass

from autotune.architecture.conventions import CONVENTIONS, Convention, Reach, counted
from autotune.architecture.count import MATRICES, Group, by_group, mtp_module, total
from autotune.architecture.shape import Architecture

TRAINING = 3
"""Forward passes that one forward and one backward pass cost."""


@dataclass(frozen=True, slots=True)
class Flops:
    """FLOPs per token of one forward pass.

    Attributes:
        weights: Two per parameter that multiplies the token.
        scores: Attention scores and their sums over values.
    """

    weights: float
    scores: float

    @property
    def forward(self) -> float:
        """Both parts."""
        return self.weights + self.scores

    @property
    def training(self) -> float:
        """Forward and backward pass, both parts."""
        return TRAINING * self.forward


def per_token(model: Architecture, convention: Convention, *, seq_len: int) -> Flops:
    """FLOPs per token on sequences of `seq_len` tokens.

    The exact convention multiplies by what is a matrix: the input embedding is a lookup, and a
    multi-token-prediction head goes through the output head once more. The other conventions take
    two FLOPs for each active parameter they count.
    """
    exact = convention == CONVENTIONS["exact"]
    weights = sum(multiplied(model).values()) if exact else total(counted(model, convention)).active
    mtp = model.n_mtp_layers if Group.MTP not in convention.left_out else 0
    return Flops(
        2.0 * weights,
        score_flops(model, convention.reach, seq_len=seq_len, mtp=mtp)
        + _softmax(model, convention, seq_len=seq_len),
    )


def score_flops(model: Architecture, reach: Reach, *, seq_len: int, mtp: int = 0) -> float:
    """Forward FLOPs per token of attention scores, over all layers and `mtp` further ones."""
    windows = model.n_window_layers if reach is Reach.SEEN else 0
    full = model.n_layers - windows + mtp
    met = full * _keys(reach, seq_len)
    if windows and model.window is not None:
        mean = _keys_of_chunk if model.chunked else _keys_of_window
        met += windows * mean(model.window, seq_len)
    return 2.0 * model.attention.score_width * met


def _keys(reach: Reach, seq_len: int) -> float:
    """Mean number of keys per query."""
    if reach is Reach.ALL:
        return float(seq_len)
    return seq_len / 2 if reach is Reach.HALF else _keys_of_window(seq_len, seq_len)


def _keys_of_window(window: int, seq_len: int) -> float:
    """Queries see 1, 2, ..., window, window, ... keys."""
    seen = min(seq_len, window)
    return seen - seen * (seen - 1) / (2 * seq_len)


def _keys_of_chunk(chunk: int, seq_len: int) -> float:
    """Queries see 1, 2, ..., chunk, 1, 2, ... keys."""
    whole, rest = divmod(seq_len, chunk)
    return (whole * chunk * (chunk + 1) + rest * (rest + 1)) / (2 * seq_len)


def _softmax(model: Architecture, convention: Convention, *, seq_len: int) -> float:
    heads = model.attention.n_heads * model.n_layers
    return float(convention.softmax_flops * heads * seq_len)


def multiplied(model: Architecture) -> Mapping[Group, int]:
    """Parameters that multiply a token, by group, counted once per use."""
    counts, head = by_group(model), model.vocabulary * model.d_model
    found = {group: counts[group].active for group in (*MATRICES, Group.OUTPUT_HEAD)}
    module = sum(n.active for group, n in mtp_module(model).items() if group in MATRICES)
    return found | {Group.MTP: model.n_mtp_layers * (module + head)}
