"""A service in this process, and what opens a desk of it."""

import json

from starlette.testclient import TestClient

from autotune import problem_file
from autotune.store.storage import storage_of
from autotune.store.study import Header
from autotune.web.app import application
from autotune.web.gate import Limits
from autotune.web.house import House
from autotune.web.keys import Keys

TOKEN = "a-token-for-the-tests-only"
SENT = ("problem", "file", "options", "space", "unit", "units")


class Service:
    """A service of one storage, and clients of it."""

    def __init__(self, storage, *, allow_submit=True, limits=None):
        self.house = House(storage_of(str(storage)), Keys(TOKEN), allow_submit=allow_submit)
        self.app = application(self.house, limits or Limits())
        self.bare = TestClient(self.app, raise_server_exceptions=False)
        self.client = TestClient(
            self.app,
            headers={"Authorization": f"Bearer {TOKEN}"},
            raise_server_exceptions=False,
        )

    def close(self):
        self.house.desks.close()


def order(name="law_coefficients", *, max_evals=6, **more):
    """What opens a desk for a shared problem."""
    file = problem_file.read(name)
    header = json.loads(Header.of(file.build({}), file.origin).to_json())
    sent = {key: header[key] for key in SENT}
    return {"header": sent, "search": {"learner": "random"}, "max_evals": max_evals} | more


def is_problem(response, status):
    """Whether a refusal is problem+json that says what is wrong and what to do."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["detail"]
    assert body["hint"]
    return True
