"""The order of tokens is a pure function of seed and step, and wastes no text."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.training import token_order
from autotune.training.corpus import Corpus

counts = st.integers(1, 40)


def counted(n):
    """A corpus whose every token is its own position."""
    ids = np.arange(n, dtype=np.int32)
    return Corpus(
        name="counted", fingerprint="0", vocabulary=n, train=ids, validation=ids, bytes_per_token=1
    )


@given(windows=counts, context=counts, sequences=st.integers(1, 9), seed=st.integers(0, 2**40))
def test_every_epoch_sees_each_window_once(windows, context, sequences, seed):
    corpus = counted((windows + 1) * context)
    steps = -(-windows // sequences)
    rows = [
        token_order.batch(corpus, seed=seed, step=step, sequences=sequences, context=context)
        for step in range(steps)
    ]
    starts = np.concatenate(rows)[:windows, 0]
    assert len(set(starts // context)) == windows
    assert len(set(starts % context)) == 1


@given(seed=st.integers(0, 2**63), step=st.integers(0, 10**9), context=st.integers(1, 64))
def test_a_batch_is_a_run_of_text_and_the_same_again(seed, step, context):
    corpus = counted(4000)
    asked = {"seed": seed, "step": step, "sequences": 5, "context": context}
    found = token_order.batch(corpus, **asked)
    assert found.shape == (5, context + 1)
    assert found.dtype == np.int64
    assert (np.diff(found, axis=1) == 1).all()
    assert (found == token_order.batch(corpus, **asked)).all()


@given(seed=st.integers(0, 2**40), step=st.integers(0, 1000), sequences=st.integers(1, 8))
def test_the_order_does_not_depend_on_the_size_of_the_batch(seed, step, sequences):
    corpus = counted(3000)
    whole = token_order.batch(corpus, seed=seed, step=step, sequences=2 * sequences, context=8)
    halves = [
        token_order.batch(corpus, seed=seed, step=2 * step + i, sequences=sequences, context=8)
        for i in (0, 1)
    ]
    assert (whole == np.concatenate(halves)).all()


def test_seeds_and_epochs_differ():
    corpus = counted(3000)
    one, other, later = (
        token_order.batch(corpus, seed=seed, step=step, sequences=99, context=30)
        for seed, step in ((0, 0), (1, 0), (0, 1))
    )
    assert (one != other).any()
    assert (one != later).any()
    assert len(np.unique(one[:, 0])) == 99


def test_validation_windows_are_fixed_and_do_not_overlap():
    found = token_order.validation_windows(counted(1000), windows=20, context=16)
    assert (found == token_order.validation_windows(counted(1000), windows=20, context=16)).all()
    assert (np.diff(found[:, 0]) >= 16).all()
    assert 900 < found[-1, -1] < 1000
    assert len(token_order.validation_windows(counted(100), windows=20, context=16)) == 6


def test_a_memory_map_gives_the_same_batches(tmp_path):
    corpus = counted(999)
    np.save(tmp_path / "ids.npy", corpus.train)
    mapped = replace(corpus, train=np.load(tmp_path / "ids.npy", mmap_mode="r"))
    one, other = (
        token_order.batch(each, seed=3, step=7, sequences=4, context=9) for each in (corpus, mapped)
    )
    assert (one == other).all()


def test_repetition_is_counted_and_capped():
    corpus = counted(1010)
    assert token_order.epochs(corpus, tokens=2000, context=10) == 2
    token_order.refuse_short(corpus, tokens=4000, sequences=4, context=10)
    with pytest.raises(InputError, match=r"5\.0 times, at most 4 .* train on 4,000 tokens"):
        token_order.refuse_short(corpus, tokens=5000, sequences=4, context=10)


def test_a_corpus_shorter_than_one_batch_is_refused_with_both_lengths():
    with pytest.raises(InputError, match=r"has 100 training tokens, fewer than one batch of 9 x"):
        token_order.refuse_short(counted(100), tokens=1, sequences=9, context=16)
    with pytest.raises(InputError, match="fewer than one window of 101"):
        token_order.validation_windows(counted(100), windows=1, context=100)
