"""ytopt's result files: writing them, and reading them and DeepHyper's."""

import csv
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotune.errors import InputError
from autotune.interop.cells import Cells
from autotune.trials import Completed, Failed, FailureKind, Outcome, Timing, Trial

WORKER = "import"
HUGE = sys.float_info.max
"""What ytopt writes for a failed trial."""
INACTIVE = ("", "nan")
"""What stands for a parameter that a condition switches off."""


def export(outcomes: Sequence[Outcome], parameters: Sequence[str], folder: Path) -> int:
    """Write `results.csv` and `results.json` as ytopt does.

    The CSV has the parameters, `objective` and `elapsed_sec`, the seconds from the start of the
    search to the end of the trial. The JSON maps each configuration, itself JSON, to its
    objective; of equal configurations it keeps the last, as ytopt does. In both, a parameter that
    a condition switches off is not-a-number.

    Returns:
        How many failed trials were left out: ytopt has no word for them but a huge number.
    """
    completed = [outcome for outcome in outcomes if isinstance(outcome, Completed)]
    configs = [
        {name: outcome.trial.config.get(name, math.nan) for name in parameters}
        for outcome in completed
    ]
    begin = min((outcome.timing.submitted_at for outcome in outcomes), default=0.0)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "results.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*parameters, "objective", "elapsed_sec"])
        for config, outcome in zip(configs, completed, strict=True):
            end = outcome.timing.finished_at - begin
            writer.writerow([*config.values(), outcome.value, end])
    objectives = {
        json.dumps(config): outcome.value
        for config, outcome in zip(configs, completed, strict=True)
    }
    text = json.dumps(objectives, indent=4, sort_keys=True)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    return len(outcomes) - len(completed)


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How a tool names its columns, and which way its objective points."""

    parameters: dict[str, str]
    metrics: dict[str, str]
    sign: float
    submitted: str | None
    finished: str | None


def read_results(path: Path, space: Mapping[str, Any]) -> list[Outcome]:
    """Read a `results.csv` of ytopt or DeepHyper, told apart by their columns.

    ytopt minimises, and so do we. **DeepHyper maximises: its objective changes sign here.**
    Failures (`F...` in DeepHyper, the largest float in ytopt) are failures. Times in such files
    count from the start of the search; they are set back so that the last one is the file's own
    time. ytopt writes no durations: a trial is taken to begin where the one above it ended,
    which is exact for a serial search.

    Args:
        path: The CSV file.
        space: The study's space as ConfigSpace serialises it; empty if it is not known.

    Returns:
        Outcomes whose trials have no id yet: `Store.trial` gives them one.

    Raises:
        InputError: If it is neither tool's file, or a row is not legal; nothing is dropped.
    """
    rows, header = _table(path)
    cells = Cells(space)
    dialect = _dialect(header, path)
    absent = [name for name in cells.names if name not in dialect.parameters]
    extra = [name for name in dialect.parameters if cells.names and name not in cells.names]
    if absent or extra:
        problem = f"lacks {', '.join(absent)}" if absent else f"has {', '.join(extra)}"
        raise InputError(f"{path} is of another space: it {problem}.")
    outcomes, bad = [], []
    times = _times(rows, dialect, path)
    for number, (row, timing) in enumerate(zip(rows, times, strict=True), 2):
        try:
            config = {
                name: cells.read(name, row[column])
                for name, column in dialect.parameters.items()
                if row[column] not in INACTIVE or row[column] in cells.choices(name)
            }
            outcomes.append(_outcome(row, dialect, Trial("", config), timing))
        except (InputError, ValueError) as error:
            bad.append((number, error))
    if bad:
        raise InputError(
            f"{path}: {len(bad)} of {len(rows)} rows cannot be read (first: line {bad[0][0]}: "
            f"{bad[0][1]}). Mend or remove them; nothing was imported."
        )
    return outcomes


def _table(path: Path) -> tuple[list[dict[str, str]], list[str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, restval="")
            rows = [{k: (v or "").strip() for k, v in row.items() if k} for row in reader]
            return rows, [name for name in reader.fieldnames or () if name]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read {path}: {error}.") from error


def _dialect(header: Sequence[str], path: Path) -> _Dialect:
    names = set(header)
    prefixed = {name[2:]: name for name in header if name.startswith("p:")}
    if {"trial", "status"} <= names:
        raise InputError(
            f"{path} is an export of autotune itself, and not all of the record. "
            "Copy the study's folder instead."
        )
    if "objective_0" in names:
        raise InputError(f"{path} has several objectives; a study here has one.")
    if prefixed and "objective" in names:
        metrics = {name[2:]: name for name in header if name.startswith("m:")}
        submitted, finished = (metrics.pop(f"timestamp_{k}", None) for k in ("submit", "gather"))
        return _Dialect(prefixed, metrics, -1.0, submitted, finished)
    if {"objective", "elapsed_sec"} <= names:
        rest = {name: name for name in header if name not in {"objective", "elapsed_sec"}}
        return _Dialect(rest, {}, 1.0, None, "elapsed_sec")
    raise InputError(
        f"{path} is neither ytopt's results.csv (objective, elapsed_sec) nor DeepHyper's "
        f"(p:..., objective): its columns are {', '.join(header) or 'none'}."
    )


def _times(rows: Sequence[dict[str, str]], dialect: _Dialect, path: Path) -> list[Timing]:
    ends = [_seconds(row, dialect.finished) for row in rows]
    begins = [0.0, *ends[:-1]]
    if dialect.submitted is not None:
        begins = [_seconds(row, dialect.submitted) for row in rows]
    zero = path.stat().st_mtime - max(ends, default=0.0)
    return [
        Timing(max(0.0, end - begin), WORKER, zero + begin, zero + end)
        for begin, end in zip(begins, ends, strict=True)
    ]


def _seconds(row: Mapping[str, str], column: str | None) -> float:
    try:
        return float(row[column]) if column is not None else 0.0
    except ValueError:
        return 0.0  # cancelled before it began, for example


def _outcome(row: Mapping[str, str], dialect: _Dialect, trial: Trial, timing: Timing) -> Outcome:
    text = row["objective"]
    if text.startswith("F") or row.get("job_status") == "CANCELLED":
        kind = FailureKind.TIMEOUT if "timeout" in text.lower() else FailureKind.CRASHED
        return Failed(trial, kind, f"recorded as {text or 'cancelled'}", timing)
    value = dialect.sign * float(text)
    if not abs(value) < HUGE:
        return Failed(trial, FailureKind.CRASHED, f"recorded as {text}", timing)
    metrics = {name: _metric(row[column]) for name, column in dialect.metrics.items()}
    return Completed(trial, value, timing, {k: v for k, v in metrics.items() if v is not None})


def _metric(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
