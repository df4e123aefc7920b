"""The pages in a real browser: let in by the link, complete, quiet, and readable by everybody."""

import re
import socket

import pytest
from chromium import chromium
from made_studies import NASTY, line_of_trials, study_of
from service_process import Process

from autotune.store.journal import JournalStore
from autotune.trials import Completed, Timing, Trial

for module in ("matplotlib", "plotly"):
    pytest.importorskip(module)
PATIENCE_MS = 110_000


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """An open study of 30 trials, in the storage of a service."""
    folder = tmp_path_factory.mktemp("service")
    header = study_of([]).header
    with JournalStore.open(folder / "studies" / "made", header, start={"seed": 7}) as store:
        store.append(*line_of_trials(30, failed=lambda i: i % 7 == 6))
        store.home = folder
        yield store


@pytest.fixture(scope="module")
def page(study):
    """A browser that came in by the link which the service printed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        service = Process(study.home, port=free.getsockname()[1])
    service.start()
    link = next(line for line in service.process.stderr if "/login?once=" in line)
    with chromium() as browser:
        opened = browser.new_page(viewport={"width": 1440, "height": 900})
        opened.set_default_timeout(PATIENCE_MS)
        opened.said, opened.asked = [], []
        opened.on("console", lambda message: opened.said.append(message.text))
        opened.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.on("request", lambda request: opened.asked.append(request.url))
        opened.base = f"http://127.0.0.1:{service.port}"
        opened.goto(re.search(r"http://\S+", link)[0])
        opened.wait_for_url(f"{opened.base}/")
        yield opened
    service.end()


def quiet(page):
    """Whether nothing was said on the console, nobody else was asked, and no name has run."""
    assert page.said == []
    assert all(url.startswith((page.base, "data:", "blob:")) for url in page.asked)
    assert page.evaluate("window.pwned") is None
    return True


def test_figures_are_drawn_by_scripts_of_the_service_alone(page):
    """What they look like, how wide they are and what axe says is for the report's own tests."""
    page.goto(f"{page.base}/studies/made/figures", wait_until="domcontentloaded")
    page.wait_for_selector("html[data-charts=drawn]")
    drawn = page.evaluate("[...document.querySelectorAll('.plot')].map(each => each.data.length)")
    assert len(drawn) > 5
    assert all(drawn)
    assert quiet(page)


def test_a_page_of_trials_is_complete_quiet_and_readable_by_everybody(page):
    page.goto(f"{page.base}/studies/made/trials")  # until its style sheet is there
    for width, scheme in ((1440, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    assert [each["id"] for each in axe.run(page).response["violations"]] == []
    assert NASTY in page.inner_text("main")
    assert page.locator("main b").count() == 0
    assert quiet(page)


def test_a_page_says_what_happens_while_it_is_open(page, study):
    page.goto(f"{page.base}/studies/made", wait_until="domcontentloaded")
    page.wait_for_selector("#live[data-total='30']")
    trial = Trial("0001-9999", {"lr": 0.1})
    study.append(Completed(trial, -5.0, Timing(1.0, "w0", 0.0, 1.0)))
    page.wait_for_selector("#live[data-total='31']")
    assert "1 since this page was loaded" in page.inner_text("#live")
    assert "best -5" in page.inner_text("#live")
