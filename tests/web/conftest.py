"""A service in this process."""

from importlib.util import find_spec

import pytest

NEEDS = ("fastapi", "uvicorn", "httpx2", "jinja2")
collect_ignore_glob = [] if all(map(find_spec, NEEDS)) else ["test_*.py"]


@pytest.fixture
def service(tmp_path):
    from made_service import Service

    made = Service(tmp_path)
    yield made
    made.close()


@pytest.fixture
def api(service):
    return service.client
