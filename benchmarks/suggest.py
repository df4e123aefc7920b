"""Which runs to buy: policies replayed on recorded grids, scored where compute is largest.

Of each table the runs near the largest budgets are hidden, in groups of like compute. A policy
starts with a few cheap runs and may buy others that cost several times less than the hidden ones,
each at most once, until its spend is gone. Then the same belief is made from
what it has. The score: in each hidden group the loss of the run that is expected to be best above
the least loss (regret, nats per token), and the error of predicted log losses.

    python benchmarks/suggest.py [--sets ...] [--seeds 50] [--out results/reference/suggest]

With --out it goes on from the runs.csv that it finds there. Tables are fetched, or taken from the
folder that AUTOTUNE_DATA names.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from evidence import Record, manifest, read, write, write_manifest
from numpy.typing import NDArray

from autotune.cli.console import table as lay_out
from autotune.cli.open_runs import load
from autotune.errors import AutotuneError
from autotune.fitting.candidates import Wanted
from autotune.fitting.runs import RunTable
from autotune.suggestion.belief import Belief, believe
from autotune.suggestion.greedy import Purse, d_optimal, greedy, regret_fall
from autotune.suggestion.layouts import layouts
from autotune.suggestion.outlook import outlook
from autotune.suggestion.suggest import Design, planned_design, tokens_per_param
from autotune.suggestion.target import choices
from autotune.types import Floats

LIKE = 1.25
"""The largest ratio of compute within a hidden group."""

FIRST = 10
ROUNDS, ROUND = 4, 8
SPENDS = (0.5, 1.0)
SHARE = 0.25
"""The full spend, as a share of the cost of all runs that can be bought."""

POLICIES: tuple[Design, ...] = ("regret", "d-optimal", "isoflop", "ladder", "random", "largest")
DENSE = Wanted(forms=("hoffmann", "interaction"), n=("active",), sparsity=("param",))
SPARSE = Wanted(
    forms=("hoffmann", "generalized", "interaction"), n=("active",), sparsity=("param",)
)


@dataclass(frozen=True, slots=True)
class Grid:
    """A public table to replay.

    Attributes:
        data: Its name.
        where: The rows kept.
        laws: What every policy may fit.
        groups: How many hidden groups there are.
        members: Fewest sizes in a hidden group.
        below: How many times cheaper than any hidden run those are that can be bought.
    """

    data: str
    where: str
    laws: Wanted
    groups: int
    members: int
    below: float


SETS: Mapping[str, Grid] = {
    "chinchilla_epoch": Grid("chinchilla_epoch", "besiroglu_outlier == 0", DENSE, 2, 6, 8.0),
    "gadre2024_c4": Grid("gadre2024_c4", "", DENSE, 2, 3, 1.5),
    "joint_moe_part": Grid("joint_moe_part", "", SPARSE, 3, 3, 4.0),
}


@dataclass(frozen=True, slots=True)
class Replay:
    """A table divided.

    Attributes:
        bought: Runs that can be bought.
        hidden: Groups of hidden runs, largest compute first.
        laws: What may be fitted.
        beliefs: Those made so far, by seed and runs: policies often have the same.
    """

    bought: RunTable
    hidden: tuple[RunTable, ...]
    laws: Wanted
    beliefs: dict[tuple[int, tuple[int, ...]], Belief] = field(default_factory=dict)

    @property
    def target(self) -> float:
        """The budget that is planned for."""
        return float(np.median(self.hidden[0].flops))

    @property
    def spend(self) -> float:
        """The full spend."""
        return SHARE * float(self.bought.flops.sum())


def replay(grid: Grid) -> Replay:
    """Hide the groups of enough sizes at the largest compute."""
    runs = load(grid.data, where=grid.where).table
    free = np.argsort(-runs.flops, kind="stable")
    hidden: list[RunTable] = []
    while len(free) and len(hidden) < grid.groups:
        group = free[runs.flops[free] * LIKE >= runs.flops[free[0]]]
        if len(np.unique(runs.n_active[group])) >= grid.members:
            hidden.append(runs.take(group))
            free = free[len(group) :]
        else:
            free = free[1:]
    most = min(float(each.flops.min()) for each in hidden) / grid.below
    return Replay(runs.take(np.flatnonzero(runs.flops <= most)), tuple(hidden), grid.laws)


def buy(one: Replay, policy: Design, *, seed: int) -> dict[float, NDArray[np.int64]]:
    """Indices of the runs a policy has at each share of the spend, the first ones included."""
    rng = np.random.default_rng(seed)
    cheap = np.argsort(one.bought.flops, kind="stable")[: max(FIRST + 4, len(one.bought) // 2)]
    have = rng.permutation(cheap)[:FIRST]
    if policy in ("regret", "d-optimal"):
        return _in_rounds(one, policy, have=have, seed=seed)
    rest = np.setdiff1d(np.arange(len(one.bought)), have)
    offered = one.bought.take(rest)
    return {
        part: np.concatenate(
            [have, rest[planned_design(offered, part * one.spend, design=policy, seed=seed)]]
        )
        for part in SPENDS
    }


def _in_rounds(
    one: Replay, policy: Design, *, have: NDArray[np.int64], seed: int
) -> dict[float, NDArray[np.int64]]:
    """Buy a few runs at a time, and learn from each round."""
    criterion = regret_fall if policy == "regret" else d_optimal
    found, left = {}, 0.0
    for step in range(1, ROUNDS + 1):
        left += one.spend / ROUNDS
        belief = _believe(one, have, seed)
        rest = np.setdiff1d(_usual(one.bought, belief), have)
        offered = one.bought.take(rest)
        if len(rest) and offered.flops.min() <= left:
            state = outlook(belief, offered, seed=seed + step)
            purse = Purse(left, ROUND)
            picks = greedy(state, offered.flops, purse, criterion=criterion, once=True)
            left -= float(offered.flops[picks].sum())
            have = np.concatenate([have, rest[picks]])
        found[step / ROUNDS] = have
    return {part: found[part] for part in SPENDS}


def _usual(runs: RunTable, belief: Belief) -> NDArray[np.int64]:
    """The runs that `autotune suggest` would offer by its own limits."""
    low, high = tokens_per_param(belief)
    ratio = runs.tokens / runs.n_active
    return np.flatnonzero((ratio >= low) & (ratio <= high))


def _believe(one: Replay, have: NDArray[np.int64], seed: int) -> Belief:
    key = (seed, tuple(sorted(have.tolist())))
    if key not in one.beliefs:
        table = one.bought.take(np.sort(have))
        every = choices(table, layouts(one.bought), one.target)
        one.beliefs[key] = believe(table, every, wanted=one.laws, seed=seed)
    return one.beliefs[key]


def score(one: Replay, have: NDArray[np.int64], *, seed: int) -> tuple[float, float]:
    """Mean regret over the hidden groups, and the error of predicted log losses."""
    belief = _believe(one, have, seed)
    regrets, errors = [], []
    for group in one.hidden:
        predicted = _expected(belief, group)
        regrets.append(float(group.loss[np.argmin(predicted)] - group.loss.min()))
        errors.append(predicted - np.log(group.loss))
    return float(np.mean(regrets)), float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))


def _expected(belief: Belief, group: RunTable) -> Floats:
    means = [np.nanmean(view.posterior.log_loss(group), axis=0) for view in belief.views]
    return np.asarray(belief.weights @ np.stack(means))


def records(one: Replay, name: str, seed: int, *, policies: Sequence[Design]) -> list[Record]:
    """One record for each policy and spend."""
    found: list[Record] = []
    for policy in policies:
        start = time.process_time()
        bought = buy(one, policy, seed=seed)
        deciding = time.process_time() - start
        for part, have in bought.items():
            try:
                regret, error = score(one, have, seed=seed)
            except AutotuneError as problem:
                print(f"{name} {policy} {part} {seed}: {problem}", file=sys.stderr)
                continue
            found.append(
                {
                    "table": name,
                    "policy": policy,
                    "spend": part,
                    "seed": seed,
                    "spent": float(one.bought.flops[have[FIRST:]].sum()) / one.spend,
                    "runs": len(have) - FIRST,
                    "regret": regret,
                    "log_error": error,
                    "cpu_seconds": deciding,
                }
            )
    return found


def summary(found: Sequence[Record]) -> list[Record]:
    """Medians and quartiles over the seeds."""
    rows: list[Record] = []
    keys = dict.fromkeys((r["table"], r["policy"], r["spend"]) for r in found)
    for table, policy, part in keys:
        own = [r for r in found if (r["table"], r["policy"], r["spend"]) == (table, policy, part)]
        regrets = np.array([float(r["regret"]) for r in own])
        errors = np.array([float(r["log_error"]) for r in own])
        rows.append(
            {
                "table": table,
                "policy": policy,
                "spend": part,
                "seeds": len(own),
                "median_regret": float(np.median(regrets)),
                "mean_regret": float(regrets.mean()),
                "upper_quartile_regret": float(np.quantile(regrets, 0.75)),
                "median_log_error": float(np.median(errors)),
                "upper_quartile_log_error": float(np.quantile(errors, 0.75)),
                "median_runs": float(np.median([float(r["runs"]) for r in own])),
                "cpu_seconds": float(np.mean([float(r["cpu_seconds"]) for r in own])),
            }
        )
    return rows


def text(rows: Sequence[Record]) -> str:
    """The table of medians."""
    return lay_out(
        list(rows[0]),
        [[f"{v:.4g}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows],
        left=(0, 1),
    )


def main() -> None:
    """Print the table of medians; write all tables with --out."""
    parser = argparse.ArgumentParser(description="Policies of buying runs, replayed.")
    parser.add_argument("--sets", default=",".join(SETS), help="names, separated by commas")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--out", type=Path, help="folder for runs.csv, summary.csv, manifest.json")
    arguments = parser.parse_args()
    made_by = manifest(first=FIRST, rounds=ROUNDS, round=ROUND, share=SHARE, like=LIKE)
    kept = arguments.out / "runs.csv" if arguments.out else None
    found = read(kept) if kept else []
    done = {(r["table"], r["seed"], r["policy"]) for r in found}
    names = arguments.sets.split(",")
    for seed in range(arguments.seeds):
        for name in names:
            left = [each for each in POLICIES if (name, seed, each) not in done]
            found += records(replay(SETS[name]), name, seed, policies=left) if left else []
            if kept and left:
                kept.parent.mkdir(parents=True, exist_ok=True)
                write(kept, found)
    found.sort(key=lambda r: (names.index(str(r["table"])), r["seed"], POLICIES.index(r["policy"])))
    rows = summary(found)
    print(text(rows))
    if arguments.out:
        write(arguments.out / "runs.csv", found)
        write(arguments.out / "summary.csv", rows)
        (arguments.out / "summary.txt").write_text(text(rows) + "\n")
        write_manifest(arguments.out / "manifest.json", made_by)


if __name__ == "__main__":
    main()
