"""One trunk: a model trained at full learning rate, with a cooldown branch per token budget."""

from dataclasses import dataclass

from autotune.architecture.conventions import CONVENTIONS, counted
from autotune.architecture.count import total
from autotune.architecture.flops import per_token
from autotune.architecture.shape import Architecture
from autotune.quantities import format_count

COOLDOWN = 0.2
"""Share of a budget over which the learning rate falls to zero, off the trunk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """A model and a seed, with the token budgets that it gives a loss at.

    Attributes:
        model: What is trained.
        seed: Of the weights and of the order of tokens.
        tokens: Token budgets, rising.
        context: Tokens of a sequence.
        sequences: Sequences of a step.
    """

    model: Architecture
    seed: int
    tokens: tuple[float, ...]
    context: int
    sequences: int

    @property
    def name(self) -> str:
        """Experts, size and seed: what groups its runs in a table, and names its folder."""
        experts = self.model.experts
        kind = "dense" if experts is None else f"{experts.n_experts}e{experts.top_k}"
        return f"{kind}-{format_count(self.n_active)}-s{self.seed}"

    @property
    def n_active(self) -> int:
        """Active parameters in matrices of the layers."""
        return total(counted(self.model, CONVENTIONS["kaplan"])).active

    @property
    def n_total(self) -> int:
        """The same of all experts."""
        return total(counted(self.model, CONVENTIONS["kaplan"])).total

    @property
    def flops_per_token(self) -> float:
        """Exact training FLOPs, of matrix products and of the scores a causal mask shows."""
        return per_token(self.model, CONVENTIONS["exact"], seq_len=self.context).training

    @property
    def batch_tokens(self) -> int:
        """Tokens of a step."""
        return self.sequences * self.context

    @property
    def trained_tokens(self) -> float:
        """Tokens trained on in all: the trunk once, and every branch."""
        return (1 - COOLDOWN) * self.tokens[-1] + COOLDOWN * sum(self.tokens)

    @property
    def flops(self) -> float:
        """Exact training FLOPs in all."""
        return self.flops_per_token * self.trained_tokens

    @property
    def separate_tokens(self) -> float:
        """Tokens that the same budgets would take as runs of their own."""
        return sum(self.tokens)
