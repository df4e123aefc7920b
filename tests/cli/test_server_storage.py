"""`tune`, `results` and `report` on a PostgreSQL server do what they do on a folder."""

import csv
import json

import pytest
from cli_run import run

SQUARE = """
import os
from ConfigSpace import ConfigurationSpace, Float
from autotune import TuningProblem

space = ConfigurationSpace({"x": (-1.0, 1.0)}, seed=1)

def objective(point):
    print("at", os.environ["AUTOTUNE_TRIAL_DIR"])
    if point["x"] > 0.9: raise ValueError("too far")
    return point["x"] ** 2

Problem = TuningProblem(input_space=space, objective=objective)
"""
RANDOM = ("--learner", "random", "--seed", 7)
pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    path = tmp_path_factory.mktemp("problem") / "square.py"
    path.write_text(SQUARE)
    return path


@pytest.fixture(scope="module")
def tuned(postgres_url, problem):
    """The server with a study of six trials of one process."""
    words = ("tune", problem, "--storage", postgres_url, "--study", "six", *RANDOM)
    done = run(*words, "--workers", 0, "--max-evals", 6)
    assert done.returncode in (0, 1), done.stderr
    return postgres_url, done


def table(text):
    timed = {"seconds", "worker", "submitted_at", "finished_at"}
    return [
        {name: cell for name, cell in row.items() if name not in timed}
        for row in csv.DictReader(text.splitlines())
    ]


def test_a_study_on_a_server_is_the_study_that_a_folder_would_have(tuned, problem, tmp_path):
    url, _ = tuned
    words = ("tune", problem, "--storage", tmp_path, "--study", "six", *RANDOM)
    run(*words, "--workers", 0, "--max-evals", 6)
    exported = [
        table(run("results", "export", "six", "--storage", storage).stdout)
        for storage in (url, tmp_path)
    ]
    assert len(exported[0]) == 6
    assert exported[0] == exported[1]


def test_results_are_browsed_where_they_are_and_named_by_the_server(tuned):
    url, done = tuned
    assert "recorded in six at postgresql://tester@/postgres?host=" in done.stdout
    assert "autotune results show six --storage 'postgresql://tester@/postgres?" in done.stdout
    at = ("--storage", url, "--json")
    (listed,) = [
        each
        for each in json.loads(run("results", "list", *at).stdout)["studies"]
        if each["study"] == "six"
    ]
    shown = json.loads(run("results", "show", "six", *at).stdout)
    best = json.loads(run("results", "best", "six", *at).stdout)["best"][0]
    assert listed["trials"]["total"] == shown["trials"]["total"] == 6
    assert shown["best"]["value"] == listed["best_value"] == best["value"]
    assert shown["folder"] is None
    assert shown["place"].startswith("six at postgresql://tester@/postgres?host=")
    assert shown["jobs"][0]["search"]["seed"] == 7
    assert "did you mean 'six'" in run("results", "show", "sux", *at).stderr.lower()


def test_children_run_trials_in_the_scratch_folder_and_the_study_continues(
    postgres_url, problem, tmp_path
):
    words = ("tune", problem, "--storage", postgres_url, "--study", "kept", *RANDOM, "--json")
    first = json.loads(run(*words, "--workers", 0, "--max-evals", 2).stdout)
    then = run(*words, "--workers", 1, "--max-evals", 3, "--scratch", tmp_path)
    second = json.loads(then.stdout)
    assert (first["evaluated"], second["evaluated"], second["recorded"]) == (2, 1, 3)
    (log,) = tmp_path.glob("trials/*/log.txt")
    assert log.read_text() == f"at {log.parent}\n"


def test_the_status_of_a_study_on_a_server_is_its_record(tuned):
    at = ("--storage", tuned[0])
    (listed,) = [
        each
        for each in json.loads(run("status", *at, "--json").stdout)["studies"]
        if each["study"] == "six"
    ]
    assert (listed["state"], listed["folder"], listed["jobs"]) == ("done", None, [])
    assert listed["trials"]["total"] == listed["trials"]["wanted"] == 6
    assert run("status", "six", *at).stdout.startswith("six: done\n6 of 6 trials")
    assert "did you mean 'six'" in run("status", "sux", *at).stderr.lower()


def test_results_of_another_tool_are_imported_to_a_server_once(postgres_url, tmp_path):
    file = tmp_path / "results.csv"
    file.write_text("p:x,objective,job_id\n0.5,-0.25,0\n0.1,F,1\n")
    words = ("results", "import", file, "--study", "theirs", "--storage", postgres_url)
    done = run(*words)
    assert done.returncode == 0, done.stderr
    assert "1 completed and 1 failed trials imported to theirs at postgresql://" in done.stderr
    shown = run("results", "best", "theirs", "--storage", postgres_url, "--json")
    (best,) = json.loads(shown.stdout)["best"]
    assert (best["trial"], best["value"]) == ("import-0000", 0.25)
    again = run(*words)
    assert again.returncode == 2
    assert "was imported into theirs at postgresql://" in again.stderr


def test_figures_and_a_report_are_drawn_from_a_server_and_no_password_is_in_them(tuned, tmp_path):
    pytest.importorskip("plotly")
    pytest.importorskip("matplotlib")
    url = tuned[0].replace("tester@", "tester:secret@")
    out = tmp_path / "report.html"
    done = run("report", out, "--study", "six", "--storage", url)
    assert done.returncode == 0, done.stderr
    page = out.read_text()
    assert "six at postgresql://tester:***@/postgres" in page
    assert "secret" not in page
    drawn = run("results", "plot", "six", "--kind", "history", "--storage", url, "--out", tmp_path)
    assert drawn.stdout.split() == [str(tmp_path / "six-history.png")]


@pytest.mark.parametrize(
    "words",
    [
        ("cancel", "s"), ("plan", "--flops", "1e21"), ("laws",), ("fit", "runs.csv"),
        ("ladder", "run", "--preset", "smoke"),
        ("submit", "tune", "moe_budget", "--scheduler", "local"),
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_a_verb_that_works_on_files_refuses_a_server_in_one_line(words, tmp_path):
    done = run(*words, "--storage", "postgresql://me@db/x", cwd=tmp_path)
    assert done.returncode == 2
    assert "--storage of this verb is a folder, not a server" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_scratch_folder_beside_a_folder_of_studies_is_refused(problem, tmp_path):
    words = ("--storage", tmp_path / "store", "--scratch", tmp_path)
    done = run("tune", problem, *words, "--workers", 0, *RANDOM)
    assert (done.returncode, done.stdout) == (2, "")
    assert "trials run in the folder of the study" in done.stderr
