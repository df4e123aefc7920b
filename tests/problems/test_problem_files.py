"""Every file of problems/: loads, spends its budget, and its best known value is the best."""

import numpy as np
import pytest

from autotune import problem_file, share
from autotune.errors import InfeasibleError, InputError
from autotune.search import factory
from autotune.search.codec import Codec
from autotune.search.settings import SearchSettings
from autotune.trials import Completed, Timing, Trial

COMMAND = {"command": "echo 1", "params": "x:float:0:1,n:int:1:4"}
COMMANDS = {"command", "train_command"}
MEASURED = {"train_dense", "train_moe", "train_run", "recorded_runs"}  # tested elsewhere
VARIANTS = [
    ("dense_budget", {}),
    ("dense_budget", {"flops": "1e24", "law": "hoffmann2022"}),
    ("moe_budget", {}),
    ("moe_budget", {"law": "abnar2025", "flops": "1e20", "max_total": "3B"}),
    ("moe_budget", {"law": "krajewski2024-moe", "flops": "1e20"}),
    ("moe_budget", {"law": "ludziejewski2025", "max_experts": "32", "max_top_k": "1"}),
    ("moe_given_sparsity", {"sparsity": "0.5"}),
    ("best_sparsity", {}),
    ("best_sparsity", {"hold": "tokens"}),
    ("best_sparsity", {"hold": "nothing", "law": "abnar2025"}),
    ("inference_budget", {}),
    ("inference_budget", {"law": "generalized-moe", "sparsity": "0.9", "inference_tokens": "0"}),
    ("law_coefficients", {"law": "hoffmann"}),
    ("law_coefficients", {"law": "frantar"}),
    ("law_coefficients", {"law": "abnar"}),
    ("moe_architecture", {"ratio_trials": "0"}),
]
UNBUDGETED = {"law_coefficients", "moe_architecture"}  # the second spends M D
BUDGETED = [(name, given) for name, given in VARIANTS if name not in UNBUDGETED]
every = pytest.mark.parametrize(("name", "given"), VARIANTS, ids=str)
budgeted = pytest.mark.parametrize(("name", "given"), BUDGETED, ids=str)


def sample(problem, n, seed=0):
    search = factory.search(problem, SearchSettings(learner="random", seed=seed))
    for i in range(n):
        config = search.ask()
        search.tell(Completed(Trial(str(i), config), 0.0, Timing(0, "w0", 0, 0)))
        yield config


def value(answer):
    return answer if isinstance(answer, float) else answer["objective"]


@pytest.mark.parametrize("path", share.listing("problems", suffix=".py"), ids=lambda p: p.stem)
def test_every_file_loads_and_explains_itself(path):
    file = problem_file.read(str(path))
    assert file.summary.endswith(".")
    assert all(option.doc for option in file.options)
    problem = file.build(COMMAND if path.stem in COMMANDS else {})
    assert problem.name == path.stem
    assert problem.summary
    assert problem.source


def test_every_file_without_runs_of_its_own_is_checked_below():
    names = {path.stem for path in share.listing("problems", suffix=".py")}
    assert names == {name for name, _ in VARIANTS} | COMMANDS | MEASURED


@every
def test_no_random_configuration_beats_the_best_known(name, given):
    problem = problem_file.load(name, given)
    best = problem.best_known().value
    assert min(value(problem.objective(config)) for config in sample(problem, 2000)) >= best


@every
def test_the_best_known_configuration_is_legal_and_attains_its_value(name, given):
    problem = problem_file.load(name, given)
    best = problem.best_known()
    assert problem.allows(best.config)
    assert set(best.config) == set(problem.space)
    Codec(problem.space).encode(best.config)  # refuses what is not a value of the space
    assert value(problem.objective(best.config)) == pytest.approx(best.value, rel=1e-12)


@budgeted
def test_every_sampled_configuration_spends_exactly_the_budget(name, given):
    problem = problem_file.load(name, given)
    for config in sample(problem, 100):
        answer = problem.evaluate(config)
        n_active = config.get("n_active", answer.get("n_active"))
        inference = problem.options.get("inference_tokens", 0)
        spent = 6 * n_active * answer["tokens"] + 2 * n_active * inference
        assert spent == pytest.approx(problem.options["flops"], rel=1e-12)
        assert answer["tokens"] > 0


def test_sampled_mixtures_are_models_under_the_cap():
    problem = problem_file.load("moe_budget", {"max_total": "20B"})
    for config in sample(problem, 300):
        answer = problem.evaluate(config)
        assert config["top_k"] <= config["n_experts"]
        assert config["n_active"] <= answer["n_total"] * (1 + 1e-12) <= 2e10 * (1 + 1e-12)
        assert answer["sparsity"] == pytest.approx(1 - config["n_active"] / answer["n_total"])


def test_the_optimum_of_moe_budget_has_its_sparsity_inside_the_range():
    """At 1e21 and 1e10 total the free optimum is S* = .927, L 2.1621; integers come close."""
    problem = problem_file.load("moe_budget", {})
    best = problem.best_known()
    sparsity = problem.evaluate(best.config)["sparsity"]
    assert sparsity == pytest.approx(0.927, abs=2e-3)
    assert best.value == pytest.approx(2.1621, abs=1e-4)


@pytest.mark.parametrize(
    ("law", "flops", "n_total", "sparsity", "loss"),
    [
        ("generalized-moe", "1e20", "1e9", 0.822, 2.5475),
        ("generalized-moe", "1e21", "1e10", 0.927, 2.1621),
        ("generalized-moe", "3.2856e24", "671e9", 0.806, 1.4439),
        ("abnar2025", "1e20", "3e8", 0.645, None),
        ("abnar2025", "1e20", "1e9", 0.872, None),
        ("abnar2025", "1e21", "1e10", 0.942, None),
        ("abnar2025", "3.2856e24", "671e9", 0.953, 1.6156),
    ],
)
def test_the_best_sparsity_at_held_total_is_the_known_one(law, flops, n_total, sparsity, loss):
    given = {"law": law, "flops": flops, "n_total": n_total}
    best = problem_file.load("best_sparsity", given).best_known()
    assert best.config["sparsity"] == pytest.approx(sparsity, abs=1e-3)
    assert loss is None or best.value == pytest.approx(loss, abs=1e-4)


@pytest.mark.parametrize("hold", ["tokens", "nothing"])
def test_the_best_sparsity_is_at_its_bound_unless_the_total_is_held(hold):
    best = problem_file.load("best_sparsity", {"hold": hold}).best_known()
    assert best.config["sparsity"] == 0.99
    assert "at the upper bound" in best.how


@pytest.mark.parametrize(
    ("sparsity", "n_active", "loss"),
    [("0", 2.437125e9, 2.328778), ("0.5", 3.333098e9, 2.243254), ("0.9", 3.692733e9, 2.113623)],
)
def test_the_best_size_at_a_sparsity_is_the_closed_form(sparsity, n_active, loss):
    """N* = G (C/6)^(beta/(alpha+beta)) with the coefficients of Table IX at 1e21 FLOPs."""
    best = problem_file.load("moe_given_sparsity", {"sparsity": sparsity}).best_known()
    assert best.config["n_active"] == pytest.approx(n_active, rel=1e-6)
    assert best.value == pytest.approx(loss, abs=1e-6)


def test_inference_makes_the_best_model_smaller():
    few, many = (
        problem_file.load("inference_budget", {"inference_tokens": tokens}).best_known()
        for tokens in ("1e10", "1e13")
    )
    assert many.config["n_active"] < few.config["n_active"]


def test_inference_optimum_obeys_sardanas_first_order_condition():
    """(alpha A/N^alpha) / (beta B/D^beta) = 1 + D_inf/(3 D_tr), with Besiroglu's coefficients."""
    problem = problem_file.load("inference_budget", {})
    n = problem.best_known().config["n_active"]
    d = problem.evaluate({"n_active": n})["tokens"]
    ratio = (0.3478 * 482.01 * n**-0.3478) / (0.3658 * 2085.43 * d**-0.3658)
    assert ratio == pytest.approx(1 + 1e12 / (3 * d), rel=1e-5)


@pytest.mark.parametrize(
    ("law", "default", "corner"),
    [("hoffmann", 2.1530, 1.6036), ("frantar", 1.1479, 0.8347), ("abnar", 2.1693, 1.1798)],
)
def test_law_coefficients_runs_from_the_published_point_into_a_corner(law, default, corner):
    problem = problem_file.load("law_coefficients", {"law": law})
    start = dict(problem.space.get_default_configuration())
    assert problem.objective(start) == pytest.approx(default, abs=6e-5)
    best = problem.best_known()
    assert best.value == pytest.approx(corner, abs=6e-5)
    for name, chosen in best.config.items():
        assert chosen in (problem.space[name].lower, problem.space[name].upper)


@pytest.mark.parametrize(
    ("name", "given", "error", "says"),
    [
        ("moe_budget", {"law": "hoffmann2022"}, InputError, "dense law"),
        ("moe_budget", {"law": "clark2022-sbase"}, InputError, "no data term"),
        ("moe_budget", {"law": "hofmann2022"}, InputError, "Did you mean 'hoffmann2022'"),
        ("moe_budget", {"flops": "-1e21"}, InputError, "flops"),
        ("moe_budget", {"expert_share": "1.5"}, InputError, "expert_share"),
        ("moe_budget", {"max_experts": "0"}, InputError, "max_experts"),
        ("moe_budget", {"max_total": "1K"}, InfeasibleError, "max_total"),
        ("dense_budget", {"flops": "0"}, InputError, "flops"),
        ("best_sparsity", {"hold": "memory"}, InputError, "n-total, tokens, nothing"),
        ("best_sparsity", {"max_sparsity": "1"}, InputError, "max_sparsity"),
        ("best_sparsity", {"law": "besiroglu2024"}, InputError, "dense law"),
        ("moe_given_sparsity", {"law": "krajewski2024-moe"}, InputError, "granularity"),
        ("inference_budget", {"inference_tokens": "1e17"}, InfeasibleError, "inference_tokens"),
    ],
)
def test_a_wrong_option_is_one_clear_error(name, given, error, says):
    with pytest.raises(error, match=says):
        problem_file.load(name, given)


@pytest.mark.slow
def test_gp_comes_within_a_thousandth_of_the_exact_optimum():
    """`benchmarks/regret.py` does ten seeds with 100 evaluations; 50 are plenty."""
    problem = problem_file.load("moe_budget", {})
    search = factory.search(problem, SearchSettings(learner="GP", seed=0))
    values = []
    for i in range(50):
        config = search.ask()
        values.append(value(problem.objective(config)))
        search.tell(Completed(Trial(str(i), config), values[-1], Timing(0, "w0", 0, 0)))
    assert np.min(values) <= problem.best_known().value * 1.001


def test_every_value_says_how_far_it_extrapolates():
    """Table IX was fitted up to 1e21 FLOPs, so a budget of 1e22 lies ten times past it."""
    for flops, beyond in (("1e21", 1.0), ("1e22", 10.0)):
        problem = problem_file.load("moe_budget", {"flops": flops})
        answer = problem.evaluate(problem.best_known().config)
        assert answer["extrapolation"] == pytest.approx(beyond, rel=1e-9)
        assert "fitted range" in problem.units["extrapolation"]


def test_without_a_tight_cap_the_best_size_is_that_of_its_sparsity():
    """A cap that does not bind leaves the closed-form size, so both problems must agree."""
    roomy = problem_file.load("moe_budget", {"max_total": "1e13"})
    best = roomy.best_known()
    sparsity = repr(roomy.evaluate(best.config)["sparsity"])
    alone = problem_file.load("moe_given_sparsity", {"sparsity": sparsity}).best_known()
    assert best.config["n_active"] == pytest.approx(alone.config["n_active"], rel=1e-6)
    assert best.value == pytest.approx(alone.value, rel=1e-12)
