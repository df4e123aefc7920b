"""The architecture problem: both forms have one optimum, and spend the budget M D."""

import itertools

import numpy as np
import pytest

from autotune import problem_file
from autotune.architecture.layer_stack import LayerStack, triad
from autotune.architecture.sparse_constants import SparseConstants
from autotune.errors import InputError
from autotune.laws import catalogue
from autotune.planning import head_schedule
from autotune.search import factory
from autotune.search.codec import Codec
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Timing, Trial

FORMS = ("reduced", "unreduced")
FIELDS = {
    "n_layers": "layers", "n_dense_layers": "dense_layers", "d_model": "d_model",
    "expert_width": "expert_width",
}  # fmt: skip
NUMBERS = tuple(FIELDS.values())


def load(form, **given):
    return problem_file.load("moe_architecture", {"form": form} | given)


def points(problem, n, seed=0):
    """Random configurations, whether they obey the constraints or not."""
    codec = Codec(problem.space)
    rows = codec.snap(np.random.default_rng(seed).random((n, len(codec.names))))
    return [codec.decode(row) for row in rows]


@pytest.mark.parametrize("flops", ["1e18", "1e20"])
def test_both_forms_have_the_same_best_architecture(flops):
    one, other = (load(form, flops=flops) for form in FORMS)
    best = one.best_known(), other.best_known()
    assert all(each.allows(known.config) for each, known in zip((one, other), best, strict=True))
    assert best[0].value == pytest.approx(best[1].value, rel=1e-10)
    realised = one.quantities(best[0].config)
    assert {name: realised[name] for name in NUMBERS} == {
        name: best[1].config[name] for name in NUMBERS
    }


@pytest.mark.parametrize("flops", [1e18, 1e20])
def test_the_best_of_the_unreduced_form_is_legal_and_unbeaten_by_what_surrounds_it(flops):
    """Every step of one or two of depth and dense layers, with steps of one to eight of widths."""
    problem = load("unreduced", flops=f"{flops:g}")
    best = problem.best_known()
    assert problem.evaluate(best.config)["objective"] == pytest.approx(best.value, rel=1e-12)
    middle = [best.config[name] for name in NUMBERS]
    steps = (-64, -16, -8, 0, 8, 16, 64)
    for move in itertools.product((-1, 0, 1, 2), (0, 1, 2), steps, steps):
        config = dict(zip(NUMBERS, np.add(middle, move).tolist(), strict=True))
        if config["dense_layers"] >= config["layers"] or config["layers"] < 2:
            continue
        config["tokens"] = flops / problem.quantities(config | {"tokens": 1.0})["M"] * (1 - 1e-12)
        if problem.allows(config):
            assert problem.evaluate(config)["objective"] >= best.value


def test_every_reduced_architecture_spends_the_budget_and_is_whole():
    problem = load("reduced", flops="3e20")
    for config in points(problem, 100):
        if not problem.allows(config):
            continue
        known = problem.quantities(config)
        assert known["M"] * known["D"] == pytest.approx(3e20)
        assert known["d_model"] % 8 == known["expert_width"] % 8 == 0
        assert 1 <= known["dense_layers"] < known["layers"]


def test_sizes_are_those_of_the_count_and_the_loss_that_of_the_law():
    problem = load("unreduced", law="zhao2025", n_heads="16")
    config = problem.best_known().config
    found = problem.evaluate(config)
    held = SparseConstants(attention=head_schedule.given(16, 128).attention)
    numbers = {field: np.asarray(float(config[name])) for field, name in FIELDS.items()}
    sizes = triad(LayerStack(**numbers), held)
    assert (found["M"], found["N_a"], found["N"]) == (
        sizes.flops_per_token, sizes.n_active, sizes.n_total,
    )  # fmt: skip
    loss = catalogue.preset("zhao2025").loss(
        found["N_a"], config["tokens"], 1 - found["N_a"] / found["N"], top_k=8, shared_share=1 / 9
    )
    assert found["law_loss"] == pytest.approx(float(loss))
    assert found["objective"] == pytest.approx(float(loss) * (1 + found["invented_penalty"]))


def test_every_value_says_how_far_the_law_extrapolates():
    """Table IX was fitted up to 1e21 FLOPs, of 6 N_a D: scores are not in them."""
    for flops, times in (("1e20", 1.0), ("1e23", 50.0)):
        problem = load("reduced", flops=flops)
        assert problem.evaluate(problem.defaults)["extrapolation"] >= times


@pytest.mark.parametrize("form", FORMS)
def test_it_says_that_the_penalty_is_invented(form):
    assert "invented" in load(form).source
    assert "invented" in load(form).summary


def test_algebra_leaves_hardly_any_point_infeasible_and_rejection_hardly_any_feasible():
    share = {
        form: np.mean([problem.allows(config) for config in points(problem, 300)])
        for form in FORMS
        for problem in [load(form)]
    }
    assert share["reduced"] > 0.9
    assert share["unreduced"] < 0.02


def test_the_first_phase_keeps_the_hidden_size_in_the_middle_of_its_interval():
    problem = load("reduced", ratio_trials="5")
    search = factory.search(problem, SearchSettings(learner="random"))
    places = []
    for i in range(8):
        config = search.ask()
        value = problem.evaluate(config)["objective"]
        search.tell(Completed(Trial(str(i), config), value, Timing(0, "w0", 0, 0)))
        places.append(config["place"])
    assert places[:5] == [0.5] * 5
    assert 0.5 not in places[5:]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"law": "hoffmann2022"}, "dense law"),
        ({"law": "ludziejewski2025"}, "N/N_a is nothing to it"),
        ({"ratio_trials": "-1"}, "ratio_trials must be >= 0, not -1"),
        ({"n_heads": "3"}, "3x128 is no choice of heads"),
        ({"top_k": "288"}, "top_k is 288 of 288"),
        ({"flops": "0"}, "flops must be finite and > 0"),
    ],
)
def test_a_wrong_option_is_one_clear_error(given, says):
    with pytest.raises(InputError, match=says):
        load("reduced", **given)
