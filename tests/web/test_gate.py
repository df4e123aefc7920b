"""Nothing comes in without the token, too large or too slowly; every answer has safe headers."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_service import TOKEN, Service, is_problem

from autotune.web.gate import Gate, Limits
from autotune.web.keys import COOKIE, Keys
from autotune.web.problems import Refusal

PATHS = ["/", "/api", "/api/studies", "/api/studies/x/events", "/api/openapi.json", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Cookie": f"{COOKIE}={TOKEN}"},
    ],
)
def test_nothing_but_the_token_opens_anything(service, path, headers):
    assert is_problem(service.bare.get(path, headers=headers), 401)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.binary(max_size=60).filter(lambda given: given != TOKEN.encode()))
def test_no_other_bytes_are_the_token(given):
    keys = Keys(TOKEN)
    assert not keys.is_token(given)
    assert not keys.bears_token(b"Bearer " + given + b"?")


def test_a_link_opens_one_session_which_may_look_and_change_nothing(service):
    browser, code = service.bare, service.house.keys.link()
    entered = browser.get(f"/login?once={code}")
    assert entered.status_code == 200
    said = entered.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=Strict" in said
    assert TOKEN not in said
    assert browser.get("/api/studies").status_code == 200
    assert is_problem(browser.post("/api/plans", json={"flops": 1e21}), 403)
    assert is_problem(browser.put("/api/studies/x/desk", json={}), 403)
    browser.cookies.clear()
    assert browser.get(f"/login?once={code}").status_code == 401
    assert is_problem(browser.get("/api/studies"), 401)


def test_the_token_in_the_form_opens_a_session_and_another_does_not(service):
    browser = service.bare
    assert browser.post("/login", data={"token": "guess"}).status_code == 401
    assert "set-cookie" not in browser.post("/login", content=b"\xff\xfe=&&&").headers
    assert browser.post("/login", data={"token": TOKEN}).status_code == 200
    assert browser.get("/api").status_code == 200


def test_links_and_sessions_end():
    now = [0.0]
    keys = Keys(TOKEN, clock=lambda: now[0])
    code, session = keys.link(), keys.session()
    cookie = f"{COOKIE}={session}".encode()
    assert keys.has_session(cookie)
    now[0] = 601.0
    assert keys.redeem(code) is None
    now[0] = 12 * 3600.0
    assert not keys.has_session(cookie)


@pytest.mark.parametrize("path", ["/login", "/api", "/api/studies/nothing", "/api/plans"])
def test_every_answer_has_the_headers_that_keep_a_browser_safe(service, path):
    for client in (service.client, service.bare):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith(
            "default-src 'none'; script-src 'self'"
        )
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


def test_a_body_of_ten_megabytes_is_refused_with_and_without_its_length(api):
    large = b"x" * (10 << 20)
    assert is_problem(api.post("/api/plans", content=large), 413)
    assert is_problem(api.post("/api/fits?law=hoffmann", content=iter([large])), 413)


def test_the_door_takes_no_more_than_a_token(service):
    assert is_problem(service.bare.post("/login", content=b"x" * 5000), 413)


def test_without_the_token_a_body_is_not_even_read(service):
    def never():
        raise AssertionError("it was read")
        yield b""

    assert is_problem(service.bare.post("/api/fits", content=never()), 401)


def test_a_body_that_comes_too_slowly_is_given_up():
    async def app(*_):
        raise AssertionError("it was let in")

    async def receive():
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    sent = []

    async def send(message):
        sent.append(message)

    gate = Gate(app, Keys(TOKEN), Limits(seconds=0.1), admitted=lambda: None)
    bearer = (b"authorization", f"Bearer {TOKEN}".encode())
    scope = {"type": "http", "method": "POST", "path": "/api/plans", "headers": [bearer]}
    asyncio.run(gate(scope, receive, send))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def test_what_changes_something_is_refused_unless_that_was_allowed(tmp_path):
    service = Service(tmp_path, allow_submit=False)
    api = service.client
    calls = [
        ("PUT", "/api/studies/x/desk", {"header": {"problem": "p", "space": {}}}),
        ("POST", "/api/studies/x/ask", {"worker": "w"}),
        ("POST", "/api/studies/x/tell", {"outcomes": [{"trial": "t", "worker": "w", "value": 1}]}),
        ("POST", "/api/jobs", {"problem": "moe_budget", "study": "x"}),
        ("DELETE", "/api/jobs/x", None),
    ]
    for method, path, body in calls:
        answer = api.request(method, path, json=body)
        assert is_problem(answer, 403)
        assert "--allow-submit" in answer.json()["hint"]
    assert is_problem(api.post("/api/fits?law=hoffmann&save=me", content="a,b\n1,2\n"), 403)
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_reads_as_one_line_and_what_to_do():
    body = Refusal(404, "no study 'x'.", "List them.").response
    assert body.body == (
        b'{"type":"about:blank","title":"Not Found","status":404,'
        b'"detail":"no study \'x\'.","hint":"List them."}'
    )
