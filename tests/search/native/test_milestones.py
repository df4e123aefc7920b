"""When hyperparameters are learned, and what is learned near those of a shorter record."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.search.native.hyper import Data, Hyper
from autotune.search.native.milestones import BETWEEN, FEW, OFTEN, dense, doubled, sparse
from autotune.search.native.surrogate import learn, relearn, surrogate

counts = st.integers(0, 20_000)
positive = st.floats(1e-3, 1e3)


@pytest.mark.parametrize("milestone", [dense, sparse])
@given(n=counts)
def test_a_milestone_is_its_own_and_none_comes_before_an_earlier_one(milestone, n):
    assert milestone(milestone(n)) == milestone(n) <= milestone(n + 1)


@given(n=counts)
def test_at_most_a_tenth_of_the_outcomes_is_later_than_a_dense_milestone(n):
    assert 0 <= n - dense(n) <= n / 10
    assert n >= OFTEN or dense(n) == n


@given(n=counts)
def test_at_most_an_eighth_of_the_outcomes_is_later_than_a_sparse_milestone(n):
    assert 0 <= n - sparse(n) <= n / BETWEEN
    assert n >= FEW or sparse(n) == n


@given(n=st.integers(FEW, 20_000))
def test_every_doubling_is_a_sparse_milestone_with_few_between(n):
    last = doubled(n)
    assert n / 2 < last <= n
    assert sparse(last) == last
    assert len({sparse(i) for i in range(last, 2 * last)}) == BETWEEN


@given(
    lengths=st.lists(positive, min_size=2, max_size=2),
    rest=st.tuples(positive, positive),
    variance=st.none() | positive,
)
def test_hyperparameters_are_read_back_from_their_logarithms(lengths, rest, variance):
    owner = np.array([0, 1, 1])
    hyper = Hyper(length=np.array(lengths)[owner], noise=rest[0], bowl=rest[1], variance=variance)
    again = Hyper.of(hyper.vector(owner), owner)
    assert again.length == pytest.approx(hyper.length)
    assert (again.noise, again.bowl) == pytest.approx(rest)
    assert (again.variance is None) == (variance is None)
    assert variance is None or again.variance == pytest.approx(variance)


def smooth(n, *, failing=False):
    """Trials of a function of two of three parameters, and which of them have a value."""
    x = np.random.default_rng(1).random((n, 3))
    y = np.sin(4 * x[:, 0]) + 2 * (x[:, 1] - 0.4) ** 2
    told = x[:, 2] < 0.7 if failing else np.ones(n, dtype=bool)
    owner = np.arange(3)
    return Data(x[told], y[told], owner), Data(x, told.astype(float), owner)


@pytest.mark.parametrize("screens", [False, True])
def test_what_is_learned_near_a_shorter_record_predicts_as_well_as_what_is_learned_anew(screens):
    record, fresh = smooth(40), smooth(400)[0]
    before = learn(*smooth(20))
    off = []
    for shape in (relearn(*record, before, screens=screens), learn(*record)):
        model = surrogate(shape, *record, cautious=False)
        off.append(np.sqrt(np.mean((model.medians(fresh.x) - fresh.y) ** 2)))
    assert off[0] < max(1.5 * off[1], 1e-3)


def test_unless_warps_are_compared_the_one_before_stays():
    before = learn(*smooth(20))
    for bend in (0, 2):
        kept = type(before)(before.hyper, bend, before.trended, before.success)
        assert relearn(*smooth(40), kept, screens=False).bend == bend


def test_the_first_failure_after_the_shorter_record_is_learned_from():
    before = learn(*smooth(20))
    assert before.success is None
    shape = relearn(*smooth(40, failing=True), before, screens=False)
    model = surrogate(shape, *smooth(40, failing=True), cautious=False)
    good, bad = model.log_success(np.array([[0.5, 0.5, 0.2], [0.5, 0.5, 0.95]]))
    assert good > -0.2
    assert bad < -1
