"""Which optimizer trains which parameter, at which learning rate."""

from collections import defaultdict
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from autotune.training.adamw import AdamW
from autotune.training.arena import Arena
from autotune.training.muon import Muon
from autotune.training.roles import Role, roles
from autotune.training.settings import Settings

BASE_WIDTH = 64
ADAM_LR = 8e-3  # of embeddings, vectors, routers; of the head and experts at the base width
HIDDEN_LR = 4e-3  # of matrices that AdamW trains, at the base width
WIDE = frozenset({Role.HEAD, Role.EXPERTS, Role.EXPERTS_OUTPUT, Role.MATRIX, Role.OUTPUT})
"""Roles whose learning rate under Adam falls as 1 / width (muP, arXiv:2203.03466, table 8)."""
MATRICES = frozenset({Role.MATRIX, Role.OUTPUT, Role.EXPERTS, Role.EXPERTS_OUTPUT})
"""Roles that Muon trains."""


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters of one optimizer.

    Attributes:
        optimizer: Muon or AdamW.
        lr: At full rate.
        decay: Weight decay, times the learning rate.
        arena: The parameters.
    """

    optimizer: Muon | AdamW
    lr: float
    decay: float
    arena: Arena


class Optimizers:
    """All groups of a model: made after its weights are set and on their device.

    Attributes:
        groups: By what they hold.
    """

    def __init__(self, model: nn.Module, settings: Settings) -> None:
        self._clip = settings.clip
        kept: dict[tuple[object, ...], list[nn.Parameter]] = defaultdict(list)
        parameters = dict(model.named_parameters())
        for name, role in roles(model).items():
            if parameters[name].numel():  # shared experts may be none
                kept[_key(name, role, parameters[name], settings)].append(parameters[name])
        self.groups = {key: _group(key, held, settings) for key, held in kept.items()}

    def step(self, factor: float) -> Tensor:
        """Apply all gradients at a share of the full rate; return their norm, one element."""
        adam = [g.arena.grad for g in self.groups.values() if isinstance(g.optimizer, AdamW)]
        muon = [g.arena.grad for g in self.groups.values() if isinstance(g.optimizer, Muon)]
        norm = torch.stack([grad.norm() for grad in adam]).norm()
        scale = (self._clip / (norm + 1e-12)).clamp(max=1.0)
        for grad in adam:
            grad.mul_(scale)
        for group in self.groups.values():
            group.optimizer.step(group.lr * factor, decay=group.decay)
        whole: Tensor = torch.stack([norm, *(grad.norm() for grad in muon)]).norm()
        return whole

    def clear(self) -> None:
        """Set all gradients to zero."""
        for group in self.groups.values():
            group.arena.grad.zero_()

    def state(self) -> dict[str, Tensor]:
        """Every tensor that training changes, the weights included; views, not copies."""
        found = {}
        for i, group in enumerate(self.groups.values()):
            found[f"{i}.value"] = group.arena.value
            found |= {f"{i}.{name}": value for name, value in group.optimizer.state().items()}
        return found


def _key(name: str, role: Role, parameter: nn.Parameter, settings: Settings) -> tuple[object, ...]:
    """Parameters with the same key are one group: same optimizer, rate, decay and shape.

    Muon sees one matrix for each expert, and two where gate and up lie in one tensor.
    """
    if role in MATRICES and settings.optimizer == "muon":
        rows, columns = parameter.shape[-2:]
        both = role is Role.EXPERTS and name.endswith("gate_up_proj")
        return ("muon", rows // 2 if both else rows, columns)
    return ("adamw", _adam_lr(role, parameter), role is not Role.VECTOR)


def _adam_lr(role: Role, parameter: nn.Parameter) -> float:
    base = HIDDEN_LR if role in (Role.MATRIX, Role.OUTPUT) else ADAM_LR
    return base * BASE_WIDTH / parameter.shape[-1] if role in WIDE else base


def _group(key: tuple[object, ...], held: list[nn.Parameter], settings: Settings) -> Group:
    arena = Arena(held)
    if key[0] == "muon":
        rows, columns = key[1:]
        assert isinstance(rows, int)
        assert isinstance(columns, int)
        muon = Muon(arena, (rows, columns))
        return Group(muon, settings.muon_lr, settings.weight_decay, arena)
    lr, decays = key[1:]
    assert isinstance(lr, float)
    decay = settings.weight_decay if decays else 0.0
    return Group(AdamW(arena), settings.lr_multiplier * lr, decay, arena)
