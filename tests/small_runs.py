"""Tiny runs that several tests share: a corpus of a few words, and models of a few widths."""

from dataclasses import replace

import numpy as np

from autotune.training.corpus import Corpus
from autotune.training.model_spec import of_architecture, of_builder
from autotune.training.run import TrainingRun
from autotune.training.settings import Settings
from autotune.training.small_shape import Mixture, of_widths

WORDS = ["loss ", "falls ", "with ", "tokens, ", "and ", "flops.\n", "experts ", "share "]
SETTINGS = Settings(context=16, sequences=4, windows=16)
OWN = '''
import torch
class Model(torch.nn.Module):
    """Two matrices between an embedding and a head."""
    def __init__(self, vocabulary):
        super().__init__()
        self.embed = torch.nn.Embedding(vocabulary, 8)
        self.up_proj = torch.nn.Linear(8, 16, bias=False)
        self.down_proj = torch.nn.Linear(16, 8, bias=False)
        self.lm_head = torch.nn.Linear(8, vocabulary, bias=False)
    def forward(self, ids):
        {first}
        x = self.embed(ids)
        return self.lm_head(x + self.down_proj(torch.relu(self.up_proj(x))))
def build(vocabulary, context):
    return Model(vocabulary)
'''


def corpus(size=20_000):
    words = np.random.default_rng(0).choice(WORDS, size=size)
    text = np.frombuffer("".join(words).encode(), np.uint8)
    return Corpus(
        name="words", fingerprint="0" * 16, vocabulary=128, train=text[: size // 2],
        validation=text[size // 2 : size], bytes_per_token=1.0,
    )  # fmt: skip


def own(folder, first="pass", **changes):
    """A run of a model that a file builds; `first` is the first line of its forward pass."""
    path = folder / "own.py"
    path.write_text(OWN.format(first=first))
    run = TrainingRun(model=of_builder(f"{path}:build"), tokens=(2000.0, 4000.0), settings=SETTINGS)
    return replace(run, **changes)


def dense(**changes):
    run = TrainingRun(
        model=of_architecture(of_widths(8, 1)), tokens=(2000.0, 4000.0), settings=SETTINGS
    )
    return replace(run, **changes)


def sparse(*, bias=False, **changes):
    model = of_widths(8, 1, mixture=Mixture(n_experts=4, bias=bias))
    return dense(model=of_architecture(model), **changes)
