"""Studies and trials over HTTP are those on record, whatever is asked for."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autotune.store.journal import JournalStore
from autotune.store.study import Header
from autotune.trials import Completed, Failed, FailureKind, Timing

N = 25


@pytest.fixture
def study(tmp_path):
    """A study of 25 trials by two workers, every fifth of which failed."""
    with JournalStore.open(tmp_path / "made", Header(problem="p", unit="s"), start={}) as store:
        for i in range(N):
            trial = store.trial({"x": i, "name": "<b>é"})
            timing = Timing(1.0, f"w{i % 2}", float(i), float(i + 1))
            if i % 5 == 4:
                store.append(Failed(trial, FailureKind.TIMEOUT, "too slow", timing, "the log"))
            else:
                store.append(Completed(trial, float((7 * i) % N), timing, {"m": float("nan")}))
        store.begin(store.trial({"x": N, "name": ""}), 100)
        yield store


@pytest.mark.usefixtures("study")
def test_the_list_and_a_study_have_its_figures(api):
    listed = api.get("/api/studies").json()
    assert (listed["total"], [each["study"] for each in listed["studies"]]) == (1, ["made"])
    shown = api.get("/api/studies/made").json()
    assert shown["trials"] == {"total": N, "completed": 20, "failed": 5, "open": 1}
    assert shown["failures"] == {"timeout": 5}
    assert (shown["best_value"], shown["best"]["config"]["x"]) == (0.0, 0)
    assert len(shown["running"]) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    limit=st.integers(1, 40),
    status=st.sampled_from(["", "completed", "failed", "timeout", "killed"]),
    worker=st.sampled_from(["", "w0", "w1", "nobody"]),
    order=st.sampled_from(["recorded", "value"]),
    descending=st.booleans(),
)
@pytest.mark.usefixtures("study")
def test_pages_put_together_are_the_trials_that_match_each_once_in_order(
    api, limit, status, worker, order, descending
):
    wanted = {"status": status, "worker": worker, "order": order, "descending": descending}
    rows, offset = [], 0
    while True:
        page = api.get(
            "/api/studies/made/trials", params=wanted | {"limit": limit, "offset": offset}
        ).json()
        rows += page["trials"]
        offset += limit
        if not page["trials"]:
            break
    assert page["total"] == len(rows)
    numbers = [row["config"]["x"] for row in rows]
    expected = [
        i
        for i in range(N)
        if worker in ("", f"w{i % 2}")
        and (status == "" or (i % 5 == 4) == (status in ("failed", "timeout")))
        and status != "killed"
        and not (order == "value" and i % 5 == 4)
    ]
    if order == "value":
        expected.sort(key=lambda i: (7 * i) % N)
    assert numbers == (expected[::-1] if descending else expected)


@pytest.mark.usefixtures("study")
def test_a_trial_has_its_log_if_it_failed_and_a_metric_that_is_not_a_number_is_null(api):
    rows = api.get("/api/studies/made/trials").json()["trials"]
    assert all("log" not in row for row in rows)
    failed = api.get(f"/api/studies/made/trials/{rows[4]['trial']}").json()
    assert (failed["status"], failed["failed"], failed["log"]) == ("failed", "timeout", "the log")
    completed = api.get(f"/api/studies/made/trials/{rows[0]['trial']}").json()
    assert completed["metrics"] == {"m": None}
    assert api.get("/api/studies/made/trials/none").status_code == 404


def test_what_is_recorded_while_the_service_runs_is_there_at_the_next_request(api, study):
    assert api.get("/api/studies/made").json()["trials"]["total"] == N
    trial = study.trial({"x": 99, "name": ""})
    study.append(Completed(trial, -1.0, Timing(1.0, "w0", 0.0, 1.0)))
    assert api.get("/api/studies/made").json()["best_trial"] == trial.id


@pytest.mark.usefixtures("study")
def test_live_progress_begins_with_where_the_study_is(api, monkeypatch):
    monkeypatch.setattr("autotune.web.events.LOOK_SECONDS", 0.05)
    with api.stream("GET", "/api/studies/made/events?limit=3") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        text = "".join(stream.iter_text())
    said = [block.split("\n") for block in text.strip().split("\n\n")]
    assert said[0][0] == "event: progress"
    assert json.loads(said[0][2].removeprefix("data: "))["trials"]["total"] == N


NAMES = st.text(max_size=30) | st.sampled_from(
    ["..", ".", "%2e%2e", "../made", "..%2fmade", "/etc", "made/../made", "made\x00", "a" * 300]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(NAMES)
@pytest.mark.usefixtures("study")
def test_no_name_leads_out_of_the_storage_or_breaks_the_service(api, tmp_path, name):
    from urllib.parse import quote

    (tmp_path.parent / "secret").mkdir(exist_ok=True)
    before = sorted(Path(tmp_path.parent).iterdir())
    path = quote(name, safe="%")
    for method, where, body in (
        ("GET", f"/api/studies/{path}", None),
        ("GET", f"/api/studies/{path}/trials/{path}", None),
        ("POST", f"/api/studies/{path}/ask", {"worker": "w"}),
        ("GET", f"/api/laws/{path}/x", None),
    ):
        assert api.request(method, where, json=body).status_code < 500
    assert sorted(Path(tmp_path.parent).iterdir()) == before


@pytest.mark.usefixtures("study")
def test_a_study_that_cannot_be_read_is_said_in_the_list_and_hides_no_other(api, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "study.json").write_text("{")
    listed = api.get("/api/studies").json()["studies"]
    assert "is not a study header" in listed[0]["error"]
    assert listed[1]["study"] == "made"
    assert api.get("/api/studies/bad").status_code == 409
