"""Closed loops on planted laws: what a whole spend buys, and do loops end too soon?

Each loop is `autotune study`'s own: rounds of decisions until there is a reason to stop, with a law
of the catalogue and noise between seeds in place of training. The target is thirty times the
largest run allowed, the spend three times that run. Every surface has a loop that may end for want
of a promise (decision 027) and one that spends everything. What --settle would end is read off the
rounds: a loop that it ends is the beginning of the same loop without it.

    python benchmarks/study_planted.py [--surfaces 40] [--out results/reference/suggest]

With --out it goes on from the study_planted.csv that it finds there.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from ConfigSpace import ConfigurationSpace, Integer, OrdinalHyperparameter
from evidence import Record, continued, manifest, write_manifest
from suggest import text
from suggest_planted import FITTED, NOISE, TRUTHS, loss

from autotune.errors import AutotuneError
from autotune.fitting.runs import RunTable
from autotune.laws.base import ScalingLaw
from autotune.problem import Constraint, Problem
from autotune.suggestion.finished import finished
from autotune.suggestion.layouts import layouts
from autotune.suggestion.offer import offer
from autotune.suggestion.planned import planned
from autotune.suggestion.rounds import LEAST_GAIN, NO_PROMISE, Aim, Round, decide
from autotune.suggestion.suggest import Suggestion
from autotune.suggestion.target import choices
from autotune.trials import Completed, Outcome, Timing, Trial

LARGEST = 3e20
SPEND, TARGET = 3 * LARGEST, 30 * LARGEST
CHEAPEST = LARGEST / 100
SIZES = [float(int(LARGEST / 1.5e9 / 2 ** (13 - i / 2))) for i in range(18)]
TOKENS = [2.5e8 * 2.0**i for i in range(11)]
AIM = Aim(target=TARGET, spend=SPEND, largest=LARGEST, n=4, wanted=FITTED)
ENDS = {"promise": LEAST_GAIN, "spend": 0.0}
SETTLES = (3e-3, 1e-3, 5e-4)
MOST_ROUNDS = 40
TIMING = Timing(1.0, "w0", 0.0, 1.0)


@cache
def problem() -> Problem:
    """Dense runs of many sizes and lengths, with seeds; nothing trains them."""
    space = ConfigurationSpace(name="planted")
    space.add(OrdinalHyperparameter("n", SIZES), OrdinalHyperparameter("d", TOKENS))
    space.add(Integer("seed", (0, 99)))
    return Problem(
        name="planted",
        summary="Dense runs.",
        space=space,
        objective=_nothing,
        constraints=(Constraint("no very cheap run", lambda c: 6 * c["n"] * c["d"] >= CHEAPEST),),
        law_inputs=lambda columns: {"n_active": columns["n"], "tokens": columns["d"]},
    )


def _nothing(config: object) -> float:
    raise NotImplementedError(config)


def trainer(law: ScalingLaw, seed: int) -> Callable[[Mapping[str, float]], Outcome]:
    """What ends a run of a configuration: its loss, with noise of its own seed."""

    def end(config: Mapping[str, float]) -> Outcome:
        n, d = np.array([config["n"]]), np.array([config["d"]])
        rows = [int(np.log2(config["n"]) * 8), int(np.log2(config["d"]) * 8), int(config["seed"])]
        shock = NOISE * np.random.default_rng([seed, *rows]).standard_normal()
        run = planned(n, d, n_total=n, factors={})
        value = float(loss(law, run)[0] * np.exp(shock))
        return Completed(Trial("0-0000", dict(config)), value, TIMING)

    return end


def surface(name: str, seed: int, ends: str) -> list[Record]:
    """One record for each round of a loop that knows a law or more."""
    law, made, outcomes, found = TRUTHS[name], problem(), list[Outcome](), list[Record]()
    offered, aim = offer(made, seed=0), replace(AIM, least_gain=ENDS[ends], seed=seed)
    end = trainer(law, seed)
    for _ in range(MOST_ROUNDS):
        done = finished(made, outcomes)
        try:
            step = decide(made, offered, done, aim)
        except AutotuneError as problem_:
            print(f"{name} {seed} {ends}: {problem_}")
            break
        if step.view is not None and done.runs is not None:
            every = choices(done.runs, layouts(done.runs), TARGET)
            own = {"truth": name, "seed": seed, "ends": ends, "runs": len(outcomes)}
            found.append(own | _spent(done.runs, step) | judged(law, every, step.view))
        if not step.configs:
            break
        outcomes += [end(config) for config in step.configs]
    return found


def _spent(runs: RunTable, step: Round) -> Record:
    return {
        "spent": step.spent / SPEND,
        "largest": float(runs.flops.max()) / LARGEST,
        "why": "" if step.configs else step.why,
    }


def judged(law: ScalingLaw, every: RunTable, view: Suggestion) -> Record:
    """A plan beside the truth."""
    exact = loss(law, every)
    size, own = float(every.n_active[np.argmin(exact)]), float(loss(law, view.best)[0])
    return {
        "band_holds": int(view.band[0] * 0.999 <= size <= view.band[1] * 1.001),
        "band_width": float(np.log10(view.band[1] / view.band[0])),
        "loss_holds": int(view.loss_band[0] <= own <= view.loss_band[1]),
        "regret": own - float(exact.min()),
        "regret_expected": view.regret,
    }


def last_rounds(found: Sequence[Record], settle: float) -> list[Record]:
    """Of each loop the round that it ends in when it may end at an expected regret."""
    loops: dict[tuple[object, ...], Record] = {}
    for row in found:
        key = (row["truth"], row["seed"], row["ends"])
        if key not in loops or float(loops[key]["regret_expected"]) >= settle:
            loops[key] = row
    return list(loops.values())


def summary(found: Sequence[Record]) -> list[Record]:
    """Where loops end, by what may end them."""
    rows: list[Record] = []
    for ends in ENDS:
        own = [r for r in found if r["ends"] == ends]
        if own:
            rows += [_summed(last_rounds(own, each), ends, each) for each in (0.0, *SETTLES)]
    return rows


def _summed(last: Sequence[Record], ends: str, settle: float) -> Record:
    column = {
        k: np.array([float(r[k]) for r in last])
        for k in ("spent", "largest", "regret", "regret_expected", "band_holds", "loss_holds")
    }
    by_settle = column["regret_expected"] < settle
    too_soon = by_settle & (column["regret"] > settle)
    return {
        "ends": ends,
        "settle": settle,
        "loops": len(last),
        "settled": int(by_settle.sum()),
        "too_soon": int(too_soon.sum()),
        "no_promise": sum(str(r["why"]) == NO_PROMISE for r in last),
        **{f"above_{each:g}": int((column["regret"] > each).sum()) for each in SETTLES},
        "spent": float(column["spent"].mean()),
        "largest": float(column["largest"].mean()),
        "band_holds": float(column["band_holds"].mean()),
        "loss_holds": float(column["loss_holds"].mean()),
        "median_regret": float(np.median(column["regret"])),
        "mean_regret": float(column["regret"].mean()),
        "worst_regret": float(column["regret"].max()),
        "mean_expected": float(column["regret_expected"].mean()),
    }


def main() -> None:
    """Print where loops end; write all rounds with --out."""
    parser = argparse.ArgumentParser(description="Closed loops on planted laws.")
    parser.add_argument("--surfaces", type=int, default=40)
    parser.add_argument("--ends", default=",".join(ENDS), help="what may end a loop")
    parser.add_argument("--out", type=Path, help="folder for study_planted.csv and its manifest")
    arguments = parser.parse_args()
    made_by = manifest(target=TARGET, spend=SPEND, largest=LARGEST, noise=NOISE)
    names, kept = list(TRUTHS), arguments.out / "study_planted.csv" if arguments.out else None
    loops = (
        (names[i % len(names)], i // len(names), ends)
        for i in range(arguments.surfaces)
        for ends in arguments.ends.split(",")
    )
    found = continued(kept, loops, by=("truth", "seed", "ends"), make=surface)
    rows = summary(found)
    print(text(rows))
    if arguments.out:
        (arguments.out / "study_planted.txt").write_text(text(rows) + "\n")
        write_manifest(arguments.out / "study_planted_manifest.json", made_by)


if __name__ == "__main__":
    main()
