"""Answers of single synthetic tables, a JSON line each: a run that was killed can go on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Answers: TypeAlias = Mapping[str, tuple[bool, str]]
"""Of one table: whether the interval of each quantity holds the truth, and what made it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The answers of one case in a file that other cases share.

    Attributes:
        path: The file; it need not be there yet.
        made: What the answers depend on besides the seed: case, draws, commit.
    """

    path: Path
    made: Mapping[str, str | float]

    def read(self) -> dict[int, Answers]:
        """The answers by seed; a last line that was cut short is passed over."""
        if not self.path.is_file():
            return {}
        found: dict[int, Answers] = {}
        for line in self.path.read_text().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if all(row[name] == value for name, value in self.made.items()):
                found[row["seed"]] = {name: (hit, by) for name, (hit, by) in row["held"].items()}
        return found

    def add(self, seed: int, answers: Answers) -> None:
        """Append the answers of one table."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        torn = self.path.is_file() and not self.path.read_bytes().endswith(b"\n")
        row = {**self.made, "seed": seed, "held": answers}
        with self.path.open("a") as file:
            file.write("\n" * torn + json.dumps(row) + "\n")
