"""The problems that searches are compared on have the optima they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems.bench import UnavailableError
from problems.suite import FAILURES, NOISE, SUITE

from autotune.search.codec import Codec
from problems import functions, ladder, moe

HERE = [name for name in SUITE if name != "ladder"]


@pytest.fixture(scope="module", params=HERE)
def bench(request):
    return SUITE[request.param]()


def test_a_problem_attains_its_optimum_at_a_configuration_of_its_space(bench):
    known = bench.problem.best_known()
    assert bench.problem.allows(known.config)
    assert bench.true(known.config) == pytest.approx(bench.optimum, abs=1e-7)
    Codec(bench.problem.space).encode(known.config)  # InputError outside the space


def test_no_configuration_drawn_at_random_is_below_the_optimum(bench):
    codec, rng = Codec(bench.problem.space), np.random.default_rng(0)
    drawn = [codec.decode(point) for point in rng.random((300, len(codec.names)))]
    allowed = [config for config in drawn if bench.problem.allows(config)]
    assert len(allowed) > 50
    assert min(map(bench.true, allowed)) > bench.optimum


def test_the_optimum_of_the_routed_mixture_is_the_published_law_with_our_routing_cost():
    """2.085667417 by another enumeration, of 240 x 99 instead of 120 x 50 points a pair."""
    known = moe.optimum()
    assert known.value == pytest.approx(2.085667417, abs=1e-9)
    assert (known.config["n_experts"], known.config["top_k"]) == (86, 1)
    assert known.config["n_total"] == pytest.approx(3.79e10, rel=1e-3)
    assert known.config["expert_share"] == moe.MOST_SHARE


@given(
    log_n=st.floats(*np.log(moe.SIZES)),
    share=st.floats(0, moe.MOST_SHARE),
    n_experts=st.integers(1, moe.MOST_EXPERTS),
    top_k=st.integers(1, moe.MOST_TOP_K),
)
def test_the_mixture_is_never_below_its_optimum(log_n, share, n_experts, top_k):
    assert moe.loss(np.exp(log_n), share, n_experts, top_k) >= moe.optimum().value - 1e-12


def test_the_routing_cost_is_said_to_be_invented():
    for name in ("moe", "moe_noisy", "moe_failures"):
        bench = SUITE[name]()
        assert "routing cost is invented" in bench.caveat
        assert "routing cost is invented" in bench.problem.source


def test_hartmann_has_a_second_minimum_that_searches_get_stuck_in():
    """-3.2032 near (0.405, 0.882, 0.846, 0.574, 0.139, 0.038), 0.119 above the least."""
    bench = SUITE["hartmann6"]()
    at = (0.40465, 0.88244, 0.84610, 0.57399, 0.13893, 0.03849)
    value = bench.true({f"x{i}": x for i, x in enumerate(at)})
    assert value - bench.optimum == pytest.approx(0.1192, abs=1e-4)


def test_branin_has_three_equal_minima():
    bench = SUITE["branin"]()
    for x, y in ((-np.pi, 12.275), (np.pi, 2.275), (3 * np.pi, 2.475)):
        assert bench.true({"x": x, "y": y}) == pytest.approx(bench.optimum, abs=1e-12)


def test_ackleys_minimum_is_off_the_centre_of_every_range():
    problem = functions.ackley10()
    at = Codec(problem.space).encode(problem.best_known().config)
    assert np.all(np.abs(at - 0.5) > 0.04)


def test_noise_has_the_deviation_it_says_and_is_the_same_for_every_search():
    bench = SUITE["moe_noisy"]()
    shown = [bench.measured(2.0, seed=0, number=i) for i in range(2000)]
    assert np.std(shown) == pytest.approx(NOISE, rel=0.1)
    assert np.mean(shown) == pytest.approx(2.0, abs=5 * NOISE / np.sqrt(2000))
    assert bench.measured(2.0, seed=0, number=7) == shown[7]
    assert bench.measured(2.0, seed=1, number=7) != shown[7]


def test_the_share_of_failures_is_what_it_says_and_the_rest_is_exact():
    bench = SUITE["moe_failures"]()
    shown = [bench.measured(2.0, seed=0, number=i) for i in range(2000)]
    assert shown.count(None) / 2000 == pytest.approx(FAILURES, abs=0.03)
    assert set(shown) == {None, 2.0}


def test_the_ladder_is_the_runs_that_were_trained():
    try:
        bench = SUITE["ladder"]()
    except UnavailableError as reason:
        pytest.skip(str(reason))
    known = bench.problem.best_known()
    assert known.config == {"router": "S-Base", "size": "370M", "n_experts": 4}
    assert known.value == pytest.approx(2.388464, abs=1e-6)
    codec = Codec(bench.problem.space)
    assert codec.size == 162
    grid = [
        {"router": router, "size": size, "n_experts": n_experts}
        for router in ladder.ROUTERS
        for size in ladder.SIZES
        for n_experts in ladder.EXPERTS
    ]
    trained = [config for config in grid if bench.problem.constraints[0].holds(config)]
    allowed = [config for config in grid if bench.problem.allows(config)]
    assert (len(trained), len(allowed)) == (158, 70)
    assert min(map(bench.true, allowed)) == known.value


def test_a_table_that_cannot_be_had_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("AUTOTUNE_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(UnavailableError, match="routed_clark2022"):
        SUITE["ladder"]()
