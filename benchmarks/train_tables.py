"""Tables of benchmarks/train.py, from the rows of its log."""

import math
import statistics
from collections.abc import Iterator, Sequence

from evidence import Record
from train_log import Row
from train_losses import (
    ALONE,
    BRANCHED,
    BUDGETS,
    FLOPS,
    KINDS,
    OURS,
    SECONDS,
    SIZES,
    SPARSE,
    TOOLS,
    TRUNK,
)
from train_shapes import shape_of

from autotune.training.small_shape import size


def kept(rows: Sequence[Row], part: str, shape: str, tool: str = OURS) -> list[Row]:
    """The rows of a cell: of a peer, those of the rate that has most seeds and the least loss."""
    found = [row for row in rows if (row.part, row.shape, row.tool) == (part, shape, tool)]
    by_rate: dict[float, list[Row]] = {}
    for row in found:
        by_rate.setdefault(row.lr, []).append(row)
    return max(by_rate.values(), key=lambda each: (len(each), -each[0].loss), default=[])


def moments(rows: Sequence[Row]) -> tuple[float, float, float]:
    """Mean loss, standard deviation over seeds, standard error of the mean."""
    losses = [row.loss for row in rows]
    sd = statistics.stdev(losses) if len(losses) > 1 else math.nan
    return statistics.mean(losses), sd, sd / math.sqrt(len(losses))


def seed_noise(rows: Sequence[Row]) -> Iterator[Record]:
    """How much our runs differ by seed alone."""
    for shape in KINDS:
        found = kept(rows, FLOPS, shape)
        if found:
            mean, sd, se = moments(found)
            yield {
                "shape": shape, "n_active": size(shape_of(shape)), "tokens": found[0].tokens,
                "seeds": len(found), "loss": mean, "sd": sd, "se": se,
            }  # fmt: skip


def against(rows: Sequence[Row]) -> Iterator[Record]:
    """Every tool's loss at equal FLOPs, and how far it is above ours."""
    for shape in KINDS:
        ours = kept(rows, FLOPS, shape)
        for tool in TOOLS:
            found = kept(rows, FLOPS, shape, tool)
            if found and ours:
                mean, sd, se = moments(found)
                least, _, our_se = moments(ours)
                yield {
                    "shape": shape, "tool": tool, "lr": found[0].lr, "seeds": len(found),
                    "loss": mean, "sd": sd, "above_ours": mean - least,
                    "se_of_it": math.hypot(se, our_se) if tool != OURS else math.nan,
                }  # fmt: skip


def experts(rows: Sequence[Row]) -> Iterator[Record]:
    """A mixture of experts beside the dense model of its active size."""
    for shape in SIZES:
        sparse = kept(rows, FLOPS, shape + SPARSE)
        for part in (FLOPS, SECONDS):
            dense = kept(rows, part, shape)
            if dense and sparse:
                (mean, _, se), (other, _, other_se) = moments(dense), moments(sparse)
                yield {
                    "shape": shape, "at": part, "seeds": min(len(dense), len(sparse)),
                    "dense_tokens": dense[0].tokens, "sparse_tokens": sparse[0].tokens,
                    "dense_loss": mean, "sparse_loss": other, "sparse_above_dense": other - mean,
                    "se": math.hypot(se, other_se),
                    "dense_step_ms": statistics.median(row.step_ms for row in dense),
                    "sparse_step_ms": statistics.median(row.step_ms for row in sparse),
                }  # fmt: skip


def branches(rows: Sequence[Row]) -> Iterator[Record]:
    """Each budget's loss on a trunk beside a run of its own."""
    trunk, alone = (_by_budget(kept(rows, part, BRANCHED)) for part in (TRUNK, ALONE))
    for steps in BUDGETS:
        pairs = [(trunk[key], alone[key]) for key in trunk if key in alone and key[1] == steps]
        if pairs:
            off = [shared.loss - single.loss for shared, single in pairs]
            mean, sd, _ = moments([single for _, single in pairs])
            yield {
                "shape": BRANCHED, "tokens": pairs[0][0].tokens, "seeds": len(pairs),
                "loss_alone": mean, "sd_of_seeds": sd, "trunk_above_alone": statistics.mean(off),
                "most_of_it": max(map(abs, off)),
            }  # fmt: skip


def branch_cost(rows: Sequence[Row]) -> Iterator[Record]:
    """What all budgets cost on one trunk and as runs of their own, by seed."""
    trunk, alone = (_by_budget(kept(rows, part, BRANCHED)) for part in (TRUNK, ALONE))
    for seed in sorted({seed for seed, _ in trunk}):
        keys = [(seed, steps) for steps in BUDGETS]
        if all(key in trunk and key in alone for key in keys):
            flops = [sum(part[key].flops for key in keys) for part in (trunk, alone)]
            seconds = [sum(part[key].cpu_seconds for key in keys) for part in (trunk, alone)]
            yield {
                "shape": BRANCHED, "seed": seed, "trunk_flops": flops[0], "alone_flops": flops[1],
                "flops_saving": flops[1] / flops[0], "trunk_cpu_seconds": seconds[0],
                "alone_cpu_seconds": seconds[1], "cpu_saving": seconds[1] / seconds[0],
            }  # fmt: skip


def _by_budget(rows: Sequence[Row]) -> dict[tuple[int, int], Row]:
    return {(row.seed, row.budget): row for row in rows}


TABLES = {
    "seed_noise.csv": seed_noise,
    "loss.csv": against,
    "moe.csv": experts,
    "branches.csv": branches,
    "branch_cost.csv": branch_cost,
}
