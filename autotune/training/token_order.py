"""Which tokens a step sees: a pure function of seed and step, each window once per epoch."""

import math

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.training.corpus import Corpus

MAX_EPOCHS = 4.0
"""Repetitions up to which loss is close to that of fresh text (Muennighoff et al. 2023, sec. 6)."""
ROUNDS = 6  # of the Feistel network; Luby and Rackoff (1988) need four


def batch(
    corpus: Corpus, *, seed: int, step: int, sequences: int, context: int
) -> NDArray[np.int64]:
    """The tokens of one step, shape (sequences, context + 1); targets are one token later.

    Training tokens are cut into windows of `context`; every epoch goes through all of them in
    an order of its own, from a start of its own.

    Raises:
        InputError: If the corpus is shorter than one window.
    """
    windows = n_windows(corpus, context)
    if not windows:
        refuse_short(corpus, tokens=0, sequences=sequences, context=context)
    index = np.arange(step * sequences, (step + 1) * sequences, dtype=np.int64)
    found = np.empty((sequences, context + 1), np.int64)
    for epoch in range(int(index[0]) // windows, int(index[-1]) // windows + 1):
        here = index // windows == epoch
        phase = int(_mix(np.uint64(seed), np.uint64(2 * epoch)) % np.uint64(context))
        key = int(_mix(np.uint64(seed), np.uint64(2 * epoch + 1)))
        start = _permuted(index[here] % windows, windows, key=key) * context + phase
        found[here] = _windows(corpus.train, start, context)
    return found


def n_windows(corpus: Corpus, context: int) -> int:
    """Windows of an epoch; the start of an epoch moves, so one window stays free for it."""
    return max(0, (len(corpus.train) - context) // context)


def validation_windows(corpus: Corpus, *, windows: int, context: int) -> NDArray[np.int64]:
    """The same evenly spaced windows every time, shape (at most `windows`, context + 1).

    Raises:
        InputError: If there is not one window to validate on.
    """
    there = (len(corpus.validation) - 1) // context
    if there < 1:
        raise InputError(
            f"corpus {corpus.name} has {len(corpus.validation):,} validation tokens, fewer than "
            f"one window of {context + 1}. Give more text or a shorter context."
        )
    n = min(windows, there)
    start = np.arange(n, dtype=np.int64) * there // n * context
    return _windows(corpus.validation, start, context)


def epochs(corpus: Corpus, *, tokens: float, context: int) -> float:
    """How often `tokens` go through the training windows; infinite if there are none."""
    there = n_windows(corpus, context) * context
    return tokens / there if there else math.inf


def refuse_short(
    corpus: Corpus,
    *,
    tokens: float,
    sequences: int,
    context: int,
    max_epochs: float = MAX_EPOCHS,
) -> None:
    """Refuse a corpus that is shorter than one batch, or that would be repeated too often.

    Raises:
        InputError: With how long it is and how long it must be.
    """
    there = n_windows(corpus, context)
    if there < sequences:
        raise InputError(
            f"corpus {corpus.name} has {len(corpus.train):,} training tokens, fewer than one batch "
            f"of {sequences} x {context}. Give more text, a smaller batch or a shorter context."
        )
    rounds = epochs(corpus, tokens=tokens, context=context)
    if rounds > max_epochs:
        raise InputError(
            f"{tokens:,.0f} tokens would repeat the {len(corpus.train):,} training tokens of "
            f"corpus {corpus.name} {rounds:.1f} times, at most {max_epochs:g} are allowed. "
            f"Give more text or train on {max_epochs * there * context:,.0f} tokens or fewer."
        )


def _windows(
    tokens: NDArray[np.integer], start: NDArray[np.int64], context: int
) -> NDArray[np.int64]:
    return np.asarray(tokens[start[:, None] + np.arange(context + 1)], dtype=np.int64)


def _permuted(index: NDArray[np.int64], size: int, *, key: int) -> NDArray[np.int64]:
    """A permutation of 0 .. size - 1 at some indices, without holding it: a Feistel network.

    The network permutes the next power of four; values that fall outside walk on until they
    are inside (cycle walking, Black and Rogaway 2002).
    """
    half = max(1, math.ceil(math.log2(max(size, 2)) / 2))
    value = index.astype(np.uint64)
    outside = np.ones(len(value), np.bool_)
    while outside.any():
        value[outside] = _feistel(value[outside], half, key)
        outside = value >= size
    return value.astype(np.int64)


def _feistel(value: NDArray[np.uint64], half: int, key: int) -> NDArray[np.uint64]:
    mask, shift = np.uint64((1 << half) - 1), np.uint64(half)
    left, right = value >> shift, value & mask
    for round_ in range(ROUNDS):
        mixed = _mix(right, np.uint64((key + round_) & 0xFFFFFFFFFFFFFFFF)) & mask
        left, right = right, left ^ mixed
    return (left << shift) | right


def _mix(value: NDArray[np.uint64] | np.uint64, key: np.uint64) -> NDArray[np.uint64]:
    """Hash 64 bits to 64 bits (splitmix64, Steele et al. 2014), keyed by its start."""
    with np.errstate(over="ignore"):
        z = np.asarray(value, np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = z + key * np.uint64(0xD1B54A32D192ED03) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
