"""Submissions of a study: `jobs/0001.sh`, what it became, and nothing that two could fight over."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autotune.errors import LaunchError
from autotune.launching.directives import JOBS

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One call of `autotune submit`.

    Attributes:
        number: Its place among the study's submissions, from 1 on.
        site: The profile it was rendered for.
        scheduler: Who took it.
        ids: The jobs' ids, one for each job of a chain.
        max_evals: Trials the study is to hold in the end; None if it ends by itself.
        submitted_at: Seconds since the epoch.
        job: The job as it was asked for.
    """

    number: int
    site: str
    scheduler: str
    ids: Sequence[str]
    max_evals: int | None
    submitted_at: float
    job: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The stem of its files."""
        return f"{self.number:04d}"


def claim(folder: Path, script: str) -> tuple[int, Path]:
    """Keep a script under the first free number; exclusive creation is the only arbiter.

    Raises:
        LaunchError: If the folder cannot be written.
    """
    jobs = folder / JOBS
    try:
        jobs.mkdir(parents=True, exist_ok=True)
        taken = [int(path.stem) for path in jobs.glob("[0-9]*.sh") if path.stem.isdecimal()]
        number = max(taken, default=0) + 1
        while True:
            path = jobs / f"{number:04d}.sh"
            try:
                with path.open("x", encoding="utf-8") as file:
                    file.write(script)
            except FileExistsError:
                number += 1
                continue
            path.chmod(0o755)
            return number, path
    except OSError as error:
        raise LaunchError(f"cannot keep the job script in {jobs}: {error.strerror}.") from error


def keep(folder: Path, submission: Submission) -> None:
    """Record a submission beside its script, whole or not at all."""
    path = folder / JOBS / f"{submission.label}.json"
    scratch = path.with_name(f".{path.name}-{os.getpid()}")
    with scratch.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"format": FORMAT, **asdict(submission)}, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def submissions(folder: Path) -> list[Submission]:
    """The submissions of a study, oldest first.

    Raises:
        LaunchError: If a record is damaged, or a newer autotune wrote it.
    """
    paths = (folder / JOBS).glob("[0-9]*.json")
    return [_read(path) for path in sorted(paths) if path.stem.isdecimal()]


def _read(path: Path) -> Submission:
    try:
        fields = json.loads(path.read_bytes())
        version = int(fields.pop("format"))
        if version > FORMAT:
            raise LaunchError(f"{path} has format {version}: update this autotune.")
        return Submission(**fields)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise LaunchError(f"cannot read the submission {path} ({error}). Move it away.") from error
