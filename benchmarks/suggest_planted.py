"""Suggested runs on planted laws: are promised bands kept, and what does it cost to settle a plan?

Each surface is a law of the catalogue with noise between seeds. A study starts with small runs and
trains what is suggested for a few rounds. The truth is known, so: how often does the band of best
sizes hold it, and the interval the loss; how does expected regret compare with actual; what was
spent until the expected regret fell below `SETTLED`. The laws that are fitted are three dense ones,
so some truths are none of them (misspecification), the runs' law in `kaplan2020` for one.

    python benchmarks/suggest_planted.py [--surfaces 200] [--out results/reference/suggest]

With --out it goes on from the planted.csv that it finds there.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from evidence import Record, continued, manifest, write_manifest
from planted import PLANTED
from suggest import text

from autotune.errors import AutotuneError
from autotune.fitting.candidates import Wanted
from autotune.fitting.runs import RunTable
from autotune.laws.base import ScalingLaw
from autotune.laws.catalogue import PRESETS
from autotune.suggestion.belief import believe
from autotune.suggestion.grid import candidates
from autotune.suggestion.layouts import layouts
from autotune.suggestion.limits import Limits
from autotune.suggestion.planned import planned
from autotune.suggestion.regret import LEVEL
from autotune.suggestion.suggest import Suggestion, suggest, tokens_per_param
from autotune.suggestion.target import choices
from autotune.types import Floats

TARGET, SPEND, FIRST, ROUNDS, RUNS = 1e23, 1e21, 12, 3, 5
NOISE = 0.004
SETTLED = 5e-4
FITTED = Wanted(forms=("hoffmann", "kaplan", "interaction"))
TRUTHS: Mapping[str, ScalingLaw] = {
    "hoffmann2022": PRESETS["hoffmann2022"],
    "besiroglu2024": PRESETS["besiroglu2024"],
    "kaplan2020": PRESETS["kaplan2020"],
    "interaction": PLANTED["interaction"],
    "ludziejewski2025 (dense)": PRESETS["ludziejewski2025"],
}


def loss(law: ScalingLaw, runs: RunTable) -> Floats:
    """What a law says of dense runs."""
    factors = dict.fromkeys(law.factors, 1.0)
    return law.loss(runs.n_active, runs.tokens, **factors)


def trained(law: ScalingLaw, runs: RunTable, rng: np.random.Generator) -> RunTable:
    """The runs with losses of their own seeds."""
    shock = np.exp(NOISE * rng.standard_normal(len(runs)))
    return replace(runs, loss=loss(law, runs) * shock)


def first(rng: np.random.Generator) -> RunTable:
    """Small runs at random: up to 1e20 FLOPs, 5 to 200 tokens per parameter."""
    flops = 10 ** rng.uniform(18, 20, FIRST)
    n_active = np.sqrt(flops / (6 * 10 ** rng.uniform(0.7, 2.3, FIRST)))
    return planned(n_active, flops / (6 * n_active), n_total=n_active, factors={})


def joined(one: RunTable, other: RunTable) -> RunTable:
    """Both tables, dense."""
    n = np.concatenate([one.n_active, other.n_active])
    d = np.concatenate([one.tokens, other.tokens])
    made = planned(n, d, n_total=n, factors={})
    return replace(made, loss=np.concatenate([one.loss, other.loss]))


def surface(name: str, seed: int) -> list[Record]:
    """One record for each round of a study of one surface."""
    law, rng = TRUTHS[name], np.random.default_rng(seed)
    table, spent, found = trained(law, first(rng), rng), 0.0, []
    for step in range(ROUNDS + 1):
        kinds = layouts(table)
        every = choices(table, kinds, TARGET)
        try:
            belief = believe(table, every, wanted=FITTED, seed=seed)
        except AutotuneError as problem:
            print(f"{name} {seed}: {problem}")
            break
        ratios = tokens_per_param(belief)
        limits = Limits(smallest=1e18, largest=SPEND / ROUNDS, tokens_per_param=ratios)
        offered = candidates(table, kinds, limits)
        view = suggest(belief, offered, spend=SPEND / ROUNDS, n=RUNS, seed=seed)
        found.append(
            {"truth": name, "seed": seed, "round": step, "spent": spent} | judged(law, every, view)
        )
        table = joined(table, trained(law, view.runs, rng))
        spent += view.spent
    return found


def judged(law: ScalingLaw, every: RunTable, view: Suggestion) -> Record:
    """A suggestion beside the truth."""
    exact = loss(law, every)
    size, own = float(every.n_active[np.argmin(exact)]), float(loss(law, view.best)[0])
    return {
        "band_holds": int(view.band[0] * 0.999 <= size <= view.band[1] * 1.001),
        "band_width": float(np.log10(view.band[1] / view.band[0])),
        "width_promised": float(np.log10(view.band_after[1] / view.band_after[0])),
        "loss_holds": int(view.loss_band[0] <= own <= view.loss_band[1]),
        "regret": own - float(exact.min()),
        "regret_expected": view.regret,
        "regret_promised": view.regret_after,
        "settled": int(view.regret <= SETTLED),
    }


def summary(found: Sequence[Record]) -> list[Record]:
    """Shares and medians by truth and round."""
    rows: list[Record] = []
    for name in [*TRUTHS, "all"]:
        for step in range(ROUNDS + 1):
            own = [r for r in found if r["round"] == step and name in (r["truth"], "all")]
            if not own:
                continue
            column = {
                key: np.array([float(r[key]) for r in own]) for key in own[0] if key != "truth"
            }
            rows.append(
                {
                    "truth": name,
                    "round": step,
                    "surfaces": len(own),
                    "level": LEVEL,
                    "band_holds": float(column["band_holds"].mean()),
                    "loss_holds": float(column["loss_holds"].mean()),
                    "settled": float(column["settled"].mean()),
                    **{
                        key: float(np.median(column[key]))
                        for key in (
                            *("spent", "band_width", "width_promised"),
                            *("regret", "regret_expected", "regret_promised"),
                        )
                    },
                }
            )
    return rows


def main() -> None:
    """Print shares and medians; write all rounds with --out."""
    parser = argparse.ArgumentParser(description="Suggested runs on planted laws.")
    parser.add_argument("--surfaces", type=int, default=200)
    parser.add_argument("--out", type=Path, help="folder for planted*.csv and their manifest")
    arguments = parser.parse_args()
    made_by = manifest(target=TARGET, spend=SPEND, noise=NOISE, settled=SETTLED, first=FIRST)
    names, kept = list(TRUTHS), arguments.out / "planted.csv" if arguments.out else None
    surfaces = ((names[i % len(names)], i // len(names)) for i in range(arguments.surfaces))
    found = continued(kept, surfaces, by=("truth", "seed"), make=surface)
    rows = summary(found)
    print(text(rows))
    if arguments.out:
        (arguments.out / "planted.txt").write_text(text(rows) + "\n")
        write_manifest(arguments.out / "planted_manifest.json", made_by)


if __name__ == "__main__":
    main()
