"""What each parameter is for, by its name, its shape and the module that holds it."""

from collections.abc import Iterator
from enum import StrEnum

from torch import nn


class Role(StrEnum):
    """What a parameter does: this decides how it starts and how it is trained."""

    EMBEDDING = "embedding"
    HEAD = "output head"
    VECTOR = "norm or bias"
    ROUTER = "router"
    MATRIX = "matrix"
    OUTPUT = "matrix that writes to the residual stream"
    EXPERTS = "experts"
    EXPERTS_OUTPUT = "experts' matrix that writes to the residual stream"


WRITERS = ("o_proj.weight", "down_proj.weight", "c_proj.weight", "out_proj.weight")


def roles(model: nn.Module) -> dict[str, Role]:
    """The role of every parameter by its name; a tied head goes by the embedding's."""
    embeddings = {
        id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)
    }
    found = {}
    for name, parameter, owner in _owned(model):
        if id(parameter) in embeddings:
            found[name] = Role.EMBEDDING
        else:
            found[name] = _role(name, parameter, owner)
    return found


def _owned(model: nn.Module) -> Iterator[tuple[str, nn.Parameter, nn.Module]]:
    modules = dict(model.named_modules())
    for name, parameter in model.named_parameters():
        yield name, parameter, modules[name.rpartition(".")[0]]


def _role(name: str, parameter: nn.Parameter, owner: nn.Module) -> Role:
    if parameter.ndim == 1 or name.endswith("bias"):
        return Role.VECTOR
    if parameter.ndim == 3:
        return Role.EXPERTS_OUTPUT if name.endswith("down_proj") else Role.EXPERTS
    if is_router(owner):
        return Role.ROUTER
    if name.endswith(("lm_head.weight", "unembedding.weight")):
        return Role.HEAD
    return Role.OUTPUT if name.endswith(WRITERS) else Role.MATRIX


def is_router(module: nn.Module) -> bool:
    """Whether a module of transformers scores experts."""
    return type(module).__name__.lower().endswith("router")
