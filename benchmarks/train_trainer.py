"""The other peer of benchmarks/train.py: `transformers.Trainer` on the same shapes and batches."""

import logging
import tempfile
import time
import warnings
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from torch.nn import functional
from train_plain import BETAS, CLIP, DECAY, WARMUP, Batches

from autotune.architecture.shape import Architecture
from autotune.training import hf_config


class Clock(transformers.TrainerCallback):  # type: ignore[misc]
    """CPU seconds at the end of every step."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - transformers' signature
        """Called by Trainer."""
        self.times.append(time.process_time())


class Rows(torch.utils.data.Dataset):  # type: ignore[type-arg]
    """The sequences of the shared batches, in order."""

    def __init__(self, batches: Batches, steps: int, sequences: int) -> None:
        self._batches, self._sequences, self._length = batches, sequences, steps * sequences
        self._held: tuple[int, NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, i: int) -> dict[str, torch.Tensor]:
        step, row = divmod(i, self._sequences)
        if self._held is None or self._held[0] != step:
            self._held = step, self._batches(step)
        ids = torch.from_numpy(self._held[1][row])
        return {"input_ids": ids[:-1], "labels": ids[1:]}


class InOrder(transformers.Trainer):  # type: ignore[misc]
    """Trainer whose labels are shifted already, and whose sequences come in order."""

    def _get_train_sampler(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401
        return torch.utils.data.SequentialSampler(self.train_dataset)

    def compute_loss(self, model: Any, inputs: Any, *_: Any, **__: Any) -> Any:  # noqa: ANN401
        """Cross-entropy, and the family's own auxiliary loss."""
        labels = inputs["labels"]
        out = model(input_ids=inputs["input_ids"], use_cache=False)
        loss = functional.cross_entropy(out.logits.flatten(0, 1), labels.reshape(-1))
        auxiliary = getattr(out, "aux_loss", None)
        return loss if auxiliary is None else loss + 0.01 * auxiliary


def train(
    model: Architecture, batches: Batches, *, steps: int, sequences: int, lr: float, seed: int
) -> tuple[Any, list[float]]:
    """Train; return the model, and the CPU seconds of every step after the first."""
    transformers.set_seed(seed)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    config: dict[str, Any] = hf_config.config(model)
    family = config.pop("model_type")
    sparse = {"output_router_logits": True} if model.experts else {}
    made = transformers.AutoModelForCausalLM.from_config(
        transformers.AutoConfig.for_model(family, **config, **sparse)
    )
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arguments = transformers.TrainingArguments(
            output_dir=folder, max_steps=steps, per_device_train_batch_size=sequences,
            learning_rate=lr, lr_scheduler_type="cosine", warmup_steps=round(WARMUP * steps),
            adam_beta1=BETAS[0], adam_beta2=BETAS[1], weight_decay=DECAY, max_grad_norm=CLIP,
            optim="adamw_torch_fused", use_cpu=True, report_to=[], disable_tqdm=True,
            logging_strategy="no", save_strategy="no", remove_unused_columns=False,
            dataloader_pin_memory=False,
        )  # fmt: skip
        rows = Rows(batches, steps, sequences)
        InOrder(model=made, args=arguments, train_dataset=rows, callbacks=[clock]).train()
    return made, np.diff(clock.times).tolist()


def validate(model: Any, windows: NDArray[np.int64], *, sequences: int = 16) -> float:  # noqa: ANN401
    """Nats per token on windows."""
    total = 0.0
    with torch.no_grad():
        for start in range(0, len(windows), sequences):
            part = torch.from_numpy(windows[start : start + sequences])
            logits = model(input_ids=part[:, :-1], use_cache=False).logits
            loss = functional.cross_entropy(logits.flatten(0, 1), part[:, 1:].reshape(-1))
            total += float(loss) * len(part)
    return total / len(windows)
