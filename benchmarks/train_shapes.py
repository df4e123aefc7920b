"""The shapes that benchmarks/train.py trains, dense and with experts of equal active size."""

from autotune.architecture.conventions import CONVENTIONS
from autotune.architecture.flops import per_token
from autotune.architecture.shape import Architecture
from autotune.training.small_shape import Mixture, of_widths

CONTEXT = 128
EXPERTS = 8  # of which 2 are used
SPARSE = f"-{EXPERTS}e2"
SIZES = ("16x2", "24x2", "32x3")
SPEED = ("32x3", "64x4", f"32x3{SPARSE}", f"64x4{SPARSE}")


def shape_of(name: str) -> Architecture:
    """The model that a name such as 32x3 or 32x3-8e2 stands for."""
    plain = name.removesuffix(SPARSE)
    mixture = None if plain == name else Mixture(n_experts=EXPERTS)
    width, layers = map(int, plain.split("x"))
    return of_widths(width, layers, mixture=mixture)


def flops_per_token(name: str) -> float:
    """Exact training FLOPs."""
    return per_token(shape_of(name), CONVENTIONS["exact"], seq_len=CONTEXT).training


def equal_steps(name: str, steps: int) -> int:
    """Steps of a shape for the FLOPs that its dense shape takes in so many."""
    dense = flops_per_token(name.removesuffix(SPARSE))
    return round(steps * dense / flops_per_token(name))
