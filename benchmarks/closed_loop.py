"""The closed loop for real: a study of small runs, and the plan trained beside two neighbours.

`autotune study` learns from runs that cost at most a thirtieth of a target budget each, and at most
three times the largest of them in all. Then the size it recommends is trained at the target, and
sizes half and twice as large, and what was predicted is set beside what is measured.

    python benchmarks/closed_loop.py [--storage DIR] [--out results/reference/closed_loop]
    python benchmarks/closed_loop.py --refit LOSSES TARGET

Continues a study that it finds in --storage, and a target.csv in --out. Needs the extra `train`;
15 CPU minutes. --refit trains nothing: it predicts recorded runs at the target (a target.csv)
from recorded losses (a runs.csv) with today's code, once with every line as an observation, and
once with equal lines as one where there are any.
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from evidence import Record, manifest, read, write, write_manifest

from autotune import problem_file
from autotune.cli import study_run, study_view
from autotune.cli.console import table as lay_out
from autotune.cli.tune_run import Limits, Place
from autotune.derived import Known
from autotune.fitting.candidates import Wanted
from autotune.fitting.runs import RunTable
from autotune.problem import Problem
from autotune.store.storage import FolderStorage
from autotune.suggestion.belief import Belief, believe
from autotune.suggestion.finished import finished
from autotune.suggestion.layouts import layouts
from autotune.suggestion.long_run import NEAR
from autotune.suggestion.offer import costs
from autotune.suggestion.planned import planned
from autotune.suggestion.regret import LEVEL
from autotune.suggestion.rounds import Aim
from autotune.suggestion.suggest import now_of
from autotune.suggestion.target import choices

LARGEST = 4e10
TARGET = 30 * LARGEST
SPEND = 3 * NEAR * LARGEST
"""Three times the largest run that is trained, which costs `NEAR` of `LARGEST` at least."""

OPTIONS: Mapping[str, str] = {
    "smallest": "2.5e3",
    "largest": "4e4",
    "fewest_tokens": "5e4",
    "most_tokens": "8e5",
    "branches": "3",
}
LAWS = Wanted(forms=("hoffmann", "kaplan", "interaction"))
NEIGHBOURS = (0.5, 1.0, 2.0)


def study(storage: Path) -> tuple[study_run.Result, Belief]:
    """Run the study, or continue it, and say what its runs tell of the target."""
    aim = Aim(target=TARGET, spend=SPEND, largest=LARGEST, n=4, wanted=LAWS)
    limits = Limits(0, workers=1, seconds=None, trial_seconds=None)
    result = study_run.run(
        "train_run", OPTIONS, aim, limits=limits, place=Place(FolderStorage(storage), None)
    )
    runs = finished(result.problem, result.study.outcomes).runs
    if result.last is None or result.last.configs or runs is None:
        raise SystemExit(f"the study has not come to its end: {result.ended}.")
    return result, believe(runs, choices(runs, layouts(runs), TARGET), wanted=LAWS)


def size_of(problem: Problem, n_active: float) -> float:
    """Parameters in layers of the model whose FLOPs per token come nearest to 6 n_active."""
    sizes = np.geomspace(2.5e3, 1e6, 80)
    counted = [float(Known({"size": float(s)}, problem.derived)["n_active"]) for s in sizes]
    return float(sizes[np.argmin(np.abs(np.log(np.array(counted) / n_active)))])


def ratios(result: study_run.Result) -> str:
    """The target and the spend, in units of the largest run that was trained."""
    paid = costs(result.problem, [outcome.trial.config for outcome in result.study.outcomes])
    return (
        f"The largest run trained cost {paid.max():.4g} FLOPs: the target is "
        f"{TARGET / paid.max():.4g} times that, the spend of {paid.sum():.4g} FLOPs "
        f"{paid.sum() / paid.max():.3g} times."
    )


def at_target(result: study_run.Result, belief: Belief, kept: Path | None) -> list[Record]:
    """Train the recommended size and its neighbours; predicted beside measured.

    Those that `kept` has are not trained again; each new one is written there.
    """
    problem = problem_file.load("train_run", dict(OPTIONS) | {"branches": "1"})
    best = float(result.rounds[-1]["best"]["n_active"])
    found: list[Record] = read(kept) if kept else []
    done = {row["what"] for row in found}
    for factor in NEIGHBOURS:
        what = "recommended" if factor == 1 else f"{factor:g} times the size"
        if what in done:
            continue
        size = size_of(problem, factor * best)
        n_active = float(Known({"size": size}, problem.derived)["n_active"])
        tokens = TARGET / (6 * n_active)
        low, middle, high = predicted(belief, n_active, tokens)
        answer = problem.objective({"size": size, "tokens": tokens, "seed": 0})
        if not isinstance(answer, Mapping):
            raise TypeError(answer)
        found.append(
            {
                "what": what,
                "size": size,
                "n_active": n_active,
                "tokens": tokens,
                "flops": 6 * n_active * tokens,
                "predicted": middle,
                "predicted_low": low,
                "predicted_high": high,
                "measured": float(answer["objective"]),
                "cpu_seconds": float(answer["cpu_seconds"]),
            }
        )
        print(found[-1], flush=True)
        if kept:
            write(kept, found)
    return found


def predicted(belief: Belief, n_active: float, tokens: float) -> tuple[float, float, float]:
    """Limits of the loss at `LEVEL` around its mean in logarithms, over laws and draws."""
    size = np.array([n_active])
    one = planned(size, np.array([tokens]), n_total=size, factors={})
    draws = [view.posterior.log_loss(one)[:, 0] for view in belief.views]
    share = np.concatenate(
        [np.full(len(d), w / len(d)) for d, w in zip(draws, belief.weights, strict=True)]
    )
    values = np.concatenate(draws)
    order = np.argsort(values)
    below = np.cumsum(share[order])
    low, high = values[order[np.searchsorted(below, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])]]
    return float(np.exp(low)), float(np.exp(share @ values)), float(np.exp(high))


def refitted(losses: Path, target: Path) -> list[Record]:
    """The recorded runs at the target, predicted anew from the recorded losses."""
    every = read(losses)
    once = list({tuple(row.values()): row for row in every}.values())
    found: list[Record] = []
    for rows in (every, once) if len(once) < len(every) else (every,):
        n, d, loss = (np.array([float(r[k]) for r in rows]) for k in ("n_active", "tokens", "loss"))
        runs = replace(planned(n, d, n_total=n, factors={}), loss=loss)
        belief = believe(runs, choices(runs, layouts(runs), TARGET), wanted=LAWS)
        now = now_of(belief)
        low, high = now.limits()
        for run in read(target):
            at = float(run["n_active"])
            below, middle, above = predicted(belief, at, float(run["tokens"]))
            found.append(
                {
                    "losses": len(rows),
                    "n_active": at,
                    "predicted": middle,
                    "predicted_low": below,
                    "predicted_high": above,
                    "measured": float(run["measured"]),
                    "best_size": float(belief.choices.n_active[now.best]),
                    "band_low": float(np.exp(low)),
                    "band_high": float(np.exp(high)),
                    "expected_regret": float(np.exp(now.log_loss) * now.regret),
                }
            )
    return found


def rows_of(runs: RunTable) -> list[Record]:
    """Every loss of the study."""
    columns = {"n_active": runs.n_active, "tokens": runs.tokens}
    columns |= {"flops": runs.flops, "loss": runs.loss}
    return [{name: float(values[i]) for name, values in columns.items()} for i in range(len(runs))]


def laid_out(rows: list[Record]) -> str:
    """The runs at the target as a table; empty without any."""
    if not rows:
        return ""
    cells = [[f"{v:.5g}" if isinstance(v, float) else str(v) for v in r.values()] for r in rows]
    return lay_out(list(rows[0]), cells)


def main() -> None:
    """Run it and print the table; write everything with --out."""
    parser = argparse.ArgumentParser(description="A real closed loop, and its plan trained.")
    parser.add_argument("--storage", type=Path, default=Path("results/local"))
    parser.add_argument("--out", type=Path, help="folder for target.csv, study.txt, manifest.json")
    parser.add_argument("--study-only", action="store_true", help="train nothing at the target")
    parser.add_argument("--refit", type=Path, nargs=2, metavar=("LOSSES", "TARGET"))
    arguments = parser.parse_args()
    if arguments.refit:
        print(laid_out(refitted(*arguments.refit)))
        return
    made_by = manifest(target=TARGET, spend=SPEND, largest=LARGEST, options=dict(OPTIONS))
    result, belief = study(arguments.storage)
    said = f"{study_view.text(result)}\n{ratios(result)}"
    print(said)
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        write(arguments.out / "runs.csv", rows_of(belief.table))
    kept = arguments.out / "target.csv" if arguments.out else None
    shown = "" if arguments.study_only else laid_out(at_target(result, belief, kept))
    print(shown)
    if arguments.out:
        (arguments.out / "study.txt").write_text(f"{said}\n\n{shown}".rstrip() + "\n")
        write_manifest(arguments.out / "manifest.json", made_by)


if __name__ == "__main__":
    main()
