"""What a run with cooldown branches is worth, beside one that gives its last loss alone."""

from dataclasses import replace

import numpy as np
import pytest
from made_beliefs import made
from made_study import problem

from autotune.suggestion.greedy import Purse, greedy
from autotune.suggestion.menu import NONE, alone, menu
from autotune.suggestion.offer import offer
from autotune.suggestion.outlook import SHARED, outlook


def halves(runs, count=2):
    return [tuple(tokens / 2**i for i in range(1, count + 1)) for tokens in runs.tokens]


def states():
    """The same state of knowledge, where runs bring branches and where they do not."""
    belief, runs, _ = made()
    with_branches = outlook(belief, menu(runs, halves(runs)))
    brings = np.where(np.arange(3) == 0, with_branches.brings, NONE)
    return with_branches, replace(with_branches, brings=brings)


def test_branches_lie_where_runs_of_their_length_do_and_else_in_places_of_their_own():
    runs = offer(problem()).runs
    found = menu(runs, halves(runs, 1))
    assert len(found.places) == len(runs) + 8  # half of the fewest tokens, for eight sizes
    own, branch = found.brings.T
    assert own.tolist() == list(range(len(runs)))
    assert found.places.tokens[branch] == pytest.approx(runs.tokens / 2)
    assert (found.places.n_active[branch] == runs.n_active).all()
    assert found.runs.tokens.tolist() == runs.tokens.tolist()


def test_runs_without_branches_bring_their_last_loss():
    runs = offer(problem()).runs
    for found in (menu(runs, ()), menu(runs, [()] * len(runs)), alone(runs)):
        assert found.brings.tolist() == [[i] for i in range(len(runs))]
        assert found.places is runs


def test_a_branch_never_makes_a_run_tell_less():
    more, less = states()
    for criterion in ("closeness", "information"):
        gains, without = getattr(more, criterion)(), getattr(less, criterion)()
        assert (gains >= without * (1 - 1e-9)).all()
        assert np.median(gains / without) > 1.05


def test_the_losses_of_one_run_are_learned_from_together():
    """The update of a normal distribution, by plain matrices."""
    state, _ = states()
    x = int(np.argmax(state.gain()))
    places = state.brings[x][state.brings[x] != NONE]
    noise = np.sqrt(state._noise(1)[0, places])
    shared = np.outer(noise, noise) * np.where(np.eye(len(places)) > 0, 1.0, SHARED)
    cov = state.cov[0]
    gain = cov[:, places] @ np.linalg.inv(cov[np.ix_(places, places)] + shared)
    after = state.after(x)
    assert after.cov[0] == pytest.approx(cov - gain @ cov[places], abs=1e-12)
    assert after.known[places].tolist() == (state.known[places] + 1).tolist()
    moved = after.mean[0] - state.mean[0]
    rank = np.linalg.matrix_rank(moved, tol=1e-9)
    assert rank <= len(places)
    assert state.gain()[x] == pytest.approx(after.gain_so_far(), rel=1e-9)


def test_without_branches_the_runs_chosen_are_those_of_a_plain_table():
    belief, runs, state = made()
    same = outlook(belief, menu(runs, [()] * len(runs)))
    purse = Purse(5e20, 4)
    assert greedy(same, runs.flops, purse) == greedy(state, runs.flops, purse)
