"""Feed-forward layers: dense, and a mixture of experts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedForward:
    """A dense feed-forward layer.

    Attributes:
        width: Size of its hidden layer.
        gated: Three matrices (SwiGLU, GeGLU), or two.
        bias: Whether every matrix has a bias.
    """

    width: int
    gated: bool = True
    bias: bool = False

    def weights(self, d_model: int) -> int:
        """Elements of its matrices."""
        return (3 if self.gated else 2) * d_model * self.width

    def biases(self, d_model: int) -> int:
        """Elements of its biases."""
        return ((2 if self.gated else 1) * self.width + d_model) * self.bias


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts:
    """A mixture of experts, each a feed-forward layer of the same width.

    Attributes:
        n_experts: Routed experts.
        top_k: Routed experts that a token goes to.
        width: Size of an expert's hidden layer.
        n_shared: Experts that every token goes to.
        gated: As for a dense layer.
        bias: As for a dense layer.
        router_bias: Whether the router has one number per expert beside its matrix: a bias
            (gpt-oss), or the correction that balances load (DeepSeek-V3, arXiv:2412.19437, eq. 16).
    """

    n_experts: int
    top_k: int
    width: int
    n_shared: int = 0
    gated: bool = True
    bias: bool = False
    router_bias: bool = False

    @property
    def expert(self) -> FeedForward:
        """One expert, routed or shared."""
        return FeedForward(width=self.width, gated=self.gated, bias=self.bias)
