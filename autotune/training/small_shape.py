"""The shape of a small model of a given size, by rules of depth, heads and feed-forward width."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from autotune import checks
from autotune.architecture.attention import GroupedQuery, QkNorm
from autotune.architecture.conventions import CONVENTIONS, counted
from autotune.architecture.count import total
from autotune.architecture.feed_forward import Experts, FeedForward
from autotune.architecture.shape import Architecture
from autotune.errors import InputError

STEP = 8  # of widths of the feed-forward layer, and of heads
SMALLEST = 16
COARSE = ((256, 64), (64, 16))
"""From these widths on, widths are multiples of these."""
ANCHORS = ((6e3, 8.0), (1e9, 64.0))
"""Width over depth at two sizes; between them a power law, which keeps small models deep."""
HEADS = (16, 128)  # smallest and largest size of a head
FFN = 8 / 3  # width of a gated feed-forward layer over that of the model
NARROW, WIDE = 1.5, 4.5  # the same, where it is fitted to a size
TOLERANCE = 0.1
RATIO_COST = 0.1
"""What a log ratio off the rules counts beside one off the size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """A mixture of experts in every layer.

    Attributes:
        n_experts: Routed experts.
        top_k: Routed experts that a token goes to.
        granularity: 4 d_model / width of an expert; None for as many active parameters as the
            dense layer has.
        bias: Whether a bias per expert balances the load, else an auxiliary loss does.
    """

    n_experts: int
    top_k: int = 2
    granularity: float | None = None
    bias: bool = False

    def __post_init__(self) -> None:
        """Refuse what routes no token."""
        if self.n_experts < 2 or not 1 <= self.top_k <= self.n_experts:
            raise InputError(
                f"top_k must be 1 to the number of experts, not {self.top_k} of {self.n_experts}. "
                "Give fewer --top-k or more --experts."
            )
        if self.granularity is not None:
            checks.positive("granularity", self.granularity, hint="It is 4 d_model / d_expert.")


def of_size(n_active: float, mixture: Mixture | None = None) -> Architecture:
    """A model with about so many active parameters in the matrices of its layers.

    Raises:
        InputError: If no model is that small.
    """
    checks.positive("n_active", n_active, hint="Pass parameters, not thousands of them.")
    best: tuple[float, Architecture] | None = None
    for model in _candidates(n_active, mixture):
        off = abs(math.log(size(model) / n_active))
        score = off + RATIO_COST * _oddness(model, n_active)
        if off < TOLERANCE and (best is None or score < best[0]):
            best = (score, model)
    if best is None:
        raise InputError(
            f"no shape has about {n_active:,.0f} active parameters with the experts asked for. "
            "Ask for more parameters or fewer experts, or give --shape."
        )
    return best[1]


def of_widths(
    d_model: int, n_layers: int, *, heads: int | None = None, mixture: Mixture | None = None
) -> Architecture:
    """A model of this width and depth; the heads by rule unless given.

    Raises:
        InputError: If heads do not divide the width into even parts, or a number is no size.
    """
    if heads is not None and (heads < 1 or d_model % (2 * heads)):
        raise InputError(
            f"width {d_model} is not divisible by {heads} heads of an even size. "
            "Change one of the two."
        )
    if d_model % 2 or d_model < 2 or n_layers < 1:
        raise InputError(f"a shape of width {d_model} and {n_layers} layers is no model.")
    n_heads = heads or d_model // _head_dim(d_model)
    width = max(STEP, STEP * round(FFN * d_model / STEP))
    return _model(d_model, n_layers, n_heads=n_heads, width=width, mixture=mixture)


def size(model: Architecture) -> int:
    """Active parameters in the matrices of the layers: no embedding, head, norm or bias."""
    return total(counted(model, CONVENTIONS["kaplan"])).active


def _oddness(model: Architecture, n_active: float) -> float:
    """How far depth and feed-forward width are from the rules, in logarithms."""
    experts = model.experts
    active = model.ffn.width if model.ffn else experts.width * experts.top_k if experts else 0
    slim = math.log(model.d_model / model.n_layers / _aspect(n_active))
    return abs(slim) + abs(math.log(active / model.d_model / FFN))


def _candidates(n_active: float, mixture: Mixture | None) -> Iterator[Architecture]:
    aspect = _aspect(n_active)
    middle = (n_active * aspect / 12) ** (1 / 3)
    for d in range(SMALLEST, 2 * max(SMALLEST, round(middle)) + 1, STEP):
        step = next((step for wide, step in COARSE if d >= wide), STEP)
        if d < middle / 2 or d % step:
            continue
        for n_layers in {max(1, round(d / aspect) + aside) for aside in (-2, -1, 0, 1, 2)}:
            plain = of_widths(d, n_layers, mixture=mixture)
            if mixture is not None and mixture.granularity is not None:
                yield plain
                continue
            for width in _fitting(plain, n_active):
                heads = plain.attention.n_heads
                yield _model(d, n_layers, n_heads=heads, width=width, mixture=mixture)


def _fitting(model: Architecture, n_active: float) -> Iterator[int]:
    """The active width of the feed-forward layer that comes nearest to the size, if any."""
    d, n_layers = model.d_model, model.n_layers
    attention = model.attention.weights(d) + d * (model.experts.n_experts if model.experts else 0)
    free = (n_active / n_layers - attention) / (3 * d)
    step = 4 * (model.experts.top_k if model.experts else 1)
    width = step * round(free / step)
    if NARROW * d <= width <= WIDE * d:
        yield width


def _model(
    d_model: int, n_layers: int, *, n_heads: int, width: int, mixture: Mixture | None
) -> Architecture:
    dense = Architecture(
        name=f"{d_model}x{n_layers}",
        n_layers=n_layers,
        d_model=d_model,
        vocabulary=256,
        attention=GroupedQuery(
            n_heads=n_heads,
            n_kv_heads=n_heads,
            head_dim=d_model // n_heads,
            qk_norm=QkNorm.HEAD,
        ),
        ffn=FeedForward(width=width),
        n_dense_layers=n_layers,
    )
    if mixture is None:
        return dense
    each = width / mixture.top_k
    if mixture.granularity is not None:
        each = 4 * d_model / mixture.granularity
    experts = Experts(
        n_experts=mixture.n_experts,
        top_k=mixture.top_k,
        width=max(4, 4 * round(each / 4)),
        router_bias=mixture.bias,
    )
    sparse = replace(dense, ffn=None, experts=experts, n_dense_layers=0)
    return replace(sparse, name=name_of(sparse))


def name_of(model: Architecture) -> str:
    """What a model of these rules is called: 64x4, or 64x4-8e2 with 2 of 8 experts."""
    experts = model.experts
    sparse = "" if experts is None else f"-{experts.n_experts}e{experts.top_k}"
    return f"{model.d_model}x{model.n_layers}{sparse}"


def _aspect(n_active: float) -> float:
    (n0, a0), (n1, a1) = ANCHORS
    return float(a0 * (n_active / n0) ** (math.log(a1 / a0) / math.log(n1 / n0)))


def _head_dim(d_model: int) -> int:
    """The divisor of the width nearest to a quarter of it: on the step if possible, else even."""
    wanted = min(max(d_model / 4, HEADS[0]), HEADS[1])
    even = [n for n in range(2, d_model + 1, 2) if d_model % n == 0]
    divisors = [n for n in even if n % STEP == 0] or even
    return min(divisors, key=lambda n: (abs(math.log(n / wanted)), -n))
