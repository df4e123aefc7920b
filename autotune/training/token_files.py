"""Files of token ids as nanoGPT writes them: uint16, little-endian, without a header."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.training.documents import VALIDATION_SHARE

SUFFIX = ".bin"
VALIDATES = ("val", "valid", "validation")
"""Stems of files that validate; all others train."""


@dataclass(frozen=True, slots=True)
class TokenFiles:
    """Ids as they lie on disk; one file is a memory map, several are read into one array."""

    train: NDArray[np.uint16]
    validation: NDArray[np.uint16]


def read(paths: Sequence[Path]) -> TokenFiles:
    """Read files of ids; without one that is called `val.bin`, the last sixteenth validates.

    Raises:
        InputError: If a file is not there, is empty, or is not a whole number of ids.
    """
    validation = [_ids(path) for path in paths if path.stem in VALIDATES]
    training = [_ids(path) for path in paths if path.stem not in VALIDATES]
    if not training:
        raise InputError(f"{paths[0]} only validates. Give the file to train on as well.")
    train = _joined(training)
    if validation:
        return TokenFiles(train, _joined(validation))
    cut = len(train) - len(train) // VALIDATION_SHARE
    return TokenFiles(train[:cut], train[cut:])


def inside(path: Path) -> list[Path]:
    """The file itself, or the files of ids that lie in a folder."""
    if path.is_dir():
        return sorted(path.glob(f"*{SUFFIX}"))
    return [path] if path.suffix == SUFFIX else []


def _ids(path: Path) -> NDArray[np.uint16]:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}. Give a file of ids.") from error
    if not size or size % 2:
        raise InputError(
            f"{path} has {size:,} bytes: it cannot hold uint16 ids. Write two bytes per id."
        )
    return np.memmap(path, dtype="<u2", mode="r")


def _joined(arrays: Sequence[NDArray[np.uint16]]) -> NDArray[np.uint16]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
