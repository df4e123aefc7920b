"""`autotune results`: what it prints, in text, JSON and files, and how it refuses."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_run import run

from autotune.store.journal import JournalStore
from autotune.store.study import Header
from autotune.trials import Completed, Failed, FailureKind, Timing

PROBLEM = """
from ConfigSpace import ConfigurationSpace, Float, Integer
from autotune.problem import Problem, Reference

def problem(*, shift: float = 1.0) -> Problem:
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 4.0)), Integer("n_active", (1, 10**10)))
    return Problem(
        name="hill", summary="Find the foot.", space=space, unit="nats per token",
        units={"n_active": "parameters", "tokens": "tokens", "flops": "FLOPs per day"},
        objective=lambda c: 2.0 + (c["x"] - shift) ** 2,
        best_known=lambda: Reference(2.0, {"x": shift, "n_active": 1}, "exact, by calculus"),
    )
"""


def results(*arguments, cwd="."):
    return run("results", *arguments, cwd=cwd)


def document(*arguments):
    done = results(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    """A storage with the study `hill`: 4 completed and 3 failed trials."""
    from autotune import problem_file

    folder = tmp_path_factory.mktemp("storage")
    file = folder / "hill.py"
    file.write_text(PROBLEM)
    problem = problem_file.load(str(file), {"shift": "1.5"})
    header = Header.of(problem, str(file))
    with JournalStore.open(folder / "hill", header, start={"seed": 3}) as store:
        for i, x in enumerate((0.5, 1.6, 3.0, 1.0)):
            trial = store.trial({"x": x, "n_active": 10**9 + i})
            timing = Timing(0.5, "w0", 100.0 + i, 100.5 + i)
            spent = {"tokens": 2e10, "flops": 1e22}
            store.append(Completed(trial, 2 + (x - 1.5) ** 2, timing, spent))
        for kind in (FailureKind.TIMEOUT, FailureKind.CRASHED, FailureKind.TIMEOUT):
            trial = store.trial({"x": 4.0, "n_active": 1})
            store.append(Failed(trial, kind, "by design", Timing(9.0, "w1", 1.0, 200.0), "log"))
    with JournalStore.open(folder / "barren", Header(problem="barren"), start={}) as store:
        store.append(Failed(store.trial({"x": 1}), FailureKind.KILLED, "", Timing(1, "", 0, 1)))
    return folder


def test_list_counts_trials_and_names_the_best_with_its_unit(storage):
    barren, hill = document("list", "--storage", storage)["studies"]
    assert (barren["study"], barren["best_value"]) == ("barren", None)
    assert hill["trials"] == {"total": 7, "completed": 4, "failed": 3}
    assert hill["best_value"] == pytest.approx(2.01)
    text = results("list", "--storage", storage).stdout
    assert "nats per token" in text
    assert "2.01" in text


def test_an_empty_storage_lists_nothing(tmp_path):
    done = results("list", "--storage", tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"no studies in {tmp_path}" in done.stderr


def test_show_sets_the_search_beside_the_best_known_value_with_the_gap_in_percent(storage):
    told = document("show", "hill", "--storage", storage)
    assert told["options"] == {"shift": 1.5}
    assert told["failures"] == {"timeout": 2, "crashed": 1}
    assert told["best"]["trial"] == "0001-0001"
    assert told["best"]["config"] == {"x": 1.6, "n_active": 10**9 + 1}
    assert told["best_known"]["value"] == 2.0
    assert told["gap_percent"] == pytest.approx(100 * 0.01 / 2)
    assert told["jobs"][0]["search"] == {"seed": 3}
    text = results("show", "hill", "--storage", storage).stdout
    assert "7 trials, 4 completed, 3 failed (1 crashed, 2 timeout)" in text
    assert "search 2.01, best known 2 (exact, by calculus): 0.5 % above it" in text
    assert "shift=1.5" in text


def test_a_problem_that_cannot_be_loaded_is_said_and_the_rest_is_shown(storage, tmp_path):
    header = json.loads((storage / "hill" / "study.json").read_text())
    folder = tmp_path / "moved"
    folder.mkdir()
    header["file"] = "nowhere/hill.py"
    (folder / "study.json").write_text(json.dumps(header))
    journal = (storage / "hill" / "journal-0001.jsonl").read_bytes()
    (folder / "journal-0001.jsonl").write_bytes(journal)
    done = results("show", "moved", "--storage", tmp_path)
    assert done.returncode == 0
    assert "its problem cannot be loaded: no problems file 'nowhere/hill.py'" in done.stdout
    assert "2.01" in done.stdout


def test_best_are_the_least_completed_values_with_named_columns_and_units(storage):
    told = document("best", "hill", "--top", "3", "--storage", storage)
    assert [each["trial"] for each in told["best"]] == ["0001-0001", "0001-0003", "0001-0000"]
    assert told["units"]["n_active"] == "parameters"
    text = results("best", "hill", "--storage", storage).stdout
    rows = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert rows["objective"].split()[1:] == ["2.01", "nats", "per", "token"]
    assert rows["tokens"].split()[1:] == ["20B", "tokens"]
    assert rows["n_active"].split()[1:] == ["1B", "parameters"]
    assert rows["flops"].split()[1:] == ["10", "Z", "FLOPs", "per", "day"]


def test_a_study_whose_trials_all_failed_has_no_best_and_exits_3(storage):
    done = results("best", "barren", "--storage", storage)
    assert done.returncode == 3
    assert "no trial of barren has completed (1 failed)" in done.stderr


def test_failures_name_kind_and_detail(storage):
    told = document("failures", "hill", "--storage", storage)
    assert told["failures"] == {"timeout": 2, "crashed": 1}
    assert [each["failed"] for each in told["failed"]] == ["timeout", "crashed", "timeout"]
    text = results("failures", "hill", "--storage", storage).stdout
    assert "3 of 7 trials failed: 1 crashed, 2 timeout" in text


def test_the_csv_has_exactly_the_agreed_columns_and_full_precision(storage, tmp_path):
    done = results("export", "hill", "--csv", tmp_path / "t.csv", "--storage", storage)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "t.csv").read_text()
    assert text.splitlines()[0] == (
        "trial,status,objective,seconds,worker,submitted_at,finished_at,"
        "p:n_active,p:x,m:tokens,m:flops,error"
    )
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["status"] for row in rows[3:6]] == ["completed", "timeout", "crashed"]
    assert [float(rows[1]["objective"]), float(rows[1]["p:x"])] == [2 + (1.6 - 1.5) ** 2, 1.6]
    assert (rows[4]["objective"], rows[4]["m:tokens"], rows[4]["error"]) == ("", "", "by design")
    assert results("export", "hill", "--storage", storage).stdout == text


def test_a_reader_that_stops_early_is_not_an_error(tmp_path):
    """`export | head` closes the pipe; the shell reports the status of export here."""
    with JournalStore.open(tmp_path / "long", Header(problem="long"), start={}) as store:
        for i in range(300):
            timing = Timing(0.5, "w0", 1.0, 2.0)
            store.append(Completed(store.trial({"x": i, "name": "n" * 400}), 1.0, timing))
    command = f"{sys.executable} -m autotune results export long --storage {tmp_path}"
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_ytopt_style_writes_its_two_files_and_says_what_it_left_out(storage, tmp_path):
    done = results("export", "hill", "--style", "ytopt", "--out", tmp_path, "--storage", storage)
    assert done.returncode == 0
    assert "3 failed trials are left out" in done.stderr
    assert (tmp_path / "results.csv").read_text().splitlines()[0] == (
        "n_active,x,objective,elapsed_sec"
    )
    assert len(json.loads((tmp_path / "results.json").read_text())) == 4


def test_optuna_style_writes_every_trial(storage, tmp_path):
    optuna = pytest.importorskip("optuna")
    url = f"sqlite:///{tmp_path}/o.db"
    done = results("export", "hill", "--style", "optuna", "--out", url, "--storage", storage)
    assert done.returncode == 0, done.stderr
    assert len(optuna.load_study(study_name="hill", storage=url).trials) == 7


def test_optuna_style_without_optuna_names_the_command_that_installs_it(storage, tmp_path):
    """A module that cannot be imported stands where Optuna would be."""
    (tmp_path / "optuna.py").write_text("raise ModuleNotFoundError('optuna')")
    done = subprocess.run(
        [sys.executable, "-m", "autotune", "results", "export", "hill", "--style", "optuna",
         "--out", "o.log", "--storage", str(storage)],
        capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 2
    assert "pip install 'autotune-llm[optuna]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_imported_trials_are_checked_continue_a_study_and_come_only_once(storage, tmp_path):
    file = tmp_path / "results.csv"
    file.write_text("p:x,p:n_active,objective\n1.5,7,-2.125\n3,8.0,F\n")
    told = ["import", file, "--study", "old", "--problem", storage / "hill.py",
            "--set", "shift=1.5", "--storage", tmp_path]  # fmt: skip
    done = results(*told, "--json")
    assert json.loads(done.stdout) == {
        "study": "old", "writer": "import", "completed": 1, "failed": 1,
    }  # fmt: skip
    best = document("best", "old", "--storage", tmp_path)["best"][0]
    assert (best["trial"], best["value"]) == ("import-0000", 2.125)
    assert best["config"] == {"x": 1.5, "n_active": 7}
    again = results(*told)
    assert again.returncode == 2
    assert "was imported into" in again.stderr
    file.write_text("p:x,p:n_active,objective\n1.5,8,-2.125\n")
    other = results(*told[:-3], "shift=9", *told[-2:])
    assert other.returncode == 2
    assert "option shift: 1.5 -> 9.0" in other.stderr


def test_a_file_can_be_imported_without_a_problem(tmp_path):
    file = tmp_path / "results.csv"
    file.write_text("x,objective,elapsed_sec\n4,2.5,1\n5,1.5,2\n")
    assert results("import", file, "--study", "old", "--storage", tmp_path).returncode == 0
    told = document("show", "old", "--storage", tmp_path)
    assert told["best"]["config"] == {"x": 5}
    assert told["best_known_note"] == "the study was imported without a problem"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "hil"], "Did you mean 'hill'?"),
        (["export", "hill", "--style", "ytop"], "Did you mean 'ytopt'?"),
        (["export", "hill", "--style", "ytopt"], "--style ytopt needs --out"),
        (["export", "hill", "--json"], "a CSV goes to --csv FILE"),
        (["export", "hill", "--csv", "/proc/nowhere/t.csv"], "cannot write /proc/nowhere/t.csv"),
        (["import", "nothing.csv", "--study", "new"], "cannot read nothing.csv"),
        (["import", "nothing.csv", "--study", "a/b"], "one folder's name, not 'a/b'"),
        (["import", "nothing.csv", "--study", "n", "--set", "a=1"], "options of a --problem"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(storage, arguments, said):
    done = results(*arguments, "--storage", storage)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_study_in_a_storage_that_holds_none_is_one_line_and_exit_2(tmp_path):
    done = results("show", "hill", cwd=tmp_path)
    assert done.returncode == 2
    assert "no study 'hill': results/local holds none" in done.stderr


def test_a_journal_with_garbage_in_the_middle_exits_2_and_says_what_to_do(storage, tmp_path):
    folder = Path(tmp_path) / "hill"
    folder.mkdir()
    (folder / "study.json").write_bytes((storage / "hill" / "study.json").read_bytes())
    lines = (storage / "hill" / "journal-0001.jsonl").read_text().splitlines()
    lines[2] = "garbage"
    (folder / "journal-0001.jsonl").write_text("\n".join(lines) + "\n")
    done = results("show", "hill", "--storage", tmp_path)
    assert done.returncode == 2
    assert "1 of 9 lines are not records (first: line 3: 'garbage')" in done.stderr
    assert "delete the bad lines" in done.stderr


def test_a_torn_last_line_is_talked_about_and_the_rest_is_shown(storage, tmp_path):
    folder = Path(tmp_path) / "hill"
    folder.mkdir()
    (folder / "study.json").write_bytes((storage / "hill" / "study.json").read_bytes())
    whole = (storage / "hill" / "journal-0001.jsonl").read_text()
    dead = whole.replace(f'"pid": {os.getpid()}', '"pid": 4194305')
    unfinished = dead[: dead.index('{"ended"')]  # the job was killed, in the middle of a line
    (folder / "journal-0001.jsonl").write_text(unfinished[:-20])
    done = results("show", "hill", "--storage", tmp_path)
    assert done.returncode == 0
    assert "note: journal-0001: torn last line ignored" in done.stderr
    assert "6 trials, 4 completed, 2 failed" in done.stdout


def test_trials_that_run_or_were_interrupted_are_counted_and_those_that_ran_again_too(tmp_path):
    header, timing = Header(problem="p"), Timing(1.0, "w0", 0.0, 1.0)
    with JournalStore.open(tmp_path / "s", header, start={}) as first:
        for i in range(3):
            first.begin(first.trial({"x": i}), 9)
    with JournalStore.open(tmp_path / "s", header, start={}) as second:
        second.new()
        second.append(Completed(second.resume(), 1.0, timing))
        second.resume()
        shown = results("show", "s", "--storage", tmp_path)
        assert "1 running, 1 interrupted, to run again, 1 completed or failed after" in shown.stdout
        told = document("show", "s", "--storage", tmp_path)
        assert (told["running"], told["interrupted"]) == (["0001-0001"], ["0001-0002"])
        assert told["best"]["attempt"] == 2
    assert len(document("show", "s", "--storage", tmp_path)["interrupted"]) == 2
