"""Ask and tell over HTTP: what is answered is recorded, and repeating does no harm."""

import threading

import pytest
from made_service import Service, order

from autotune.store import study as studies


def opened(api, **more):
    answer = api.put("/api/studies/s/desk", json=order(**more))
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask(api, worker="w", n=1, **more):
    answer = api.post("/api/studies/s/ask", json={"worker": worker, "n": n} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def tell(api, *trials, worker="w", **more):
    said = [
        {"trial": each["id"], "attempt": each["attempt"], "worker": worker, "value": 1.0} | more
        for each in trials
    ]
    return api.post("/api/studies/s/tell", json={"outcomes": said})


def test_a_study_is_worked_through_and_its_journal_has_every_outcome(api, tmp_path):
    opened(api, max_evals=6)
    while not (handed := ask(api, n=4))["over"]:
        for trial in handed["trials"]:
            assert tell(api, trial, value=trial["config"]["a"]).status_code == 200
    recorded = studies.read(tmp_path / "s").outcomes
    assert len(recorded) == 6
    assert all(each.value == each.trial.config["a"] for each in recorded)
    assert api.get("/api/studies/s").json()["trials"]["total"] == 6


def test_a_telling_whose_answer_was_lost_may_be_repeated(api, tmp_path):
    opened(api)
    (trial,) = ask(api)["trials"]
    first, second = tell(api, trial).json(), tell(api, trial).json()
    assert first["receipts"] == [{"trial": trial["id"], "counted": True, "repeated": False}]
    assert second["receipts"] == [{"trial": trial["id"], "counted": True, "repeated": True}]
    assert len(studies.read(tmp_path / "s").outcomes) == 1


def test_a_service_that_is_started_anew_knows_what_was_told_and_is_out(tmp_path):
    first = Service(tmp_path)
    opened(first.client, max_evals=3)
    told, out = ask(first.client, n=2)["trials"]
    tell(first.client, told)
    first.close()
    second = Service(tmp_path)
    assert second.client.post("/api/studies/s/ask", json={"worker": "w"}).status_code == 404
    opened(second.client, max_evals=3)
    assert tell(second.client, told).json()["receipts"][0]["repeated"]
    (new,) = ask(second.client, worker="v", n=5)["trials"]
    assert new["id"] not in (told["id"], out["id"])  # its worker may be at it still
    assert tell(second.client, out).json()["receipts"][0] == {
        "trial": out["id"], "counted": True, "repeated": False,
    }  # fmt: skip
    second.close()


def test_many_workers_at_once_get_trials_of_their_own_and_lose_none(api, tmp_path):
    opened(api, max_evals=60)
    given, broken = [], []

    def work(name):
        try:
            while not (handed := ask(api, worker=name, n=2))["over"]:
                given.extend(trial["id"] for trial in handed["trials"])
                if handed["trials"]:
                    assert tell(api, *handed["trials"], worker=name).status_code == 200
        except AssertionError as error:
            broken.append(error)

    threads = [threading.Thread(target=work, args=(f"w{i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    assert len(given) == len(set(given)) == 60
    assert {each.trial.id for each in studies.read(tmp_path / "s").outcomes} == set(given)


def test_a_failure_is_told_as_one(api, tmp_path):
    opened(api)
    (trial,) = ask(api)["trials"]
    assert tell(api, trial, value=None, failed="out of memory", detail="80 GiB").status_code == 200
    (failed,) = studies.read(tmp_path / "s").outcomes
    assert (failed.kind, failed.detail) == ("out of memory", "80 GiB")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"value": None}, "give a value, or failed, and not both"),
        ({"failed": "crashed"}, "give a value, or failed, and not both"),
        ({"trial": "0009-0000"}, "no trial '0009-0000' was handed out"),
        ({"failed": "tired"}, "Input should be"),
        ({"extra": 1}, "Extra inputs are not permitted"),
    ],
)
def test_an_outcome_that_makes_no_sense_is_refused_and_nothing_is_recorded(
    api, tmp_path, more, said
):
    opened(api)
    (trial,) = ask(api)["trials"]
    answer = tell(api, trial, **more)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert studies.read(tmp_path / "s").outcomes == []


def test_a_desk_of_another_problem_is_refused(api):
    opened(api)
    answer = api.put("/api/studies/s/desk", json=order("dense_budget"))
    assert answer.status_code == 409
    assert "is of another problem" in answer.json()["detail"]


@pytest.mark.parametrize(
    "space", [{}, {"hyperparameters": []}, {"hyperparameters": [{"type": "x"}]}, {"a": [[[1]]]}]
)
def test_a_space_that_is_none_is_refused(api, space):
    header = {"problem": "p", "space": space}
    answer = api.put("/api/studies/s/desk", json={"header": header})
    assert answer.status_code == 422
    assert "space" in answer.json()["detail"]


def test_a_problem_that_does_not_come_along_is_searched_by_its_space_alone(api):
    made = order("dense_budget")
    made["header"]["file"] = "/nowhere/mine.py"
    assert api.put("/api/studies/s/desk", json=made).status_code == 200
    assert len(ask(api)["trials"]) == 1


@pytest.mark.parametrize("name", ["..", "a b", "é", "-x", "x" * 101, ".hidden"])
def test_a_study_is_not_made_under_a_name_that_is_no_plain_word(api, tmp_path, name):
    assert api.put(f"/api/studies/{name}/desk", json=order()).status_code in (404, 405, 422)
    assert list(tmp_path.iterdir()) == []
