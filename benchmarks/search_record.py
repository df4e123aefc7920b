"""Runs of searches as lines of JSON, each written when it ends, and what they amount to."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TypeAlias

import numpy as np
from evidence import Record

from autotune.types import Floats

Key: TypeAlias = tuple[str, str, int]
MARKS = (20, 50, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One run of one search on one problem.

    Attributes:
        evaluations: How many were made: fewer than asked for once nothing is left to try.
        cpu_s: CPU seconds of the search alone.
        refused: Proposals that a constraint forbade.
        version: Of the package, with the commit for our own.
        steps: `(evaluation, regret)` wherever the regret changed.
    """

    problem: str
    peer: str
    seed: int
    evaluations: int
    cpu_s: float
    refused: int
    version: str
    steps: tuple[tuple[int, float], ...]

    @property
    def key(self) -> Key:
        """What tells one run from another."""
        return self.problem, self.peer, self.seed

    def curve(self, length: int) -> Floats:
        """Regret after each of `length` evaluations; it stays as it is once a run has ended."""
        regrets = np.full(length, np.inf)
        for at, regret in self.steps:
            regrets[at - 1 :] = regret
        return regrets


def steps(regrets: Sequence[float]) -> tuple[tuple[int, float], ...]:
    """Where regrets change, to four significant digits."""
    found: list[tuple[int, float]] = []
    for at, regret in enumerate(regrets, start=1):
        short = float(f"{regret:.4g}")
        if math.isfinite(short) and (not found or found[-1][1] != short):
            found.append((at, short))
    return tuple(found)


class Journal:
    """A file of rows; an interrupted benchmark goes on from it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows: dict[Key, Row] = {row.key: row for row in _read(path)}

    def add(self, row: Row) -> None:
        """Append a row."""
        self.rows[row.key] = row
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(row)) + "\n")

    def drop(self, problems: Iterable[str], peers: Iterable[str]) -> None:
        """Forget the runs of some peers on some problems, so that they are made again."""
        problems, peers = set(problems), set(peers)
        kept = [r for r in self.rows.values() if r.problem not in problems or r.peer not in peers]
        self.rows = {row.key: row for row in kept}
        if self._path.exists():
            self._path.write_text("".join(json.dumps(asdict(row)) + "\n" for row in kept))


def _read(path: Path) -> Iterable[Row]:
    """The rows of a file; a last line cut short by an interruption is taken off it."""
    if not path.exists():
        return
    text = path.read_text()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole)
    for line in whole.splitlines():
        fields = json.loads(line)
        fields["steps"] = tuple((int(at), float(regret)) for at, regret in fields["steps"])
        yield Row(**fields)


def summary(rows: Iterable[Row], *, evaluations: int) -> list[Record]:
    """One record per problem and peer, by median regret at the end."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.problem, row.peer), []).append(row)
    problems = list(dict.fromkeys(problem for problem, _ in groups))
    records = [_record(rows, evaluations) for rows in groups.values()]
    last = f"r{evaluations}"
    return sorted(records, key=lambda r: (problems.index(str(r["problem"])), float(r[last])))


def _record(rows: list[Row], evaluations: int) -> Record:
    curves = np.array([row.curve(evaluations) for row in rows])
    marks = [mark for mark in MARKS if mark < evaluations] + [evaluations]
    return {
        "problem": rows[0].problem,
        "peer": rows[0].peer,
        "seeds": len(rows),
        **{f"r{mark}": float(np.median(curves[:, mark - 1])) for mark in marks},
        f"worst{evaluations}": float(curves[:, -1].max()),
        "cpu_s": median(row.cpu_s / row.evaluations for row in rows),
    }


def losses(records: Sequence[Record], *, own: str) -> list[str]:
    """Where another search has a lower figure than ours: one line per problem and figure.

    Rows whose names begin with ours are further settings of ours, and left out.
    """
    ours = {str(r["problem"]): r for r in records if r["peer"] == own}
    figures = [name for name in records[0] if name not in ("problem", "peer", "seeds", "cpu_s")]
    said = []
    for problem, mine in ours.items():
        for figure in figures:
            ahead = sorted(
                (float(r[figure]), f"{r['peer']} {float(r[figure]):.2g} ({r['seeds']} seeds)")
                for r in records
                if r["problem"] == problem
                and not str(r["peer"]).startswith(own)
                and float(r[figure]) < float(mine[figure])
            )
            if ahead:
                names = ", ".join(text for _, text in ahead)
                said.append(f"{problem}, {figure}: {names}; ours {float(mine[figure]):.2g}")
    return said


def cells(records: Sequence[Record]) -> list[list[str]]:
    """Records with two significant digits."""
    return [
        [f"{value:.2g}" if isinstance(value, float) else str(value) for value in each.values()]
        for each in records
    ]


def markdown(records: Sequence[Record]) -> str:
    """The summary as a table of Markdown."""
    lines = [list(records[0]), ["---"] * len(records[0]), *cells(records)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def put(text: str, name: str, block: str) -> str:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->`, where there is such."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    if begin not in text or end not in text:
        return text
    head, _, rest = text.partition(begin)
    return f"{head}{begin}{block}\n{end}{rest.partition(end)[2]}"
