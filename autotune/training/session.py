"""A model with its optimizers on a device: one step, one evaluation, and all of its state."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from autotune.training import device, size
from autotune.training.balance import BIAS, Balance
from autotune.training.build import build
from autotune.training.corpus import Corpus
from autotune.training.initial import initialise
from autotune.training.lean import Lean, covers
from autotune.training.optimizers import Optimizers
from autotune.training.result import Size
from autotune.training.run import TrainingRun
from autotune.training.settings import Settings


@dataclass(frozen=True, slots=True)
class Validation:
    """What the validation windows say.

    Attributes:
        loss: Nats per token.
        expert_load: Tokens of each expert of each layer over the layer's mean.
    """

    loss: float
    expert_load: tuple[tuple[float, ...], ...]


class Session:
    """Everything of a run that lives on the device.

    Attributes:
        size: What is trained.
        notes: What to know of it before its numbers are used.
        settings: Resolved.
        device: Where.
        micro: Parts that a batch is computed in; their gradients add up.
    """

    def __init__(self, run: TrainingRun, corpus: Corpus) -> None:
        self.device = device.prepare(run.device)
        context = run.settings.context
        module = build(run.model, vocabulary=corpus.vocabulary, context=context)
        initialise(module, seed=run.seed)
        shape = run.model.with_vocabulary(corpus.vocabulary).architecture
        self.size: Size = (
            size.of_module(module, context=context)
            if shape is None
            else size.of_architecture(shape, context=context)
        )
        note = size.untold(module) if shape is None else None
        self.notes: tuple[str, ...] = () if note is None else (note,)
        self.settings: Settings = run.settings.resolved(run.tokens, self.size.n_params)
        self._module = module.to(self.device).train()
        self._balance = Balance(module, weight=self.settings.balance)
        self._optimizers = Optimizers(module, self.settings)
        compiled = run.compile if run.compile is not None else run.device == "cuda"
        lean = not compiled and run.device == "cpu" and covers(module.inner)
        self._model = Lean(module.inner) if lean else torch.compile(module) if compiled else module
        self.micro = 1

    def step(self, ids: NDArray[np.int64], factor: float) -> tuple[Tensor, Tensor]:
        """Train on one batch.

        Args:
            ids: Shape (sequences, context + 1).
            factor: Share of the full learning rate.

        Returns:
            Mean loss in nats per token and norm of the gradient, one element each.
        """
        losses = []
        for part in torch.from_numpy(ids).to(self.device).chunk(self.micro):
            loss = self._loss(part)
            extra = self._balance.loss()
            share = len(part) / len(ids)
            whole: Any = (loss if extra is None else loss + extra) * share
            whole.backward()
            losses.append(loss.detach() * share)
            self._balance.adjust()
            self._balance.clear()
        norm = self._optimizers.step(factor)
        self._optimizers.clear()
        return torch.stack(losses).sum(), norm

    def validate(self, windows: NDArray[np.int64]) -> Validation:
        """The loss on windows, shape (n, context + 1), and how even the experts' load is."""
        total, counts = 0.0, None
        with torch.no_grad():
            each = max(1, (self.settings.sequences or 1) // self.micro)
            for part in _parts(windows, each):
                total += float(self._loss(part.to(self.device))) * len(part)
                seen = self._balance.counts()
                if seen is not None:
                    counts = seen if counts is None else counts + seen
                self._balance.clear()
        load = [] if counts is None else (counts / counts.mean(1, keepdim=True)).tolist()
        return Validation(total / len(windows), tuple(tuple(row) for row in load))

    def _loss(self, ids: Tensor) -> Tensor:
        with device.precision(self.device):
            logits = self._model(ids[:, :-1])
        flat = logits.reshape(-1, logits.shape[-1]).float()
        return functional.cross_entropy(flat, ids[:, 1:].reshape(-1))

    def tensors(self) -> dict[str, Tensor]:
        """All that training changes; views, not copies."""
        biases = {n: b for n, b in self._module.named_buffers() if n.endswith(BIAS)}
        return self._optimizers.state() | biases

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Take the state of `tensors`, of this session or of an equal one."""
        with torch.no_grad():
            for name, mine in self.tensors().items():
                mine.copy_(tensors[name])

    def forget(self) -> None:
        """Drop what a step that failed left behind."""
        self._optimizers.clear()
        self._balance.clear()


def _parts(windows: NDArray[np.int64], size: int) -> Iterator[Tensor]:
    for start in range(0, len(windows), size):
        yield torch.from_numpy(windows[start : start + size])
