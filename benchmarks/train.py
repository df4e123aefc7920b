"""One training run beside a plain loop and `transformers.Trainer`: speed, and loss at equal FLOPs.

Same shapes, same batches, same tokens, one thread; the peers have AdamW at the better of several
learning rates with cosine decay. Needs pip install 'autotune-llm[train]' 'accelerate>=1.1'.

    python benchmarks/train.py --out results/reference/train [--only speed|loss] [--seeds 5]
"""

import argparse
import csv
import json
import statistics
import time
from functools import partial
from pathlib import Path

import torch
from evidence import Record, manifest, write, write_manifest
from train_plain import Loop, Plain
from train_plain import validate as validate_plain

from autotune.training import token_order
from autotune.training.corpus import Corpus, open_corpus
from autotune.training.loop import train
from autotune.training.model_spec import of_architecture
from autotune.training.run import TrainingRun
from autotune.training.session import Session
from autotune.training.settings import Settings
from autotune.training.small_shape import Mixture, of_widths

CONTEXT, WINDOWS = 128, 512
SPEED = {
    "32x3": of_widths(32, 3), "64x4": of_widths(64, 4),
    "32x3-8e2": of_widths(32, 3, mixture=Mixture(n_experts=8)),
    "64x4-8e2": of_widths(64, 4, mixture=Mixture(n_experts=8)),
}  # fmt: skip
SIZES = {name: of_widths(*map(int, name.split("x"))) for name in ("16x2", "24x2", "32x3")}
RATES = (4e-3, 1.6e-2)
BLOCKS, STEPS, WARM = 3, 10, 5


def speed(corpus: Corpus, sequences: int = 4) -> list[Record]:
    """Tokens per CPU second, blocks of steps of each tool in turn."""
    import train_trainer

    records: list[Record] = []
    batches = partial(token_order.batch, corpus, seed=0, sequences=sequences, context=CONTEXT)
    for name, shape in SPEED.items():
        run = TrainingRun(
            model=of_architecture(shape), tokens=(1e6,),
            settings=Settings(context=CONTEXT, sequences=sequences),
        )  # fmt: skip
        session = Session(run, corpus)
        plain = Loop(
            Plain(shape, corpus.vocabulary, CONTEXT), lambda step: batches(step=step),
            steps=1000, lr=1e-3,
        )  # fmt: skip
        rates: dict[str, list[float]] = {"autotune": [], "plain loop": [], "Trainer": []}
        _ours(session, batches, WARM), plain.run(WARM)
        tokens = sequences * CONTEXT
        for _ in range(BLOCKS):
            rates["autotune"].append(tokens * STEPS / _ours(session, batches, STEPS))
            rates["plain loop"].append(tokens * STEPS / plain.run(STEPS))
            _, seconds = train_trainer.train(
                shape, lambda step: batches(step=step), steps=STEPS + WARM,
                sequences=sequences, lr=1e-3, seed=0,
            )  # fmt: skip
            rates["Trainer"].append(tokens / statistics.mean(seconds[WARM - 1 :]))
        ours = statistics.median(rates["autotune"])
        for tool, found in rates.items():
            middle = statistics.median(found)
            records.append(
                {"shape": name, "tool": tool, "tokens_per_cpu_second": middle,
                 "least": min(found), "most": max(found), "ours_over_it": ours / middle}
            )  # fmt: skip
            print(*records[-1].values(), flush=True)
    return records


def _ours(session: Session, batches: partial, steps: int) -> float:
    began = time.process_time()
    for step in range(steps):
        loss, norm = session.step(batches(step=step), 1.0)
        float(loss), float(norm)
    return time.process_time() - began


def loss_of(tool: str, name: str, corpus: Corpus, *, seed: int, lr: float, tokens: float) -> Record:
    """The loss of one run, and what it cost."""
    import train_trainer

    shape = SIZES[name]
    began = time.process_time()
    settings = Settings(context=CONTEXT, windows=WINDOWS)
    run = TrainingRun(model=of_architecture(shape), tokens=(tokens,), seed=seed, settings=settings)
    sequences = settings.resolved((tokens,), 1).sequences or 1
    steps = round(tokens / sequences / CONTEXT)
    windows = token_order.validation_windows(corpus, windows=WINDOWS, context=CONTEXT)
    batches = partial(token_order.batch, corpus, seed=seed, sequences=sequences, context=CONTEXT)
    torch.manual_seed(seed)
    if tool == "autotune":
        loss = next(train(run, corpus)).loss
    elif tool == "plain loop":
        model = Plain(shape, corpus.vocabulary, CONTEXT)
        Loop(model, lambda step: batches(step=step), steps=steps, lr=lr).run(steps)
        loss = validate_plain(model, windows)
    else:
        made, _ = train_trainer.train(
            shape, lambda step: batches(step=step), steps=steps, sequences=sequences, lr=lr,
            seed=seed,
        )  # fmt: skip
        loss = train_trainer.validate(made, windows)
    return {
        "shape": name, "tool": tool, "lr": lr, "seed": seed, "tokens": steps * sequences * CONTEXT,
        "loss": float(loss or "nan"), "cpu_seconds": time.process_time() - began,
    }  # fmt: skip


def losses(corpus: Corpus, path: Path, *, seeds: int, tokens: float) -> list[Record]:
    """Every run of the comparison; a row as soon as it is known, and none is run again."""
    done = list(csv.DictReader(path.open())) if path.exists() else []
    records: list[Record] = [
        row | {"lr": float(row["lr"]), "seed": int(row["seed"]), "loss": float(row["loss"])}
        for row in done
    ]

    def have(tool: str, name: str, lr: float, seed: int) -> Record:
        key = (tool, name, lr, seed)
        for row in records:
            if (row["tool"], row["shape"], row["lr"], row["seed"]) == key:
                return row
        records.append(loss_of(tool, name, corpus, seed=seed, lr=lr, tokens=tokens))
        print(*records[-1].values(), flush=True)
        write(path, records)
        return records[-1]

    best = {}
    for name in SIZES:
        tried = {lr: float(have("plain loop", name, lr, 0)["loss"]) for lr in RATES}
        best[name] = min(tried, key=tried.__getitem__)
    for seed in range(seeds):
        for name in SIZES:
            have("autotune", name, 1.0, seed)
            have("plain loop", name, best[name], seed)
            have("Trainer", name, best[name], seed)
    return records


def table(records: list[Record]) -> list[Record]:
    """Mean and standard deviation over seeds of each tool at its best rate."""
    found: list[Record] = []
    for name in SIZES:
        for tool in ("autotune", "plain loop", "Trainer"):
            rows = [row for row in records if (row["shape"], row["tool"]) == (name, tool)]
            rates = {row["lr"] for row in rows}
            by_rate = {lr: [float(r["loss"]) for r in rows if r["lr"] == lr] for lr in rates}
            if by_rate:
                lr = max(by_rate, key=lambda lr: (len(by_rate[lr]), -min(by_rate[lr])))
                losses_ = by_rate[lr]
                sd = statistics.stdev(losses_) if len(losses_) > 1 else float("nan")
                found.append(
                    {"shape": name, "tool": tool, "lr": lr, "seeds": len(losses_),
                     "loss": statistics.mean(losses_), "sd": sd}
                )  # fmt: skip
    return found


def main() -> None:
    """Measure, print and write the tables."""
    parser = argparse.ArgumentParser(description="A training run beside its peers.")
    parser.add_argument("--out", type=Path, required=True, help="folder for tables and manifest")
    parser.add_argument("--only", choices=("speed", "loss", "table"), help="one of the parts")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tokens", type=float, default=5e4, help="of each run of the losses")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    corpus = open_corpus()
    made_by = manifest(
        corpus=corpus.label, torch=str(torch.__version__), context=CONTEXT, windows=WINDOWS,
        tokens=arguments.tokens, rates=RATES, blocks=BLOCKS, steps=STEPS,
    )  # fmt: skip
    if arguments.only in (None, "speed"):
        write(arguments.out / "speed.csv", speed(corpus))
    if arguments.only in (None, "loss"):
        runs = arguments.out / "losses.csv"
        losses(corpus, runs, seeds=arguments.seeds, tokens=arguments.tokens)
    if arguments.only in (None, "loss", "table"):
        rows = list(csv.DictReader((arguments.out / "losses.csv").open()))
        summary = table([row | {"lr": float(row["lr"])} for row in rows])
        write(arguments.out / "loss.csv", summary)
        print(json.dumps(summary, indent=1))
    write_manifest(arguments.out / "manifest.json", made_by)


if __name__ == "__main__":
    main()
