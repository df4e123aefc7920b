"""The part of benchmarks/train.py that measures tokens per CPU second."""

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from evidence import Record
from numpy.typing import NDArray
from train_plain import Loop, Plain
from train_shapes import CONTEXT, SPEED, shape_of

from autotune.training import token_order
from autotune.training.corpus import Corpus
from autotune.training.model_spec import of_architecture
from autotune.training.run import TrainingRun
from autotune.training.session import Session
from autotune.training.settings import Settings

SEQUENCES = 4
BLOCKS, STEPS, WARM = 5, 10, 5


def speed(corpus: Corpus) -> list[Record]:
    """Tokens per CPU second of every shape and tool."""
    records: list[Record] = []
    for name in SPEED:
        rates = _rates(name, corpus)
        ours = statistics.median(rates["autotune"])
        for tool, found in rates.items():
            middle = statistics.median(found)
            records.append(
                {"shape": name, "tool": tool, "tokens_per_cpu_second": middle,
                 "least": min(found), "most": max(found), "ours_over_it": ours / middle}
            )  # fmt: skip
            print(*records[-1].values(), flush=True)
    return records


def _rates(name: str, corpus: Corpus) -> dict[str, list[float]]:
    """Blocks of steps of each tool in turn, so that a busy moment meets all of them."""
    import train_trainer

    shape = shape_of(name)
    at = partial(token_order.batch, corpus, seed=0, sequences=SEQUENCES, context=CONTEXT)

    def batches(step: int) -> NDArray[np.int64]:
        return at(step=step)

    run = TrainingRun(
        model=of_architecture(shape), tokens=(1e6,),
        settings=Settings(context=CONTEXT, sequences=SEQUENCES),
    )  # fmt: skip
    session = Session(run, corpus)
    plain = Loop(Plain(shape, corpus.vocabulary, CONTEXT), batches, steps=1000, lr=1e-3)
    rates: dict[str, list[float]] = {"autotune": [], "plain loop": [], "Trainer": []}
    _ours(session, batches, WARM), plain.run(WARM)
    tokens = SEQUENCES * CONTEXT
    for _ in range(BLOCKS):
        rates["autotune"].append(tokens * STEPS / _ours(session, batches, STEPS))
        rates["plain loop"].append(tokens * STEPS / plain.run(STEPS))
        _, seconds = train_trainer.train(
            shape, batches, steps=STEPS + WARM, sequences=SEQUENCES, lr=1e-3, seed=0
        )
        rates["Trainer"].append(tokens / statistics.mean(seconds[WARM - 1 :]))
    return rates


def _ours(session: Session, batches: Callable[[int], NDArray[np.int64]], steps: int) -> float:
    began = time.process_time()
    for step in range(steps):
        loss, norm = session.step(batches(step), 1.0)
        float(loss), float(norm)
    return time.process_time() - began
