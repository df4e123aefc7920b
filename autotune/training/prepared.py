"""A corpus prepared once on disk: many runs map the same pages and none reads the text again."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autotune.errors import InputError, StoreError

if TYPE_CHECKING:
    from autotune.training.corpus import Corpus

FACTS = "corpus.json"
ARRAYS = ("train", "validation")


def is_prepared(folder: Path) -> bool:
    """Whether `save` has finished there."""
    return (folder / FACTS).is_file()


def save(corpus: "Corpus", folder: Path) -> None:
    """Write a corpus; the facts come last, so that a folder is whole or is not one.

    Raises:
        StoreError: If it cannot be written.
    """
    facts = {
        "name": corpus.name,
        "fingerprint": corpus.fingerprint,
        "vocabulary": corpus.vocabulary,
        "bytes_per_token": corpus.bytes_per_token,
        "tokens": {"train": len(corpus.train), "validation": len(corpus.validation)},
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in zip(ARRAYS, (corpus.train, corpus.validation), strict=True):
            with (folder / f"{name}.tmp").open("wb") as stream:
                np.save(stream, array)
                os.fsync(stream.fileno())
            (folder / f"{name}.tmp").replace(folder / f"{name}.npy")
        with (folder / f"{FACTS}.tmp").open("w") as text:
            json.dump(facts, text, indent=1)
            text.flush()
            os.fsync(text.fileno())
        (folder / f"{FACTS}.tmp").replace(folder / FACTS)
    except OSError as error:
        raise StoreError(f"cannot write the corpus to {folder}: {error.strerror}.") from error


def load(folder: Path) -> dict[str, Any]:
    """The attributes of a prepared corpus; its tokens are memory maps.

    Raises:
        InputError: If it is damaged.
    """
    try:
        facts: dict[str, Any] = json.loads((folder / FACTS).read_text())
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
        counts = facts.pop("tokens")
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"cannot read the prepared corpus {folder}: {error}. Delete it."
        ) from error
    if any(len(arrays[name]) != counts[name] for name in ARRAYS):
        raise InputError(f"the prepared corpus {folder} is damaged: tokens are missing. Delete it.")
    return facts | arrays
