"""The part of benchmarks/train.py that trains to the end: which runs, in which order.

What is cut off by a limit is the end of the list: first our own runs, which show the noise of
seeds and the gain of experts, then trunks with branches, then the peers.
"""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from train_log import Job, Log, Row
from train_plain import Loop, Plain
from train_plain import validate as validate_plain
from train_shapes import CONTEXT, SIZES, SPARSE, equal_steps, flops_per_token, shape_of

from autotune.training import token_order
from autotune.training.corpus import Corpus
from autotune.training.loop import train
from autotune.training.model_spec import of_architecture
from autotune.training.run import TrainingRun
from autotune.training.settings import Settings
from autotune.training.watch import Watch

OURS, PLAIN, TRAINER = TOOLS = ("autotune", "plain loop", "Trainer")
FLOPS, SECONDS, TRUNK, ALONE = "equal FLOPs", "equal seconds", "trunk", "alone"
SEEDS = range(5)
RATES = (4e-3, 8e-3, 1.6e-2)  # of the peers, tried with seed 0
STEPS = 256  # of a dense model, of one sequence each
WINDOWS = 256
BRANCHED, BUDGETS, BRANCHED_SEEDS = "24x2", (128, 256, 512, 1024), range(3)
KINDS = tuple(name + kind for name in SIZES for kind in ("", SPARSE))


def jobs(log: Log) -> Iterator[Job]:
    """Every run, in order; later ones depend on what the log says of earlier ones."""
    for seed in SEEDS:
        yield from (_equal(name, OURS, seed) for name in KINDS)
    for seed in SEEDS:
        for name in SIZES:
            yield Job(part=SECONDS, shape=name, tool=OURS, seed=seed, steps=(paid(log, name),))
    for seed in BRANCHED_SEEDS:
        yield Job(part=TRUNK, shape=BRANCHED, tool=OURS, seed=seed, steps=BUDGETS)
        for steps in BUDGETS:
            yield Job(part=ALONE, shape=BRANCHED, tool=OURS, seed=seed, steps=(steps,))
    peers = [(name, tool) for name in KINDS for tool in (PLAIN, TRAINER)]
    for lr in RATES:
        yield from (_equal(name, tool, 0, lr=lr) for name, tool in peers)
    for seed in SEEDS[1:]:
        for name, tool in peers:
            yield _equal(name, tool, seed, lr=best_rate(log, name, tool))


def _equal(name: str, tool: str, seed: int, *, lr: float = 1.0) -> Job:
    steps = (equal_steps(name, STEPS),)
    return Job(part=FLOPS, shape=name, tool=tool, seed=seed, steps=steps, lr=lr)


def best_rate(log: Log, name: str, tool: str) -> float:
    """The peer's rate of least loss with seed 0."""
    tried = {
        row.lr: row.loss
        for row in log.rows
        if (row.part, row.shape, row.tool, row.seed) == (FLOPS, name, tool, 0)
    }
    return min(tried, key=tried.__getitem__)


def paid(log: Log, name: str) -> int:
    """Steps of a dense model in the CPU seconds of the sparse one, both measured in turn."""
    times: dict[str, dict[int, float]] = {name: {}, name + SPARSE: {}}
    for row in log.rows:
        if row.part == FLOPS and row.tool == OURS and row.shape in times:
            times[row.shape][row.seed] = row.step_ms
    dense, sparse = times.values()
    ratio = statistics.median(sparse[seed] / dense[seed] for seed in SEEDS)
    return round(ratio * equal_steps(name + SPARSE, STEPS))


def run(job: Job, corpus: Corpus) -> list[Row]:
    """Train; a row for each budget."""
    began = time.process_time()
    rows = []
    for budget, (loss, trained, step_ms) in zip(job.steps, _trained(job, corpus), strict=True):
        now = time.process_time()
        rows.append(
            Row(
                part=job.part, shape=job.shape, tool=job.tool, lr=job.lr, seed=job.seed,
                budget=budget, of=job.steps[-1], tokens=budget * CONTEXT, loss=loss,
                flops=trained * CONTEXT * flops_per_token(job.shape), cpu_seconds=now - began,
                step_ms=step_ms,
            )
        )  # fmt: skip
        began = now
    return rows


def _trained(job: Job, corpus: Corpus) -> Iterator[tuple[float, int, float]]:
    """Of each budget: its loss, the steps that it took, and the median CPU time of one."""
    torch.manual_seed(job.seed)
    if job.tool == OURS:
        yield from _ours(job, corpus)
        return
    windows = token_order.validation_windows(corpus, windows=WINDOWS, context=CONTEXT)
    at = partial(token_order.batch, corpus, seed=job.seed, sequences=1, context=CONTEXT)

    def batches(step: int) -> NDArray[np.int64]:
        return at(step=step)

    shape, (steps,) = shape_of(job.shape), job.steps
    if job.tool == PLAIN:
        model = Plain(shape, corpus.vocabulary, CONTEXT)
        loop = Loop(model, batches, steps=steps, lr=job.lr)
        times = [loop.run(1) for _ in range(steps)]
        loss = validate_plain(model, windows)
    else:
        import train_trainer

        made, times = train_trainer.train(
            shape, batches, steps=steps, sequences=1, lr=job.lr, seed=job.seed
        )
        loss = train_trainer.validate(made, windows)
    yield loss, steps, 1e3 * statistics.median(times)


@dataclass(slots=True)
class Clock:
    """CPU times of steps.

    Attributes:
        last: When the last one ended, None before the first of a budget.
        times: Of the steps since.
        steps: Steps of the budget so far.
    """

    last: float | None = None
    times: list[float] = field(default_factory=list)
    steps: int = 0

    def see(self, _step: int, _steps: int, _loss: float) -> None:
        """Called after each step."""
        now = time.process_time()
        if self.last is not None:
            self.times.append(now - self.last)
        self.last = now
        self.steps += 1


def _ours(job: Job, corpus: Corpus) -> Iterator[tuple[float, int, float]]:
    clock = Clock()
    settings = Settings(context=CONTEXT, sequences=1, windows=WINDOWS)
    made = TrainingRun(
        model=of_architecture(shape_of(job.shape)),
        tokens=tuple(float(steps * CONTEXT) for steps in job.steps),
        seed=job.seed, settings=settings,
    )  # fmt: skip
    for result in train(made, corpus, Watch(see=clock.see)):
        assert result.loss is not None, result.detail
        yield result.loss, clock.steps, 1e3 * statistics.median(clock.times)
        clock.last, clock.times, clock.steps = None, [], 0
