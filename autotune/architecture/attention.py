"""Attention of one layer, grouped-query or multi-head latent: its weights and what it caches."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class QkNorm(StrEnum):
    """Where queries and keys are normalised."""

    NONE = "none"
    HEAD = "head"  # one weight per dimension of a head, the same for all heads
    FULL = "full"  # one weight per dimension of the whole projection


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedQuery:
    """Grouped-query attention; `n_kv_heads = n_heads` is multi-head, 1 is multi-query.

    Attributes:
        n_heads: Query heads.
        n_kv_heads: Key and value heads, a divisor of `n_heads`.
        head_dim: Size of a head.
        qkv_bias: Whether the projections of queries, keys and values have biases.
        o_bias: Whether the output projection has one.
        qk_norm: Where queries and keys are normalised.
        sinks: Whether each query head learns one logit that takes attention away (gpt-oss).
    """

    n_heads: int
    n_kv_heads: int
    head_dim: int
    qkv_bias: bool = False
    o_bias: bool = False
    qk_norm: QkNorm = QkNorm.NONE
    sinks: bool = False

    def weights(self, d_model: int) -> int:
        """Elements of the projection matrices: Q and O, then K and V."""
        return 2 * d_model * self.head_dim * (self.n_heads + self.n_kv_heads)

    def biases(self, d_model: int) -> int:
        """Elements of the biases of the projections."""
        qkv = (self.n_heads + 2 * self.n_kv_heads) * self.head_dim
        return qkv * self.qkv_bias + d_model * self.o_bias

    @property
    def norms(self) -> int:
        """Weights of the norms inside attention."""
        if self.qk_norm is QkNorm.NONE:
            return 0
        heads = 2 if self.qk_norm is QkNorm.HEAD else self.n_heads + self.n_kv_heads
        return heads * self.head_dim

    @property
    def n_sinks(self) -> int:
        """Learned sink logits."""
        return self.n_heads * self.sinks

    @property
    def score_width(self) -> int:
        """Multiply-adds for one query and one key: the score, then its share of the values."""
        return 2 * self.n_heads * self.head_dim

    @property
    def cache_width(self) -> int:
        """Elements that one token leaves in the cache of one layer."""
        return 2 * self.n_kv_heads * self.head_dim


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434, section 2.1).

    Attributes:
        n_heads: Query heads.
        q_rank: Rank of the compressed query, None where the query is not compressed.
        kv_rank: Rank of the compressed key and value, which is what is cached.
        nope_dim: Size of a head's query and key without rotary positions.
        rope_dim: Size of the part with rotary positions; its key is shared by all heads.
        value_dim: Size of a head's value.
    """

    n_heads: int
    q_rank: int | None
    kv_rank: int
    nope_dim: int
    rope_dim: int
    value_dim: int

    def weights(self, d_model: int) -> int:
        """Elements of the projection matrices."""
        query = self.n_heads * (self.nope_dim + self.rope_dim)
        to_query = d_model * query
        if self.q_rank is not None:
            to_query = self.q_rank * (d_model + query)
        down = d_model * (self.kv_rank + self.rope_dim)
        up = self.kv_rank * self.n_heads * (self.nope_dim + self.value_dim)
        return to_query + down + up + self.n_heads * self.value_dim * d_model

    def biases(self, d_model: int) -> int:  # noqa: ARG002 - as GroupedQuery has it
        """No released model has biases here."""
        return 0

    @property
    def norms(self) -> int:
        """Weights of the norms of the compressed query, key and value."""
        return self.kv_rank + (self.q_rank or 0)

    @property
    def n_sinks(self) -> int:
        """Learned sink logits."""
        return 0

    @property
    def score_width(self) -> int:
        """Multiply-adds for one query and one key: the score, then its share of the values."""
        return self.n_heads * (self.nope_dim + self.rope_dim + self.value_dim)

    @property
    def cache_width(self) -> int:
        """Elements that one token leaves in the cache of one layer."""
        return self.kv_rank + self.rope_dim


Attention: TypeAlias = GroupedQuery | Latent
