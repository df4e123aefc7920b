"""Finished runs of benchmarks/train.py: a CSV that grows as soon as a run ends."""

import csv
import io
import os
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS = (
    "part", "shape", "tool", "lr", "seed", "budget", "of", "tokens", "loss", "flops",
    "cpu_seconds", "step_ms",
)  # fmt: skip
"""`of` names the longest budget of the run, `flops` and `cpu_seconds` are what the row added to
what the run had cost before, `step_ms` is the median CPU time of its steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run.

    Attributes:
        part: What it is for: `equal FLOPs`, `equal seconds`, `trunk` or `alone`.
        shape: The model's name.
        tool: Who trains it.
        seed: Of weights and token order.
        steps: Budgets, in steps of one sequence, rising.
        lr: The peers' learning rate; 1 is our rule.
    """

    part: str
    shape: str
    tool: str
    seed: int
    steps: tuple[int, ...]
    lr: float = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """A budget that was reached, and what it added to the cost of its run."""

    part: str
    shape: str
    tool: str
    lr: float
    seed: int
    budget: int
    of: int
    tokens: int
    loss: float
    flops: float
    cpu_seconds: float
    step_ms: float


@dataclass(frozen=True, slots=True)
class Log:
    """The rows of a file; a torn last line is cut off when it is opened.

    Attributes:
        path: The file.
        rows: In the order in which they came.
    """

    path: Path
    rows: list[Row] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path) -> "Log":
        """Read a file if it is there."""
        if not path.exists():
            return cls(path)
        text = path.read_text()
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            os.truncate(path, len(whole.encode()))
        return cls(path, [_row(cells) for cells in csv.DictReader(io.StringIO(whole))])

    def has(self, job: Job) -> bool:
        """Whether every budget of a run is there."""
        found = {
            row.budget
            for row in self.rows
            if (row.part, row.shape, row.tool, row.lr, row.seed, row.of)
            == (job.part, job.shape, job.tool, job.lr, job.seed, job.steps[-1])
        }
        return set(job.steps) <= found

    def add(self, rows: list[Row]) -> None:
        """Append the rows of one run, and wait until they are on the disk."""
        with self.path.open("a", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            if not stream.tell():
                writer.writerow(COLUMNS)
            writer.writerows([[getattr(row, name) for name in COLUMNS] for row in rows])
            stream.flush()
            os.fsync(stream.fileno())
        self.rows.extend(rows)

    @property
    def cpu_seconds(self) -> float:
        """What all runs cost."""
        return sum(row.cpu_seconds for row in self.rows)


def _row(cells: dict[str, str]) -> Row:
    return Row(
        cells["part"], cells["shape"], cells["tool"], float(cells["lr"]), int(cells["seed"]),
        int(cells["budget"]), int(cells["of"]), int(cells["tokens"]), float(cells["loss"]),
        float(cells["flops"]), float(cells["cpu_seconds"]), float(cells["step_ms"]),
    )  # fmt: skip
