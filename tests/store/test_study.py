"""The study's header, what makes it another problem, and reading a study back."""

import json

import pytest
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, Integer
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError, StoreError
from autotune.problem import Problem
from autotune.store.create import create_header, establish
from autotune.store.journal import JournalStore
from autotune.store.records import FORMAT
from autotune.store.study import Header, listing, merged, read, read_header
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial, from_json, to_json


def space(*, upper=10, conditional=False):
    made = ConfigurationSpace()
    made.add(Float("x", (1e-3, 1.0), log=True), Categorical("c", ["a", "b"]))
    made.add(k := Integer("k", (1, upper)))
    if conditional:
        made.add(EqualsCondition(k, made["c"], "a"))
    return made


def problem(options=None, name="quad", **kw):
    return Problem(
        name=name,
        summary="",
        space=space(**kw),
        objective=lambda _: 0.0,
        unit="nats",
        units={"x": "m"},
        options={"a": 1, "b": True} if options is None else options,
    )


def finished(trial_id, at, value=1.0):
    return Completed(Trial(trial_id, {"x": 1}), value, Timing(0.5, "w0", at - 0.5, at))


finite = st.floats(allow_nan=False, allow_infinity=False)
timings = st.builds(Timing, finite, st.text(), finite, finite)
configs = st.dictionaries(st.text(), st.booleans() | st.integers() | finite | st.text())
trials = st.builds(Trial, st.text(), configs, st.integers(1, 9))
outcomes = st.builds(
    Completed, trials, finite, timings, st.dictionaries(st.text(), finite)
) | st.builds(Failed, trials, st.sampled_from(FailureKind), st.text(), timings, st.text())


@given(outcome=outcomes)
def test_an_outcome_survives_the_journal_bit_by_bit(outcome):
    line = json.dumps(to_json(outcome), allow_nan=False)
    assert "\n" not in line
    assert from_json(json.loads(line)) == outcome


def test_a_metric_that_is_not_finite_is_null_on_disk_and_nan_when_read():
    outcome = Completed(Trial("t", {}), 1.0, Timing(0, "", 0, 0), {"grad": float("inf")})
    record = to_json(outcome)
    assert record["metrics"] == {"grad": None}
    assert str(from_json(record).metrics["grad"]) == "nan"


def test_a_completed_record_without_a_finite_value_is_refused():
    record = to_json(finished("t", 1.0)) | {"value": float("nan")}
    with pytest.raises(ValueError, match="completed with value nan"):
        from_json(record)


def test_a_header_reads_back_as_it_was_written(tmp_path):
    header = Header.of(problem(), "quad.py")
    assert establish(tmp_path / "s", header) == establish(tmp_path / "s", header)
    back = Header.from_json(header.to_json(), where="here")
    assert (back.problem, back.file, back.options) == ("quad", "quad.py", {"a": 1, "b": True})
    assert (back.unit, back.units, back.parameters) == ("nats", {"x": "m"}, ["c", "k", "x"])
    assert back.versions["ConfigSpace"] > "1"


def test_a_problem_file_is_recorded_by_its_absolute_path(tmp_path, monkeypatch):
    """So that the study can be shown with its best known value from any directory."""
    (tmp_path / "quad.py").write_text("")
    monkeypatch.chdir(tmp_path)
    assert Header.of(problem(), "quad.py").file == str(tmp_path / "quad.py")
    assert Header.of(problem(), "quad").file == "quad"


def test_the_same_problem_from_another_place_is_the_same_study(tmp_path):
    establish(tmp_path, Header.of(problem(), "quad"))
    assert establish(tmp_path, Header.of(problem(), "/elsewhere/quad.py")).file == "quad"


def test_whoever_creates_the_header_second_does_not_replace_it(tmp_path):
    """Two jobs may both find no header; only one of them can be the first."""
    create_header(tmp_path, Header(problem="first"))
    create_header(tmp_path, Header(problem="second"))
    assert read_header(tmp_path).problem == "first"


@pytest.mark.parametrize(
    ("other", "file", "said"),
    [
        (problem(name="cubic"), "quad.py", "problem: quad -> cubic"),
        (problem(), "cubic.py", "problem file: quad.py -> cubic.py"),
        (problem({"a": 2, "b": True}), "quad.py", "option a: 1 -> 2"),
        (problem({"a": 1}), "quad.py", "option b: True -> absent"),
        (problem({"a": 1, "b": True, "c": 0}), "quad.py", "option c: absent -> 0"),
        (problem(upper=20), "quad.py", "space parameter k: upper: 10 -> 20"),
        (problem(conditional=True), "quad.py", "conditions of the space"),
    ],
)
def test_a_study_of_another_problem_is_refused_with_what_differs(tmp_path, other, file, said):
    establish(tmp_path, Header.of(problem(), "quad.py"))
    with pytest.raises(StoreError, match="is of another problem") as caught:
        establish(tmp_path, Header.of(other, file))
    assert said in str(caught.value)


def test_a_parameter_more_or_less_is_named(tmp_path):
    establish(tmp_path, Header.of(problem(), "quad.py"))
    more = space()
    more.add(Float("y", (0, 1)))
    other = Problem(name="quad", summary="", space=more, objective=lambda _: 0.0,
                    options={"a": 1, "b": True})  # fmt: skip
    with pytest.raises(StoreError, match="space parameter y: absent -> present"):
        establish(tmp_path, Header.of(other, "quad.py"))


def test_a_header_of_a_newer_autotune_is_refused(tmp_path):
    newer = json.loads(Header(problem="p").to_json()) | {"format": FORMAT + 1}
    (tmp_path / "study.json").write_text(json.dumps(newer))
    with pytest.raises(StoreError, match="A newer autotune wrote it: update this one"):
        read(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 1, "colour": 2}'])
def test_a_header_that_is_not_one_is_refused(tmp_path, text):
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(StoreError, match=r"study\.json is not a study header"):
        read(tmp_path)


def test_a_folder_without_a_header_is_no_study(tmp_path):
    with pytest.raises(StoreError, match=r"no study at .* it has no study\.json"):
        read(tmp_path)


def test_a_listing_has_every_study_by_name_and_nothing_else(tmp_path):
    for name in ("b", "a"):
        establish(tmp_path / name, Header(problem=name))
    (tmp_path / "c").mkdir()
    assert [folder.name for folder in listing(tmp_path)] == ["a", "b"]
    assert listing(tmp_path / "nowhere") == []


def test_outcomes_come_oldest_first_each_journal_in_its_own_order():
    first = [finished("1-0", 1.0), finished("1-1", 4.0), finished("1-2", 3.0)]
    second = [finished("2-0", 2.0), finished("2-1", 5.0)]
    order = [outcome.trial.id for outcome in merged([first, second])]
    assert order == ["1-0", "2-0", "1-1", "1-2", "2-1"]


def test_a_copied_journal_counts_once(tmp_path):
    with JournalStore.open(tmp_path, Header(problem="p"), start={}) as store:
        store.append(finished(store.trial({}).id, 1.0))
    copy = (tmp_path / "journal-0001.jsonl").read_bytes()
    (tmp_path / "journal-0001-copy.jsonl").write_bytes(copy)
    assert len(read(tmp_path).outcomes) == 1


def test_best_is_the_least_completed_value_and_failures_never_count(tmp_path):
    with JournalStore.open(tmp_path, Header(problem="p"), start={}) as store:
        failed = Failed(store.trial({}), FailureKind.TIMEOUT, "late", Timing(9, "w0", 0, 9))
        store.append(failed)
        assert read(tmp_path).best is None
        for value in (3.0, 1.0, 1.0, 2.0):
            store.append(finished(store.trial({}).id, 1.0, value))
    study = read(tmp_path)
    assert (study.best.trial.id, study.best.value) == ("0001-0002", 1.0)
    assert (len(study.outcomes), len(study.completed)) == (5, 4)


def test_the_start_record_says_who_wrote_the_journal_and_with_which_settings(tmp_path):
    with JournalStore.open(tmp_path, Header(problem="p"), start={"learner": "GP", "seed": 0}):
        pass
    (start,) = read(tmp_path).jobs
    assert start["search"] == {"learner": "GP", "seed": 0}
    assert {"host", "pid", "at", "command", "format"} < set(start)


def test_a_line_that_another_job_is_still_writing_is_not_there_yet_and_not_reported(tmp_path):
    with (
        JournalStore.open(tmp_path, Header(problem="p"), start={}) as reader,
        JournalStore.open(tmp_path, Header(problem="p"), start={}) as writer,
    ):
        line = json.dumps(to_json(finished("0002-0000", 1.0))).encode() + b"\n"
        path = tmp_path / f"journal-{writer.writer}.jsonl"
        for cut in (1, 50, len(line) - 1):
            whole = path.read_bytes()
            path.write_bytes(whole + line[:cut])
            assert reader.new() == []
            assert read(tmp_path).notes == []  # the writer, this process, lives
            path.write_bytes(whole)
        path.write_bytes(path.read_bytes() + line)
        assert [outcome.trial.id for outcome in reader.new()] == ["0002-0000"]
        assert reader.new() == []


def test_a_configuration_that_could_not_be_recorded_is_refused_before_it_is_evaluated(tmp_path):
    with JournalStore.open(tmp_path, Header(problem="p"), start={}) as store:
        with pytest.raises(InputError, match="plain finite values"):
            store.trial({"x": float("nan")})
        with pytest.raises(InputError, match="plain finite values"):
            store.trial({"x": {1, 2}})


def test_a_labelled_writer_keeps_its_name_and_a_second_one_gets_a_number(tmp_path):
    header = Header(problem="p")
    with (
        JournalStore.open(tmp_path, header, start={}, label="import") as first,
        JournalStore.open(tmp_path, header, start={}, label="import") as second,
    ):
        assert (first.writer, second.writer) == ("import", "import2")
        assert second.trial({}).id == "import2-0000"
