"""Priors: laws and studies as what is believed of an objective before its first trial."""

from dataclasses import replace

import numpy as np
import pytest
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, Integer
from hypothesis import given
from hypothesis import strategies as st

from autotune import problem_file
from autotune.errors import InputError
from autotune.laws.catalogue import PRESETS
from autotune.problem import Problem
from autotune.search import factory
from autotune.search.codec import Codec
from autotune.search.law_source import law_source
from autotune.search.prior_start import over
from autotune.search.settings import SearchSettings
from autotune.search.study_source import study_source
from autotune.trials import Timing

from .conftest import mixed_space
from .native.test_native_search import bowl, completed

NOW = Timing(0.0, "w0", 0.0, 0.0)
LAW_PROBLEMS = [
    ("dense_budget", "besiroglu2024", {}),
    ("moe_budget", "generalized-moe", {}),
    ("moe_budget", "krajewski2024-moe", {"flops": "1e20"}),
    ("moe_given_sparsity", "generalized-moe", {}),
    ("best_sparsity", "generalized-moe", {}),
    ("best_sparsity", "abnar2025", {"hold": "tokens"}),
    ("best_sparsity", "abnar2025", {"hold": "nothing"}),
    ("inference_budget", "besiroglu2024", {}),
]


def mixed(**changes):
    space = ConfigurationSpace()
    space.add(
        Float("x", (0.0, 1.0)),
        Float("y", (1e-3, 1.0), log=True),
        Integer("n", (1, 64), log=True),
        Categorical("c", ["a", "b", "c"]),
    )
    fields = {"name": "mixed", "summary": "", "space": space, "objective": bowl}
    return Problem(**(fields | changes))


def play(search, objective, n):
    configs = []
    for _ in range(n):
        configs.append(search.ask())
        search.tell(completed(configs[-1], objective(configs[-1])))
    return configs


def chosen(seed=0, initial_points=4):
    return SearchSettings(seed=seed, initial_points=initial_points)


def begun_with(source, seed=0, problem=None):
    problem = problem or mixed()
    return factory.search(problem, chosen(seed), over(problem.space, {"made": source}))


@pytest.mark.parametrize("seed", range(3))
def test_the_optimum_of_a_perfect_prior_is_the_first_proposal(seed):
    first = begun_with(bowl, seed).ask()
    assert (first["n"], first["c"]) == (8, "b")
    assert bowl(first) < 1e-5


def test_a_prior_in_another_unit_is_as_good():
    """Bits for nats, or a loss that is higher everywhere."""
    first = play(begun_with(bowl), bowl, 6)
    second = play(begun_with(lambda c: 4 * bowl(c) - 8), bowl, 6)
    for config, other in zip(first, second, strict=True):
        assert (config["n"], config["c"]) == (other["n"], other["c"])
        assert (config["x"], config["y"]) == pytest.approx((other["x"], other["y"]), rel=1e-6)


@pytest.mark.long
def test_what_a_prior_leaves_out_is_learned():
    """The prior knows nothing of `x`, and is wrong about `n`."""

    def half(c):
        return 0.1 * (np.log10(c["y"]) + 1.5) ** 2 + 0.05 * np.log2(c["n"] / 5) ** 2

    best = min(bowl(c) for c in play(begun_with(half), bowl, 30))
    assert best < 1e-4


@pytest.mark.parametrize(
    "misleading",
    [lambda c: -bowl(c), lambda c: np.cos(40 * c["x"]) + np.sin(17 * np.log(c["y"]))],
    ids=["opposite", "unrelated"],
)
@pytest.mark.long
def test_a_misleading_prior_does_not_keep_the_search_from_the_optimum(misleading):
    """Without a prior, seeds 0 to 2 are below 1e-3 after 17 to 19 trials."""
    assert min(bowl(c) for c in play(begun_with(misleading), bowl, 25)) < 1e-3


def test_the_same_record_gives_the_same_next_points_with_trials_running():
    search = begun_with(lambda c: bowl(c) + 0.1 * c["x"], seed=5)
    outcomes = [completed(c, bowl(c)) for c in play(search, bowl, 12)]
    running = [search.ask() for _ in range(3)]
    resumed = begun_with(lambda c: bowl(c) + 0.1 * c["x"], seed=5)
    for outcome in outcomes:
        resumed.tell(outcome)
    assert [resumed.ask() for _ in range(3)] == running


def test_a_prior_that_says_nothing_of_some_configurations_counts_them_among_its_worst():
    prior = over(mixed().space, {"half": lambda c: np.where(c["x"] < 0.5, c["x"], np.nan)})
    predicted = prior({"x": np.array([0.1, 0.4, 0.9])})[:, 0]
    assert predicted[:2] == pytest.approx([0.1, 0.4])
    assert predicted[2] >= 0.49


def test_a_prior_that_tells_nothing_apart_is_refused():
    with pytest.raises(InputError, match=r"prior flat tells .* nowhere: .* 1 for 512"):
        over(mixed().space, {"flat": lambda c: np.ones(len(c["x"]))})
    with pytest.raises(InputError, match="predicts nothing for any"):
        over(mixed().space, {"mute": lambda c: np.full(len(c["x"]), np.nan)})


def test_a_small_finite_space_is_searched_with_a_prior_too():
    space = ConfigurationSpace()
    space.add(Integer("n", (1, 30)), Categorical("c", ["a", "b"]))
    problem = Problem(name="small", summary="", space=space, objective=lambda _: 0.0)

    def value(c):
        return (c["n"] - 11) ** 2 + 5.0 * (c["c"] == "a")

    search = begun_with(lambda c: (c["n"] - 9) ** 2, problem=problem)
    assert min(map(value, play(search, value, 15))) == 0


@given(unit=st.lists(st.floats(0, 1), min_size=7, max_size=7))
def test_columns_are_the_values_of_decoded_configurations(unit):
    codec = Codec(mixed_space())
    point = codec.snap(np.array([unit]))
    columns, config = codec.columns(point), codec.decode(point[0])
    for name, column in columns.items():
        if name in config:
            value = config[name]
            assert column[0] == (pytest.approx(value) if isinstance(value, float) else value)
        else:
            assert column[0] != column[0]  # not-a-number


@given(unit=st.lists(st.floats(0, 1), min_size=7, max_size=7))
def test_values_are_placed_where_they_came_from(unit):
    codec = Codec(mixed_space())
    point = codec.snap(np.array([unit]))
    np.testing.assert_allclose(codec.placed(codec.columns(point)), point, atol=1e-9)


@pytest.mark.parametrize(("name", "law", "options"), LAW_PROBLEMS, ids=str)
def test_a_problems_own_law_predicts_its_objective(name, law, options):
    problem = problem_file.load(name, {"law": law, **options})
    codec = Codec(problem.space)
    points = codec.snap(np.random.default_rng(0).random((200, len(codec.names))))
    predicted = law_source(problem, PRESETS[law], law)(codec.columns(points))
    configs = [codec.decode(point) for point in points]
    legal = [i for i, config in enumerate(configs) if problem.allows(config)]
    assert len(legal) > 20
    measured = [problem.objective(configs[i])["objective"] for i in legal]
    np.testing.assert_allclose(predicted[legal], measured, rtol=1e-9)


def test_the_slopes_of_a_law_match_differences():
    problem = problem_file.load("moe_budget", {})
    source = law_source(problem, PRESETS["abnar2025"], "abnar2025")
    codec = Codec(problem.space, over(problem.space, {"abnar2025": source}))
    plain = Codec(problem.space)
    point = plain.snap(np.array([[0.4, 0.6, 0.2]]))[0]
    at = plain.names.index("n_active")
    step = np.zeros(3)
    step[at] = 1e-4
    up, down = (source(plain.columns((point + s)[None, :]))[0] for s in (step, -step))
    assert codec.slopes(point)[0, 0] == pytest.approx((up - down) / 2e-4, rel=1e-4)
    edge = np.where(step > 0, 1.0, point)
    assert np.isfinite(codec.slopes(edge)).all()


def test_a_dense_law_is_asked_about_active_parameters():
    problem = problem_file.load("moe_budget", {})
    law = PRESETS["hoffmann2022"]
    columns = {"n_active": np.array([1e9]), "n_experts": np.array([64.0]), "top_k": np.array([2.0])}
    assert law_source(problem, law, "h")(columns) == pytest.approx(law.loss(1e9, 1e21 / 6e9))


@pytest.mark.parametrize(
    ("law", "problem", "says"),
    [
        ("abnar2025", mixed(), "mixed does not say how .* takes no --prior-law"),
        ("clark2022-hash", None, r"holds at 1\.3e\+11 tokens alone"),
        ("krajewski2024-moe", None, "needs granularity, which problem moe_budget does not have"),
    ],
)
def test_a_law_that_cannot_speak_of_a_problem_is_refused(law, problem, says):
    with pytest.raises(InputError, match=says):
        law_source(problem or problem_file.load("moe_budget", {}), PRESETS[law], law)


def studied(problem, objective, n=40, seed=9):
    search = factory.search(problem, SearchSettings(learner="random", seed=seed))
    return [completed(c, objective(c)) for c in play(search, objective, n)]


def test_a_study_predicts_its_own_values():
    outcomes = studied(mixed(), bowl, n=120)
    source = study_source(mixed().space, mixed().space, outcomes[:100], "s")
    codec = Codec(mixed().space)
    points = np.array([codec.encode(each.trial.config) for each in outcomes])
    predicted = source(codec.columns(points))
    values = np.array([each.value for each in outcomes])
    assert np.abs(predicted - values)[:100].max() < 0.02
    assert np.corrcoef(predicted[100:], values[100:])[0, 1] > 0.95


@pytest.mark.long
def test_a_study_of_another_budget_speeds_up_the_next():
    """The optimum of `x` moves, all else stays; and the values are 2.5 times as large."""

    def earlier(c):
        return 2.5 * bowl(c | {"x": c["x"] + 0.1}) + 7

    source = study_source(mixed().space, mixed().space, studied(mixed(), earlier, n=80), "s")
    best = [min(map(bowl, play(begun_with(source, seed), bowl, 15))) for seed in range(3)]
    alone = [
        min(map(bowl, play(factory.search(mixed(), SearchSettings(seed=seed)), bowl, 15)))
        for seed in range(3)
    ]
    assert np.median(best) < 0.2 * np.median(alone)


def test_a_study_helps_with_the_parameters_that_it_shares():
    """Values out of its range count as its nearest end; unknown choices as its middle value."""
    wider = ConfigurationSpace()
    wider.add(
        Float("x", (-1.0, 2.0)), Categorical("c", ["b", "d"]), Categorical("y", ["low", "high"]),
        Float("new", (0.0, 1.0)),
    )  # fmt: skip
    outcomes = studied(mixed(), bowl)
    source = study_source(wider, mixed().space, outcomes, "s")
    assert (source.shared, source.lacking) == (("c", "x"), ("new", "y"))
    columns = {
        "x": np.array([0.0, -1.0, 0.5, 0.5]),
        "c": np.array(["b", "b", "b", "d"], dtype=object),
    }
    inside, beyond, known, unknown = source(columns)
    assert inside == pytest.approx(beyond, rel=1e-12)
    assert unknown == np.median([each.value for each in outcomes]) != known


def test_a_parameter_that_a_condition_switches_off_has_its_own_place_in_a_study():
    space = ConfigurationSpace()
    kind, x = Categorical("kind", ["on", "off"]), Float("x", (0.0, 1.0))
    space.add(kind, x)
    space.add(EqualsCondition(x, kind, "on"))
    problem = Problem(name="p", summary="", space=space, objective=lambda _: 0.0)

    def value(c):
        return 3.0 if c["kind"] == "off" else (c["x"] - 0.2) ** 2

    source = study_source(space, space, studied(problem, value), "s")
    codec = Codec(space)
    points = np.array([codec.encode({"kind": "off"}), codec.encode({"kind": "on", "x": 0.2})])
    assert source(codec.columns(points)) == pytest.approx([3.0, 0.0], abs=0.05)


def test_a_study_of_other_parameters_is_refused():
    other = ConfigurationSpace()
    other.add(Float("z", (0.0, 1.0)), Integer("c", (1, 3)))
    outcomes = [completed({"z": i / 10, "c": 1}, i) for i in range(8)]
    with pytest.raises(InputError, match=r"study s has no parameter of c, n, x, y; it has c, z"):
        study_source(mixed().space, other, outcomes, "s")
    with pytest.raises(InputError, match="has 2 completed trials; a prior needs 5"):
        study_source(mixed().space, other, outcomes[:2], "s")


def test_settings_with_a_prior_have_fewer_points_before_the_first_model():
    assert SearchSettings().n_initial == 10
    assert SearchSettings(prior_laws=("abnar2025",)).n_initial == 4
    assert SearchSettings(prior_studies=("s",), initial_points=7).n_initial == 7


@pytest.mark.parametrize("other", [{"learner": "RF"}, {"engine": "skopt"}, {"learner": "random"}])
def test_only_the_native_process_takes_a_prior(other):
    with pytest.raises(InputError, match="a prior needs --engine native with --learner GP"):
        SearchSettings(prior_laws=("abnar2025",), **other)


def test_settings_that_name_a_prior_are_not_searched_without_it():
    with pytest.raises(InputError, match="name a prior, and none was given"):
        factory.search(mixed(), replace(chosen(), prior_laws=("abnar2025",)))
