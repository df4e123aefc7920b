"""Runs on different corpora: their losses are not of one law."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError

COLUMN = "corpus"
"""What each run was trained and validated on: a name and a fingerprint."""


def refuse_mixed(corpora: NDArray[Any] | None, *, name: str) -> None:
    """Refuse runs on more than one corpus.

    Args:
        corpora: The column of that name, None if the table has none.
        name: What to call the table.

    Raises:
        InputError: With the corpora, how many runs each has, and how to choose one.
    """
    if corpora is None or len(corpora) == 0:
        return
    found, counts = np.unique(corpora.astype(str), return_counts=True)
    if len(found) == 1:
        return
    listed = ", ".join(f"{each} ({n})" for each, n in zip(found[:3], counts, strict=False))
    more = ", ..." if len(found) > 3 else ""
    raise InputError(
        f"{name} has runs on {len(found)} corpora, whose losses do not compare: {listed}{more}. "
        f"Choose one with --where \"{COLUMN} == '{found[0]}'\", or allow it with --mixed-corpora."
    )
