"""Whatever is sent that the OpenAPI document describes, or nearly does: the service never fails."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from made_service import TOKEN, Service, order
from patience import PATIENCE

schemathesis = pytest.importorskip("schemathesis")

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
CHILDREN = ("/laws", "/plans", "/predictions", "/fits", "/jobs", "/events", "/report")
"""Paths that start a process, or stream: asked by hand elsewhere."""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    made = Service(tmp_path_factory.mktemp("studies"))
    assert made.client.put("/api/studies/s/desk", json=order(max_evals=50)).status_code == 200
    yield made
    made.close()


def operations(service):
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", service.app, headers=HEADERS)
    found = [each.ok() for each in schema.get_all_operations()]
    assert len(found) >= 17
    return [each for each in found if not any(part in each.path for part in CHILDREN)]


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.name)
@pytest.mark.long
def test_no_request_makes_the_service_fail(service, mode):
    statuses = set()
    for operation in operations(service):

        @settings(
            max_examples=1,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(operation.as_strategy(generation_mode=mode))
        def ask(case):
            if mode is schemathesis.GenerationMode.POSITIVE and "study" in case.path_parameters:
                case.path_parameters["study"] = "s"
            answer = case.call(headers=HEADERS, timeout=PATIENCE)
            statuses.add(answer.status_code)
            assert answer.status_code < 500, (case.formatted_path, case.body, answer.text)
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == ["application/problem+json"]

        try:
            ask()
        except Unsatisfiable:
            assert mode is schemathesis.GenerationMode.NEGATIVE  # it takes nothing to get wrong
    expected = {200, 422} if mode is schemathesis.GenerationMode.POSITIVE else {422}
    assert expected <= statuses


def test_the_document_says_what_each_route_answers_when_it_refuses(service):
    document = service.client.get("/api/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            problems = [
                status
                for status, answer in operation["responses"].items()
                if "application/problem+json" in answer.get("content", {})
            ]
            assert {"401", "413", "422"} <= set(problems), (method, path)
