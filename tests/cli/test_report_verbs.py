"""`results plot` and `report`: what they write, what they refuse, and the line of blocks."""

import json
import math

import pytest
from cli_run import run
from hypothesis import given
from hypothesis import strategies as st
from made_fits import saved
from made_studies import line_of_trials, study_of

from autotune.cli import screen
from autotune.cli.sparkline import BLOCKS, best_so_far, sparkline
from autotune.fits import files
from autotune.store.journal import JournalStore

numbers = st.floats(-1e9, 1e9) | st.just(math.nan)


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    """A study `s` of 12 trials and a fit `mine`."""
    folder = tmp_path_factory.mktemp("storage")
    with JournalStore.open(folder / "s", study_of([]).header, start={"seed": 7}) as store:
        store.append(*line_of_trials(12))
    files.save(saved(n_draws=5), folder)
    return folder


@pytest.fixture
def plot(storage, tmp_path):
    """`results plot` there, into a folder of the test's own."""
    pytest.importorskip("matplotlib")
    return lambda *given_: run(
        "results", "plot", *given_, "--storage", storage, "--out", tmp_path / "out"
    )


def test_a_figure_is_written_in_each_format_and_its_path_printed(plot, tmp_path):
    done = plot("s", "--kind", "history", "--format", "svg,png")
    assert done.returncode == 0, done.stderr
    paths = [tmp_path / "out" / f"s-history.{end}" for end in ("svg", "png")]
    assert done.stdout.split() == [str(path) for path in paths]
    assert paths[0].read_text().startswith("<?xml")
    assert paths[1].read_bytes().startswith(b"\x89PNG")


def test_a_plan_asked_again_from_its_file_is_the_plan(plot, tmp_path):
    file = tmp_path / "plan.json"
    printed = run("plan", "--flops", "1e22", "--law", "hoffmann2022", "--json").stdout
    file.write_text(printed)
    told = json.loads(plot(file, "--kind", "loss-nd", "--json").stdout)
    assert told["figures"][0]["kind"] == "loss-nd"
    from autotune.cli.plan_file import cases

    (case,) = cases(file)
    assert json.loads(json.dumps(case.plan.to_json())) == {
        name: json.loads(printed)["plans"][0][name] for name in case.plan.to_json()
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nobody",), "study, fit or file"),
        (("s", "--kind", "isoflop"), "kind of figure of this subject"),
        (("s", "--kind", "histroy"), "history"),
        (("s", "--format", "gif"), "format"),
        (("mine", "--kind", "predicted"), "Give them with --runs runs.csv"),
        (("s", "--kind", "importance"), "importance needs 20"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_line(plot, arguments, said):
    done = plot(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_runs_of_a_fit_are_found_again_unless_they_changed(plot, storage, tmp_path):
    runs = tmp_path / "my runs.csv"
    sizes = [1e8, 2e8, 4e8, 8e8]
    rows = [f"{n},{d},{2 + n**-0.1 + d**-0.1!r}" for n in sizes for d in (2e9, 4e9, 8e9)]
    runs.write_text("\n".join(["n_active,tokens,loss", *rows]) + "\n")
    few = ("--law", "hoffmann", "--bootstrap", 0, "--where", "tokens > 2B", "--save", "found")
    done = run("fit", runs, *few, "--storage", storage, cwd=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    drawn = json.loads(plot("found", "--kind", "predicted", "--json").stdout)
    assert drawn["figures"][0]["caption"].startswith(f"8 runs of {runs}")
    runs.write_text("\n".join(["n_active,tokens,loss", *rows[1:-1]]) + "\n")
    refused = plot("found", "--kind", "predicted")
    assert refused.returncode == 2
    assert f"are not at hand: the rows in {runs} are other ones by now. Give" in refused.stderr
    assert f"with --runs '{runs}' --where 'tokens > 2B'." in refused.stderr
    runs.unlink()
    assert "there is no such file" in plot("found", "--kind", "predicted").stderr


def test_a_file_that_is_no_plan_says_how_to_make_one(plot, tmp_path):
    (tmp_path / "old.json").write_text('{"plans": []}')
    done = plot(tmp_path / "old.json")
    assert done.returncode == 2
    assert "autotune plan --flops 1e22 --json > plan.json" in done.stderr


def test_a_report_of_nothing_and_runs_without_a_fit_are_refused(tmp_path):
    for package in ("jinja2", "plotly", "matplotlib"):
        pytest.importorskip(package)
    done = run("report", tmp_path / "r.html", "--storage", tmp_path)
    assert (done.returncode, (tmp_path / "r.html").exists()) == (2, False)
    assert "nothing to report" in done.stderr
    with JournalStore.open(tmp_path / "s", study_of([]).header, start={}) as store:
        store.append(*line_of_trials(2))
    done = run("report", tmp_path / "r.html", "--storage", tmp_path, "--trial", "0001-000")
    assert (done.returncode, (tmp_path / "r.html").exists()) == (2, False)
    assert "1 of 1 trials have no outcome in the 1 studies of the report" in done.stderr
    assert "did you mean '000" in done.stderr
    assert "belongs to one fit" in run("report", tmp_path / "r.html", "--runs", "x.csv").stderr


@given(st.lists(numbers, max_size=200), st.integers(1, 60))
def test_blocks_are_as_many_as_fit_and_rise_with_their_numbers(values, width):
    drawn = sparkline(values, width)
    assert len(drawn) == min(len(values), width)
    if len(values) <= width:
        pairs = [(v, BLOCKS.index(b)) for v, b in zip(values, drawn, strict=True) if v == v]
        assert [block for _, block in sorted(pairs)] == sorted(block for _, block in pairs)
        assert all((b == " ") is (v != v) for v, b in zip(values, drawn, strict=True))


def test_show_and_status_draw_the_best_so_far(storage):
    line = best_so_far(study_of(line_of_trials(12)))
    assert line == "best so far █████▄▄▄▄▄▁▁ 2.12 -> 2.02, 1 trial ago"
    assert line in run("results", "show", "s", "--storage", storage).stdout
    assert line in run("status", "s", "--storage", storage).stdout
    assert best_so_far(study_of([])) == ""


def test_watching_ends_when_nothing_more_comes(capsys):
    looks = iter([True, True, False])
    screen.watch(lambda: next(looks), 0.0, again=True, clear=True)
    assert list(looks) == []
    assert "\x1b" not in capsys.readouterr().out  # no terminal, so nothing is cleared


def test_without_watch_there_is_one_look():
    looks = iter([True, True])
    screen.watch(lambda: next(looks), 0.0, again=False, clear=True)
    assert list(looks) == [True]
