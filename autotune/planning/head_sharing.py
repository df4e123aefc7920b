"""How the heads of a design share keys and values."""

from dataclasses import dataclass

from autotune.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentRanks:
    """What multi-head latent attention has beside its heads; the defaults are DeepSeek-V3's.

    Attributes:
        q_rank: Rank of the compressed query, None where it is not compressed.
        kv_rank: Rank of the compressed key and value.
        rope_dim: Size of the part of a head with rotary positions, beside the size of the head.
    """

    q_rank: int | None = 1536
    kv_rank: int = 512
    rope_dim: int = 64

    def __post_init__(self) -> None:
        """Refuse what is no rank."""
        for name, value in (
            ("q_rank", self.q_rank), ("kv_rank", self.kv_rank), ("rope_dim", self.rope_dim)
        ):  # fmt: skip
            if value is not None and value < 1:
                raise InputError(f"{name} of latent attention must be at least 1, not {value}.")
        if self.rope_dim % 2:
            raise InputError(
                f"rope_dim {self.rope_dim}: rotary positions turn pairs. Make it even."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """How query heads share keys and values: in groups, or one latent vector of them.

    Attributes:
        queries_per_kv: Query heads that share one of keys and values; None for as many as the
            heads come with.
        latent: Ranks of latent attention, None for grouped-query attention.
    """

    queries_per_kv: int | None = None
    latent: LatentRanks | None = None

    def __post_init__(self) -> None:
        """Refuse groups of no heads, and both at once."""
        groups = self.queries_per_kv
        if groups is not None and groups < 1:
            raise InputError(f"queries_per_kv {groups}: at least one head has its keys and values.")
        if groups is not None and self.latent is not None:
            raise InputError(
                f"queries_per_kv {groups} and latent attention contradict each other: latent heads "
                "share one compressed vector. Give one of them."
            )
