"""The default corpus: the source of Python's standard library, read where it lies."""

import os
import platform
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from autotune.errors import InputError
from autotune.training.documents import Document

SMALLEST = 200
"""Bytes below which a file is a stub."""
TABLES = "encodings"
"""A package of generated tables, not text."""
INSTALLED = {"site-packages", "dist-packages", "__pycache__"}


def name() -> str:
    """What the corpus is called: it differs from one version of Python to the next."""
    return f"python-{platform.python_version()}"


def documents() -> Iterator[Document]:
    """Every source file of the standard library that is text to learn from.

    Raises:
        InputError: If this Python has no source files.
    """
    root = Path(sysconfig.get_path("stdlib"))
    found = 0
    for folder, below, files in os.walk(root):
        below[:] = [each for each in below if each not in INSTALLED]
        if Path(folder) == root:
            below[:] = [each for each in below if each != TABLES]
        for file in files:
            if file.endswith(".py") and (document := _read(root, Path(folder, file))):
                found += 1
                yield document
    if not found:
        raise InputError(
            f"this Python keeps no source files in {root}. Give a corpus of your own: --corpus."
        )


def _read(root: Path, path: Path) -> Document | None:
    data = path.read_bytes()
    return Document(path.relative_to(root).as_posix(), data) if len(data) >= SMALLEST else None
