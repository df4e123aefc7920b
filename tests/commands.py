"""Reads the commands, and the output shown below them, out of Markdown's console blocks."""

import re
from dataclasses import dataclass
from itertools import takewhile

BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Command:
    """One `$ ...` line of a console block, its `> ...` lines, and what is shown to be printed."""

    line: str
    shown: str


def commands(markdown):
    """Every command of every console block, in the order of the document."""
    found = []
    for block in BLOCK.findall(markdown):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            first, *rest = part.split("\n")
            more = [line[2:] for line in takewhile(lambda line: line.startswith(">"), rest)]
            found.append(Command("\n".join([first, *more]), "\n".join(rest[len(more) :])))
    return found
