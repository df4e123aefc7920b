"""What a family of sparse models holds fixed while its size, depth and widths vary."""

from dataclasses import dataclass

from autotune import checks
from autotune.architecture.attention import Attention
from autotune.errors import InputError

TRAINING_FLOPS = 6
"""FLOPs of a forward and a backward pass per active parameter and token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseConstants:
    """Sparsity, attention and sequence length, as in arXiv:2603.21862, table 1 and section 3.

    The defaults are the paper's: 288 experts, 8 of them and a shared one active, dense layers three
    times as wide as the model, sequences of 8192 tokens.

    Attributes:
        attention: Heads of every layer. Its parameters are linear in the hidden size: in proportion
            for grouped-query attention, with a constant part for multi-head latent attention.
        n_experts: E, routed experts.
        top_k: K, routed experts that a token goes to.
        n_shared: Experts that every token goes to.
        dense_ratio: Width of a dense feed-forward layer over the hidden size.
        seq_len: S, tokens of a sequence.
    """

    attention: Attention
    n_experts: int = 288
    top_k: int = 8
    n_shared: int = 1
    dense_ratio: float = 3
    seq_len: int = 8192

    def __post_init__(self) -> None:
        """Refuse what is no sparse model."""
        if self.top_k < 1:
            raise InputError(f"a token goes to one expert or more, but top_k is {self.top_k}.")
        if self.top_k >= self.n_experts:
            raise InputError(
                f"a sparse model routes to fewer experts than it has, but top_k is {self.top_k} "
                f"of {self.n_experts}. Lower top_k or add experts."
            )
        checks.at_least("n_shared", self.n_shared, 0, hint="Experts that every token goes to.")
        checks.at_least("seq_len", self.seq_len, 1, hint="Tokens of a sequence.")
        checks.positive("dense_ratio", self.dense_ratio, hint="Dense FFN width over hidden size.")

    @property
    def n_used(self) -> int:
        """Experts that a token uses, shared ones included: K + shared."""
        return self.top_k + self.n_shared

    @property
    def idle_per_used(self) -> float:
        """Inactive expert parameters per active one, (E - K) / (K + shared)."""
        return (self.n_experts - self.top_k) / self.n_used

    @property
    def max_expansion(self) -> float:
        """Upper bound of N/N_a, (E + shared) / (K + shared); 32.1 for the paper's sparsity."""
        return 1 + self.idle_per_used

    @property
    def attention_slope(self) -> int:
        """Attention parameters of one layer per unit of hidden size."""
        return self.attention.weights(1) - self.attention.weights(0)

    @property
    def attention_offset(self) -> int:
        """Attention parameters of one layer that do not depend on the hidden size."""
        return self.attention.weights(0)

    @property
    def score_flops(self) -> int:
        """Training FLOPs per token of attention scores in one layer, half the sequence seen."""
        return TRAINING_FLOPS // 2 * self.seq_len * self.attention.score_width
