"""One training run beside a plain loop and `transformers.Trainer`: speed, and loss at equal FLOPs.

Same shapes, same batches, same tokens, one thread; the peers have AdamW at the best of several
learning rates with cosine decay. Our own runs also show the noise of seeds, the gain of experts and
what branches of a trunk save. Needs pip install 'autotune-llm[train]' 'accelerate>=1.1'.

    python benchmarks/train.py --out results/reference/train [--only speed|loss|tables]

Every finished run of the losses is a row of OUT/runs.csv at once; the same command goes on.
"""

import argparse
import json
from pathlib import Path

import torch
import train_losses
import train_speed
import train_tables
from evidence import manifest, write, write_manifest
from train_log import Log
from train_shapes import CONTEXT

from autotune.training.corpus import Corpus, open_corpus

PARTS = ("speed", "loss", "tables")


def losses(corpus: Corpus, log: Log, *, most: float) -> None:
    """Train what the log lacks, until it has cost so many CPU seconds in all."""
    for job in train_losses.jobs(log):
        if log.has(job):
            continue
        if log.cpu_seconds >= most:
            print(f"stopped: the runs have cost {log.cpu_seconds:.0f} CPU seconds", flush=True)
            return
        log.add(train_losses.run(job, corpus))
        last = log.rows[-1]
        print(
            f"{log.cpu_seconds:.0f} s", last.part, last.shape, last.tool, last.lr, last.seed,
            f"{last.loss:.4f}", flush=True,
        )  # fmt: skip


def tables(out: Path, log: Log) -> None:
    """Write and print every table that has a row."""
    for name, table in train_tables.TABLES.items():
        records = list(table(log.rows))
        if records:
            write(out / name, records)
            print(name, json.dumps(records, indent=1))


def main() -> None:
    """Measure, print and write the tables."""
    parser = argparse.ArgumentParser(description="A training run beside its peers.")
    parser.add_argument("--out", type=Path, required=True, help="folder for tables and manifests")
    parser.add_argument("--only", choices=PARTS, help="one of the parts")
    parser.add_argument("--minutes", type=float, default=12, help="CPU minutes of the losses")
    asked = parser.parse_args()
    parts = PARTS if asked.only is None else (asked.only,)
    asked.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    log = Log.open(asked.out / "runs.csv")
    if "tables" not in parts or len(parts) > 1:
        corpus = open_corpus()
        made_by = manifest(corpus=corpus.label, torch=str(torch.__version__), context=CONTEXT)
    if "speed" in parts:
        further = {"blocks": train_speed.BLOCKS, "steps": train_speed.STEPS}
        write_manifest(asked.out / "speed_manifest.json", made_by | further)
        write(asked.out / "speed.csv", train_speed.speed(corpus))
    if "loss" in parts:
        further = {"windows": train_losses.WINDOWS, "rates": train_losses.RATES}
        write_manifest(asked.out / "manifest.json", made_by | further)
        losses(corpus, log, most=60 * asked.minutes)
    if "tables" in parts or "loss" in parts:
        tables(asked.out, log)


if __name__ == "__main__":
    main()
