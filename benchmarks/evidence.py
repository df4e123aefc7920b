"""What recorded results carry: how they were made, and tables of six significant digits."""

import csv
import json
import platform
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TypeAlias

Record: TypeAlias = dict[str, str | int | float]


def manifest(**further: object) -> dict[str, object]:
    """The command, commit and versions that make a result again, and whatever else it needs."""
    here = Path(__file__).resolve().parent
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "command": shlex.join(["python", *sys.argv]),
        "commit": commit,
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in ("autotune-llm", "numpy")},
        **further,
    }


def write_manifest(path: Path, made_by: Mapping[str, object]) -> None:
    """Write what `manifest` says beside a result, as JSON."""
    path.write_text(json.dumps(made_by, indent=2) + "\n")


def tables(sets: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    """The public tables a result comes from, by name: the table and the rows kept."""
    return {name: {"data": data, "where": where} for name, (data, where) in sets.items()}


def read(path: Path) -> list[Record]:
    """Records as `write` left them; none where there is no file yet."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{k: _plain(v) for k, v in row.items()} for row in csv.DictReader(file)]


def _plain(text: str) -> str | int | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def write(path: Path, records: Sequence[Record]) -> None:
    """Write records as CSV with six significant digits, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.new")
    with made.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(records[0]), lineterminator="\n")
        writer.writeheader()
        for each in records:
            row = {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in each.items()}
            writer.writerow(row)
    made.replace(path)


def continued(
    path: Path | None,
    jobs: Iterable[tuple[str | int, ...]],
    *,
    by: Sequence[str],
    make: Callable[..., list[Record]],
) -> list[Record]:
    """The records of a file and of the jobs that it lacks, written after each of these.

    Args:
        path: None to keep nothing.
        jobs: Values of the columns `by`, which are the arguments of `make` too.
        by: Columns that tell jobs apart.
        make: Makes the records of a job.
    """
    found = read(path) if path else []
    done = {tuple(record[name] for name in by) for record in found}
    for job in jobs:
        if job not in done:
            found += make(*job)
            if path:
                write(path, found)
    return found
