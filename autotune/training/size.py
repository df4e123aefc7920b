"""Parameters and FLOPs of what is trained: by the shape where it is known, else by the module."""

from torch import nn

from autotune.architecture.conventions import CONVENTIONS, counted
from autotune.architecture.count import by_group, total
from autotune.architecture.flops import per_token
from autotune.architecture.shape import Architecture
from autotune.training.result import Size
from autotune.training.roles import Role, roles

OUTSIDE = frozenset({Role.EMBEDDING, Role.HEAD, Role.VECTOR})


def of_architecture(model: Architecture, *, context: int) -> Size:
    """Exact counts; FLOPs of the scores are of the keys that a causal mask shows."""
    layers = total(counted(model, CONVENTIONS["kaplan"]))
    experts = model.experts
    return Size(
        n_active=layers.active,
        n_total=layers.total,
        n_params=total(by_group(model)).total,
        flops_per_token=per_token(model, CONVENTIONS["exact"], seq_len=context).training,
        n_experts=experts.n_experts if experts else None,
        top_k=experts.top_k if experts else None,
        granularity=4 * model.d_model / experts.width if experts else None,
    )


def of_module(model: nn.Module) -> Size:
    """Counts of the user's own module: dense, six FLOPs per parameter that multiplies."""
    parameters = dict(model.named_parameters())
    found = roles(model)
    matrices = sum(parameters[n].numel() for n, role in found.items() if role not in OUTSIDE)
    head = sum(parameters[n].numel() for n, role in found.items() if role is Role.HEAD)
    return Size(
        n_active=matrices,
        n_total=matrices,
        n_params=sum(p.numel() for p in parameters.values()),
        flops_per_token=6.0 * (matrices + head),
    )
