"""Problems whose trials are training runs: their spaces and budgets, and a few real trials."""

import pytest
from cli_run import run

from autotune import problem_file
from autotune.errors import InputError
from autotune.search import factory
from autotune.search.fidelity import Fidelity
from autotune.search.settings import SearchSettings
from autotune.store import study
from autotune.training import at_budget
from autotune.training.schedule import schedule
from autotune.training.settings import Settings

TINY = {"flops": "6e8", "context": "32"}
NAMES = ("train_dense", "train_moe")
both = pytest.mark.parametrize("name", NAMES)


def sample(problem, n):
    """The first configurations of a random search."""
    search = factory.search(problem, SearchSettings(learner="random"))
    return [search.ask() for _ in range(n)]


@both
def test_every_sampled_trial_costs_its_share_of_the_budget(name):
    problem = problem_file.load(name, {"flops": "1e12"})
    for config in sample(problem, 60):
        at = problem.quantities(config)
        model = problem.law_inputs({key: [value] for key, value in config.items()})
        assert at["tokens"] == pytest.approx(float(model["tokens"][0]))
        spent = at["tokens"] * flops_per_token(problem, config)
        assert spent == pytest.approx(config["share"] * 1e12, rel=1e-12)
        assert model["n_active"][0] <= model["n_total"][0]


def flops_per_token(problem, config):
    """What the budget at full fidelity pays a token with."""
    return 1e12 / problem.quantities(config | {"share": 1.0})["tokens"]


@both
def test_the_share_is_the_fidelity_and_flops_are_its_cost(name):
    problem = problem_file.load(name, {})
    assert Fidelity.of(problem.space, problem.fidelity).target == 1.0
    assert problem.cost == "flops"
    whole = problem_file.load(name, {"least_share": "1"})
    assert "share" not in whole.space
    assert not whole.fidelity


@pytest.mark.parametrize("tokens", [1e5, 2e5, 4e5, 1.6e6])
def test_a_run_with_branches_costs_what_its_schedule_does(tokens):
    problem = problem_file.load("train_run", {"branches": "3"})
    config = {"size": problem.space["size"].sequence[0], "tokens": tokens, "seed": 0}
    budgets = (*problem.branches(config), tokens)
    assert len(budgets) == {1e5: 1, 2e5: 2}.get(tokens, 3)
    settings = Settings(sequences=1).resolved(budgets, 40_000)
    trained = schedule(budgets, settings).steps * settings.batch_tokens
    at = problem.quantities(config)
    assert at["flops"] / (6 * at["n_active"]) == pytest.approx(trained, rel=0.01)


def test_one_expert_is_the_dense_model_and_more_experts_only_add_parameters():
    problem = problem_file.load("train_moe", {})
    config = problem.defaults | {"d_model": 32, "top_k": 1}
    sizes = [problem.quantities(config | {"n_experts": n}) for n in (1, 4, 16)]
    assert sizes[0]["n_active"] == sizes[0]["n_total"]
    assert sizes[0]["n_total"] < sizes[1]["n_total"] < sizes[2]["n_total"]
    router = 3 * 32  # layers x width: one row of the router per expert
    assert sizes[2]["n_active"] - sizes[1]["n_active"] == 12 * router


def test_a_trial_that_would_repeat_the_text_too_often_is_never_proposed(tmp_path):
    (tmp_path / "text").write_text("A short text, read again and again. " * 400)
    problem = problem_file.load("train_dense", {"corpus": str(tmp_path / "text")})
    broken = problem.broken(problem.defaults | {"n_active": 3e3})
    assert [rule.text for rule in broken] == ["at most 4 epochs"]


def test_a_trial_of_too_few_steps_is_never_proposed():
    """1e9 FLOPs pay for 242 tokens of width 96, and for 10,000 of width 16."""
    problem = problem_file.load("train_moe", {"flops": "1e9"})
    dense = problem.defaults | {"n_experts": 1, "top_k": 1}
    assert problem.allows(dense | {"d_model": 16}) is False
    assert [rule.text for rule in problem.broken(dense | {"d_model": 96})] == ["at least 100 steps"]
    assert problem_file.load("train_moe", {"flops": "1e10"}).allows(dense | {"d_model": 16})


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("train_dense", {"flops": "0"}, "flops"),
        ("train_dense", {"least_share": "0"}, "least_share"),
        ("train_moe", {"max_width": "20"}, "max_width must be a multiple of 8"),
        ("train_moe", {"max_experts": "1"}, "max_experts"),
        ("train_moe", {"device": "tpu"}, "cpu, cuda"),
    ],
)
def test_a_wrong_option_is_one_clear_error(name, given, says):
    with pytest.raises(InputError, match=says):
        problem_file.load(name, given)


def test_the_source_names_the_text_and_not_its_folder():
    assert at_budget.source("/home/somebody/text") == "a training run on text"


@pytest.mark.slow
@pytest.mark.xdist_group("ladder")
def test_a_search_trains_models_and_records_what_they_cost(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    given = [f"--set={key}={value}" for key, value in TINY.items()]
    done = run(
        "tune", "train_moe", *given, "--learner", "random", "--max-evals", 1, "--workers", 0,
        "--storage", tmp_path, "--study", "s",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (outcome,) = study.read(tmp_path / "s").outcomes
    assert 1.0 < outcome.value < 6.0
    share = outcome.trial.config["share"]
    assert outcome.metrics["flops"] == pytest.approx(share * 6e8, rel=0.1)  # whole steps
    assert outcome.metrics["bits_per_byte"] > outcome.value
