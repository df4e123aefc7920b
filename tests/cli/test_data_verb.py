"""`autotune data`: the registry, a table with what to know of it, its path, and plain refusals."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autotune.cli.open_runs import load, open_runs
from autotune.errors import InputError

TEXT = "n_active,tokens,loss\n1e9,2e10,2.5\n"


@pytest.fixture
def public():
    given = os.environ.get("AUTOTUNE_DATA")
    if not given or not Path(given).is_dir():
        pytest.skip("AUTOTUNE_DATA names no folder of public tables")
    return given


def data(*arguments, cache, **environment):
    kept = {name: value for name, value in os.environ.items() if name != "AUTOTUNE_DATA"}
    return subprocess.run(
        [sys.executable, "-m", "autotune", "data", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=kept | {"XDG_CACHE_HOME": str(cache)} | environment,
    )


def test_the_list_has_source_commit_licence_hash_unit_and_traps(tmp_path):
    tables = json.loads(data("list", "--json", cache=tmp_path).stdout)["tables"]
    by_name = {table["name"]: table for table in tables}
    assert len(by_name) == 6
    clark = by_name["routed_clark2022"]
    (original,) = clark["originals"]
    (place,) = original["places"]
    assert place["url"].endswith(f"/{place['repository']}/{place['commit']}/{place['path']}")
    assert len(original["sha256"]) == 64
    assert clark["licence"] == "CC-BY 4.0"
    assert clark["loss_unit"] == "nats per token"
    assert any("no data term" in trap for trap in clark["traps"])
    assert by_name["joint_moe_part"]["originals"] == []


def test_the_list_for_people_has_a_line_for_each(tmp_path):
    done = data("list", cache=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2 + 6
    assert not list(tmp_path.iterdir()), "a list fetches nothing"


def test_get_prints_path_source_licence_and_traps(tmp_path, public):
    done = data("get", "chinchilla_epoch", "--from", public, cache=tmp_path)
    assert done.returncode == 0, done.stderr
    path = Path(done.stdout.splitlines()[0])
    assert path.is_relative_to(tmp_path)
    assert len(path.read_text().splitlines()) == 246
    for text in ("arXiv:2404.10102", "MIT", "nats per token", "besiroglu_outlier"):
        assert text in done.stdout


def test_get_as_json_and_path_name_the_same_file(tmp_path, public):
    told = json.loads(
        data("get", "frantar2023_t5", "--json", cache=tmp_path, AUTOTUNE_DATA=public).stdout
    )
    shown = data("path", "frantar2023_t5", cache=tmp_path, AUTOTUNE_DATA=public)
    assert shown.stdout == told["path"] + "\n"
    assert told["n_rows"] == 48


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["get", "chinchila"], "Did you mean 'chinchilla_epoch'"),
        (["path", "joint_moe_part"], "has no public original. Set AUTOTUNE_DATA"),
        (["get", "chinchilla_epoch", "--from", "/no/such/folder"], "/no/such/folder lacks"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(tmp_path, arguments, says):
    done = data(*arguments, cache=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_run_table_is_named_by_path_or_by_public_name(tmp_path, public, monkeypatch):
    monkeypatch.setenv("AUTOTUNE_DATA", public)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    named = open_runs("chinchilla_epoch", where="besiroglu_outlier == 0")
    assert named.table.name == "chinchilla_epoch"
    assert len(named.table) == 240
    assert named.data_hash == load("chinchilla_epoch", where="besiroglu_outlier == 0").data_hash
    Path("chinchilla_epoch").write_text(TEXT)
    assert len(open_runs("chinchilla_epoch").table) == 1, "a file of that name comes first"


def test_a_text_that_is_neither_path_nor_name_lists_the_names():
    with pytest.raises(InputError, match=r"no such file.*Public tables: chinchilla_epoch, routed"):
        open_runs("no-such-runs.csv")


def test_a_law_predicts_the_rows_of_a_public_table(tmp_path, public):
    asked = ["predict", "--law", "besiroglu2024", "--runs", "chinchilla_epoch", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "autotune", *asked],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path), "AUTOTUNE_DATA": public},
    )
    assert len(json.loads(done.stdout)["rows"]) == 245
