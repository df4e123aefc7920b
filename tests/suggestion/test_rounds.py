"""The closed loop: what it trains next, what it never spends, and when it stops."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_beliefs import made
from made_study import TRUTH, completed, failed, problem

from autotune.errors import InputError
from autotune.fitting.candidates import Wanted
from autotune.suggestion.finished import finished, label
from autotune.suggestion.first import first_runs
from autotune.suggestion.long_run import NEAR, SHARE, long_runs
from autotune.suggestion.offer import Offer, offer
from autotune.suggestion.recorded import decisions, placed
from autotune.suggestion.rounds import (
    LONG_RUN,
    NO_PROMISE,
    Aim,
    _promises,
    _seeded,
    _suggested,
    decide,
)
from autotune.suggestion.suggest import suggest

HOFFMANN = Wanted(forms=("hoffmann",))


@cache
def offered(*, seeds=False):
    return offer(problem(seeds=seeds))


ALL = Aim(target=3e22, spend=3e20, least_gain=0.0, wanted=HOFFMANN)


@cache
def loop(aim, *, seeds=False, rounds=12):
    """Every decision of a study whose trials follow the law with noise of their own."""
    made, rng, outcomes, steps = problem(seeds=seeds), np.random.default_rng(0), [], []
    for _ in range(rounds):
        steps.append(decide(made, offered(seeds=seeds), finished(made, outcomes), aim))
        if not steps[-1].configs:
            break
        outcomes += [completed(c, noise=0.003 * rng.normal()) for c in steps[-1].configs]
    return steps, outcomes


@settings(max_examples=30)
@given(spend=st.floats(2e19, 1e22), count=st.integers(1, 12))
def test_first_runs_are_different_and_within_the_spend(spend, count):
    runs = offered().runs
    try:
        picks = first_runs(runs, spend, count=count)
    except InputError:
        assert np.sort(runs.flops)[:count].sum() > spend
        return
    assert len(set(picks)) == count
    assert runs.flops[picks].sum() <= spend


def test_a_study_spends_what_it_may_and_ends_near_the_truth():
    steps, outcomes = loop(ALL)
    assert steps[-1].why == "the spend is gone"
    assert finished(problem(), outcomes).spent <= 3e20
    assert len({label(each.trial.config) for each in outcomes}) == len(outcomes)
    view = steps[-1].view
    n, d = float(view.best.n_active[0]), float(view.best.tokens[0])
    exact = min(float(TRUTH.loss(size, 3e22 / (6 * size))) for size in np.geomspace(1e8, 1e11, 400))
    assert float(TRUTH.loss(n, d)) < exact * 1.01
    assert view.loss_band[0] < exact < view.loss_band[1]


def test_a_settled_study_stops_before_its_spend_is_gone():
    steps, outcomes = loop(Aim(target=3e22, spend=1e22, settle=0.01, wanted=HOFFMANN))
    assert steps[-1].why == "the plan is settled"
    assert steps[-1].view.regret < 0.01
    assert finished(problem(), outcomes).spent < 1e22


def test_a_study_ends_where_no_runs_promise_to_take_enough_of_the_regret_away():
    aim = Aim(target=3e22, spend=1e22, least_gain=0.5, wanted=HOFFMANN)
    steps, outcomes = loop(aim)
    last = steps[-1]
    assert (last.why, last.configs) == (NO_PROMISE, ())
    assert last.view.regret_after > 0.5 * last.view.regret
    assert finished(problem(), outcomes).spent < 1e22
    for step in steps[:-1]:
        known = step.view is not None and step.why != LONG_RUN
        assert not known or step.view.regret_after <= 0.5 * step.view.regret


@given(
    shares=st.lists(st.floats(0.1, 0.5), max_size=20),
    spend=st.floats(1e19, 1e21),
    left=st.floats(0, 1),
    trained=st.floats(0, 0.5),
)
def test_a_long_run_is_nearly_the_longest_that_may_be_and_is_paid_for(shares, spend, left, trained):
    costs, trained = spend * np.array(shares), spend * trained
    rows = long_runs(costs, spend=spend, left=left * spend, trained=trained)
    allowed = costs[costs <= SHARE * spend]
    assert (costs[rows] <= left * spend).all()
    assert set(costs[rows]) <= set(allowed[allowed >= NEAR * allowed.max(initial=0.0)])
    if len(rows):
        assert trained < costs[rows].min() / NEAR
        assert not len(long_runs(costs, spend=spend, left=left * spend, trained=allowed.max()))
        assert len(long_runs(costs, spend=spend, left=spend, trained=trained)) >= len(rows)


def test_a_study_trains_one_long_run_as_soon_as_laws_say_which():
    steps, outcomes = loop(ALL)
    first = next(i for i, step in enumerate(steps) if step.view is not None)
    assert [i for i, step in enumerate(steps) if step.why == LONG_RUN] == [first]
    cost = steps[first].asked.runs.flops
    longest = max(c for c in offered().runs.flops if c <= SHARE * ALL.spend)
    assert cost.tolist() == [pytest.approx(longest)]
    assert finished(problem(), outcomes).largest == cost[0]
    early = replace(ALL, settle=2 * steps[first].view.regret)
    known = finished(problem(), outcomes[: steps[first].trained])
    assert decide(problem(), offered(), known, early).why == "the plan is settled"


def test_a_long_run_that_failed_is_followed_by_another():
    steps, outcomes = loop(ALL)
    at = next(i for i, step in enumerate(steps) if step.why == LONG_RUN)
    known = outcomes[: steps[at].trained]
    lost = steps[at].configs[0]
    done = finished(problem(), [*known, failed(lost)])
    assert done.largest == finished(problem(), known).largest
    again = decide(problem(), offered(), done, replace(ALL, spend=6e20))
    assert again.why == LONG_RUN
    assert again.configs[0] != lost


def test_where_a_part_of_what_is_left_promises_too_little_all_of_it_is_looked_at():
    belief, runs, _ = made()
    everything = Offer(tuple({"row": i} for i in range(len(runs))), runs)
    part, whole = suggest(belief, runs, spend=5e20, n=2), suggest(belief, runs, spend=1e21, n=16)
    share = [1 - view.regret_after / view.regret for view in (part, whole)]
    assert share[0] < share[1]
    aim = Aim(target=1e24, spend=1e21, n=2, least_gain=sum(share) / 2)
    view, promising = _suggested(belief, everything, 1e21, aim, once=False)
    assert promising
    assert view.picks == whole.picks[:2]
    assert view.regret_after >= whole.regret_after
    aim = replace(aim, least_gain=min(1.01 * share[1], 1.0))
    assert not _suggested(belief, everything, 1e21, aim, once=False)[1]
    certain = replace(view, regret=0.0, regret_after=0.0)  # nothing to gain
    assert not _promises(certain, aim)
    assert _promises(certain, replace(aim, least_gain=0.0))


def test_rounds_on_record_are_read_as_they_were_decided():
    steps, outcomes = loop(ALL)
    jobs = [
        {"at": 0.0, "search": {"target": 3e22, "settle": 0.0, "round": s.to_json()}} for s in steps
    ]
    jobs = json.loads(json.dumps([{"at": 0.0}, {"at": 0.0, "search": {"target": 3e22}}, *jobs]))
    read = decisions(jobs)
    assert [each.number for each in read] == list(range(1, len(steps) + 1))
    for step, found in zip(steps, read, strict=True):
        assert (found.trained, found.spent, found.why) == (step.trained, step.spent, step.why)
        assert list(found.configs) == list(step.configs)
        assert [place.flops for place in found.places] == step.asked.runs.flops.tolist()
        assert (found.known is None) is (step.view is None)
    known, view = read[-1].known, steps[-1].view
    assert (known.band, known.regret, known.loss) == (view.band, view.regret, view.loss)
    assert sum(known.laws.values()) == pytest.approx(1)
    where = placed(read, outcomes)
    assert [each.loss for each in where] == [each.value for each in outcomes]
    assert [each.place.n_active for each in where] == [o.trial.config["n"] for o in outcomes]


def test_the_same_outcomes_lead_to_the_same_decision():
    made, aim = problem(), Aim(target=3e22, spend=3e20, wanted=HOFFMANN)
    outcomes = [completed(config) for config in offered().configs[:12]]
    one, two = (decide(made, offered(), finished(made, outcomes), aim) for _ in range(2))
    assert one.to_json() == two.to_json()


def test_a_configuration_that_failed_is_paid_for_and_not_tried_again():
    made = problem()
    lost = offered().configs[3]
    done = finished(made, [failed(lost)])
    assert done.runs is None
    assert done.spent == offered().runs.flops[3]
    step = decide(made, offered(), done, Aim(target=3e22, spend=3e20))
    assert lost not in step.configs


def test_losses_at_fewer_tokens_of_one_run_are_runs_of_their_own():
    config = {"n": 1e7, "d": 8e9}
    done = finished(
        problem(), [completed(config, metrics={"loss@2e9": 4.0, "loss@4000000000": 3.9})]
    )
    assert done.runs.tokens.tolist() == [8e9, 2e9, 4e9]
    assert done.runs.loss.tolist()[1:] == [4.0, 3.9]
    assert done.spent == pytest.approx(6 * 1e7 * 8e9)


def test_replicates_have_seeds_of_their_own():
    made = problem(seeds=True)
    config = {"n": 1e7, "d": 2e9, "seed": 0}
    done = finished(made, [completed(config)])
    twice = offered(seeds=True).take(np.array([offered(seeds=True).configs.index(config)] * 2))
    assert [each["seed"] for each in _seeded(twice, done).configs] == [1, 2]
    assert {each["seed"] for each in offered(seeds=True).configs} == {0}


def test_a_run_that_would_repeat_a_branch_has_a_seed_of_its_own():
    made = problem(seeds=True, halves=1)
    runs = offer(made)
    long, short = {"n": 1e7, "d": 4e9, "seed": 0}, {"n": 1e7, "d": 2e9, "seed": 0}
    rows = np.array([runs.configs.index(each) for each in (long, short, long)])
    first = _seeded(runs.take(rows), finished(made, []))
    assert [each["seed"] for each in first.configs] == [0, 1, 2]
    done = finished(made, [completed(long, metrics={"loss@2000000000": 3.9})])
    assert [each["seed"] for each in _seeded(runs.take(rows[1:2]), done).configs] == [1]


def test_a_branch_that_repeats_a_run_of_its_length_and_seed_is_one_observation():
    made = problem(seeds=True, halves=1)
    trunk = completed({"n": 1e7, "d": 4e9, "seed": 0}, metrics={"loss@2000000000": 3.9})
    for seed, loss, losses in ((0, 3.9, 2), (1, 3.9, 3), (0, 3.9 + 1e-15, 3)):
        alone = replace(completed({"n": 1e7, "d": 2e9, "seed": seed}), value=loss)
        for outcomes in ([trunk, alone], [alone, trunk]):
            done = finished(made, outcomes)
            assert (len(done.runs), done.repeated) == (losses, 3 - losses)
            assert decide(made, offer(made), done, ALL).to_json()["repeated"] == 3 - losses
            assert sorted(done.runs.tokens)[:2] == ([2e9, 4e9] if losses == 2 else [2e9, 2e9])


def test_equal_losses_of_whole_runs_are_observations_each():
    alone = replace(completed({"n": 1e7, "d": 2e9}), value=3.9)
    assert len(finished(problem(), [alone, alone]).runs) == 2


def test_a_spend_below_the_first_runs_says_what_they_cost():
    with pytest.raises(InputError, match="cheapest of 64 runs cost"):
        decide(problem(), offered(), finished(problem(), []), Aim(target=1e22, spend=1e15))
