"""A saved fit is as good as a published law: in plan, predict and laws, with its intervals."""

import json
from dataclasses import replace

import numpy as np
import pytest
from cli_run import run
from made_fits import saved

from autotune.cli.law_names import resolve
from autotune.errors import InputError, StoreError
from autotune.fits import files
from autotune.fitting.settings import Convention
from autotune.laws.catalogue import PRESETS

MOE = PRESETS["generalized-moe"]


@pytest.fixture
def storage(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "results/local"
    files.save(saved("mine", n_draws=30), place)
    return place


def test_a_name_is_looked_up_in_the_catalogue_then_among_fits_then_as_a_path(storage):
    assert resolve("generalized-moe").fit is None
    assert resolve("mine", storage).fit.id == "mine"
    assert resolve(str(storage / "fits/mine.json"), storage / "elsewhere").fit.id == "mine"
    place = files.path_of("besiroglu2024", storage)
    place.write_text(files.path_of("mine", storage).read_text())  # put there by hand
    assert resolve("besiroglu2024", storage).fit is None


def test_an_unknown_name_lists_saved_fits_and_presets(storage):
    with pytest.raises(InputError, match=r"Did you mean 'mine'\?.*besiroglu2024.*mine"):
        resolve("mina", storage)
    with pytest.raises(InputError, match="unknown law"):
        resolve("nowhere.json", storage)


def test_a_path_that_is_no_fit_is_refused_in_one_line(storage, tmp_path):
    (tmp_path / "odd.json").write_text("{}")
    with pytest.raises(StoreError, match="is not a saved fit"):
        resolve("odd.json", storage)
    done = run("plan", "--flops", "1e21", "--law", "odd.json")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


@pytest.mark.usefixtures("storage")
def test_a_plan_of_a_fit_is_that_of_its_law_with_an_interval():
    ours, published = json.loads(
        run("plan", "--flops", "1e21", "--sparsity", "0.9", "--law", "mine,generalized-moe",
            "--json").stdout
    )["plans"]  # fmt: skip
    assert ours["law"] == "mine"
    assert ours["n_active"] == published["n_active"]
    assert published["interval"] is None
    limits = ours["interval"]
    assert (limits["level"], limits["method"], limits["draws"]) == (0.95, "bootstrap", 30)
    for name in ("n_active", "n_total", "tokens", "loss"):
        assert limits[name][0] < ours[name] < limits[name][1]
    assert limits["sparsity"] == [0.9, 0.9]
    for end, label in enumerate(("low", "high")):
        low, high = limits["band"]["n_active"][label]
        assert low < ours["band"]["n_active"][end] < high


@pytest.mark.usefixtures("storage")
def test_the_text_of_a_plan_of_a_fit_shows_its_intervals():
    done = run("plan", "--flops", "1e21", "--hold", "n-total", "--n-total", "10B", "--law", "mine")
    assert done.returncode == 0
    said = "mine: 95 % intervals, from the plans of 30 bootstrap draws and 4 ends of profiles of"
    assert said in done.stdout
    for row in ("optimum", "band, low end", "band, high end"):
        assert f"\n{row} " in done.stdout
    assert "No interval" not in done.stdout


def test_a_fit_without_draws_says_no_interval_and_what_to_do(storage):
    files.save(saved("bare", n_draws=0), storage)
    done = run("plan", "--flops", "1e21", "--law", "bare")
    assert "No interval: this fit was saved without draws." in done.stdout
    assert "--bootstrap" in done.stdout


def test_draws_without_an_optimum_are_said(storage):
    fit = saved("torn", n_draws=20)
    draws = fit.result.draws.copy()
    draws[:4, 0] = 9.0  # a floor above the target
    files.save(replace(fit, result=replace(fit.result, draws=draws)), storage)
    done = run("plan", "--target-loss", "2.3", "--law", "torn")
    assert "4 of 20 draws of this fit have no optimum here" in done.stdout.replace("\n  ", " ")
    draws[:10, 0] = 9.0
    files.save(replace(fit, result=replace(fit.result, draws=draws)), storage, force=True)
    assert "most draws of this fit have no optimum" in run(
        "plan", "--target-loss", "2.3", "--law", "torn"
    ).stdout.replace("\n  ", " ")


def test_a_published_law_shows_its_standard_errors_or_says_there_are_none():
    done = run("plan", "--flops", "1e21", "--law", "besiroglu2024,hoffmann2022")
    text = done.stdout.replace("\n  ", " ")
    assert "besiroglu2024: No interval: the source publishes standard errors" in text
    assert "E 1.8172 ± 0.03" in text
    assert "beta 0.3658 ± 0.02" in text
    assert "hoffmann2022: No interval: the source publishes no uncertainty." in text
    first, second = json.loads(
        run("plan", "--flops", "1e21", "--law", "besiroglu2024,hoffmann2022", "--json").stdout
    )["plans"]
    assert first["interval"] is second["interval"] is None
    assert first["standard_errors"]["E"] == 0.03
    assert second["standard_errors"] == {}


def test_a_fit_under_another_convention_is_planned_with_under_that_convention(storage):
    """Hoffmann's law on total parameters: of a model of sparsity 0.75, N is a quarter of it."""
    law = PRESETS["besiroglu2024"]
    files.save(saved("total", law=law, convention=Convention("total")), storage)
    told = json.loads(
        run("predict", "--law", "total", "--n-active", "1B", "--sparsity", "0,0.75",
            "--tokens", "20B", "--json").stdout
    )  # fmt: skip
    assert [row["loss"] for row in told["rows"]] == pytest.approx(
        law.loss([1e9, 4e9], 2e10).tolist()
    )
    plan, *_ = json.loads(
        run("plan", "--flops", "1e21", "--sparsity", "0.75", "--law", "total", "--json").stdout
    )["plans"]
    assert plan["loss"] == pytest.approx(float(law.loss(plan["n_total"], plan["tokens"])))
    sizes = plan["n_active"] * np.array([0.99, 1.01])
    assert (law.loss(sizes * 4, 1e21 / 6 / sizes) > plan["loss"]).all()


@pytest.mark.usefixtures("storage")
def test_a_fit_is_compared_with_released_models_too():
    done = run("plan", "--like", "olmoe-1b-7b", "--law", "mine")
    assert done.returncode == 0
    assert "olmoe-1b-7b was trained with" in done.stdout
    assert run("plan", "--like", "all", "--law", "mine").returncode == 0


@pytest.mark.usefixtures("storage")
def test_the_plans_of_a_fits_draws_pay_exact_flops_too():
    asked = ("plan", "--flops", "1e20", "--sparsity", "0.8", "--law", "mine", "--json")
    (usual,) = json.loads(run(*asked).stdout)["plans"]
    (exact,) = json.loads(run(*asked, "--exact-flops", "mixtral-8x7b").stdout)["plans"]
    assert exact["exact_flops"]["factor"] != pytest.approx(1, abs=0.02)
    for plan in (usual, exact):
        for key in ("n_active", "tokens"):
            low, high = plan["interval"][key]
            assert low < plan[key] < high
    assert exact["interval"]["flops"] == pytest.approx([1e20, 1e20])
    spent = [plan["n_active"] * plan["tokens"] for plan in (usual, exact)]
    assert spent[1] * exact["exact_flops"]["factor"] == pytest.approx(spent[0], rel=1e-9)


def test_predict_takes_a_fit_by_name_from_a_storage(storage, tmp_path, monkeypatch):
    point = ("--n-active", "1e9", "--tokens", "20B", "--sparsity", "0.9", "--json")
    here = run("predict", "--law", "mine", *point)
    assert json.loads(here.stdout)["rows"][0]["loss"] == pytest.approx(
        float(MOE.loss(1e9, 2e10, 0.9))
    )
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert run("predict", "--law", "mine", *point).returncode == 2
    assert run("predict", "--law", "mine", "--storage", str(storage), *point).stdout == here.stdout


@pytest.mark.usefixtures("storage")
def test_laws_lists_the_fits_and_shows_one_in_full():
    assert "Your fits in results/local:" in run("laws").stdout
    assert [entry["name"] for entry in json.loads(run("laws", "--json").stdout)["fits"]] == ["mine"]
    sheet = run("laws", "mine").stdout
    for said in ("fit of the form generalized", "[0.07, 0.09]", "converged", "30 draws saved"):
        assert said in sheet
    assert "runs of one size more would separate them" in sheet
    record = json.loads(run("laws", "mine", "--json").stdout)
    assert record["interval"]["alpha"] == [0.07, 0.09]
    assert record["data_hash"] == "sha256:abc"


def test_a_damaged_fit_does_not_hide_the_others(storage):
    files.path_of("damaged", storage).write_text("{")
    done = run("laws")
    assert done.returncode == 0
    assert "mine" in done.stdout
    assert "damaged.json is not a saved fit" in done.stderr
