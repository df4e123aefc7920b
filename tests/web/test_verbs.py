"""Laws, plans, fits and jobs by the verbs of the command line, each in a process of its own."""

import json
from contextlib import closing

import cli_run
import pytest
from made_service import Service, is_problem
from made_studies import line_of_trials, study_of

from autotune.store.storage import storage_of


def test_a_plan_is_what_the_command_line_prints(api):
    answer = api.post("/api/plans", json={"flops": 1e22, "law": ["hoffmann2022"]}).json()
    asked = ("plan", "--flops", "1e22", "--law", "hoffmann2022", "--json")
    printed = json.loads(cli_run.run(*asked).stdout)
    assert answer["answer"]["plans"] == printed["plans"]
    assert answer["caveat"] is False


def test_a_table_is_fitted_and_the_fit_is_saved_where_that_is_asked(api, tmp_path):
    rows = [
        f"{n:.6g},{d:.6g},{1.7 + 400 / n**0.34 + 410 / d**0.28!r}"
        for n in (1e7, 1e8, 1e9)
        for d in (1e9, 1e10, 1e11)
    ]
    table = "\n".join(["n_active,tokens,loss", *rows])
    answer = api.post("/api/fits?law=hoffmann&bootstrap=0&save=mine", content=table)
    assert answer.status_code == 200, answer.text
    assert answer.json()["answer"]["coefficients"]["E"] == pytest.approx(1.7, rel=1e-3)
    assert (tmp_path / "fits" / "mine.json").exists()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/plans", {"flops": 1e22, "law": ["/etc/passwd"]}),
        ("/api/plans", {"flops": 1e22, "law": ["..\\x"]}),
        ("/api/plans", {"flops": "1e22\u0000"}),
        ("/api/plans", {"csv": "out"}),
        ("/api/plans", {"storage": "/tmp"}),
        ("/api/jobs", {"problem": "--dry-run", "study": "x"}),
        ("/api/jobs", {"problem": "a\u0000b", "study": "x"}),
        ("/api/jobs", {"problem": "p", "study": "../x"}),
        ("/api/jobs", {"problem": "p", "study": "x", "options": {"a": "b\u0000"}}),
        ("/api/jobs", {"problem": "p", "study": "x", "options": {"--x": "b"}}),
    ],
)
def test_no_value_names_a_path_or_another_option(api, path, body):
    assert is_problem(api.post(path, json=body), 422)


def test_what_a_verb_refuses_is_refused_in_its_words(api):
    answer = api.post("/api/plans", json={"flops": "much"})
    assert is_problem(answer, 422)
    assert answer.json()["detail"].startswith("cannot read 'much' as a count")
    assert answer.json()["hint"] == "Write it as 7e9, 96B or 1.74T."


@pytest.mark.long
@pytest.mark.xdist_group("postgres")
def test_figures_of_a_study_on_a_server_are_drawn_and_saved_fits_are_not_looked_for(postgres_url):
    with closing(storage_of(postgres_url)) as storage:
        with storage.join("drawn", study_of([]).header, start={}) as store:
            store.append(*line_of_trials(5))
        service = Service(postgres_url.replace("tester@", "tester:secret@"))
        page = service.client.get("/studies/drawn/figures")
        assert page.status_code == 200, page.text
        assert "drawn at postgresql://tester@/postgres?host=" in page.text
        assert "secret" not in page.text
        assert service.house.children._environment == {"PGPASSWORD": "secret"}
        assert is_problem(service.client.get("/fits/mine"), 409)
        service.close()
        service.house.storage.close()
