"""Reads the commands, and the output shown below them, out of Markdown's console blocks."""

import re
from dataclasses import dataclass

BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Command:
    """One `$ ...` line of a console block, and what the document shows it prints."""

    line: str
    shown: str


def commands(markdown):
    """Every command of every console block, in the order of the document."""
    found = []
    for block in BLOCK.findall(markdown):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            line, _, shown = part.partition("\n")
            while line.endswith("\\"):
                more, _, shown = shown.partition("\n")
                line = line[:-1] + more.removeprefix("> ")
            found.append(Command(line, shown))
    return found
