"""The pages in a real browser: let in by the link, complete, quiet, and readable by everybody."""

import re
import shutil
import socket

import pytest
from made_studies import NASTY, line_of_trials, study_of
from service_process import Process

from autotune.store.journal import JournalStore
from autotune.trials import Completed, Timing, Trial

for module in ("matplotlib", "plotly"):
    pytest.importorskip(module)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATHS = ["/studies/made/trials", "/studies/made/figures"]
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
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        service = Process(study.home, port=free.getsockname()[1])
    service.start()
    link = next(line for line in service.process.stderr if "/login?once=" in line)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
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
        browser.close()
    service.end()


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_complete_quiet_and_asks_nobody_else(page, path):
    page.goto(page.base + path, wait_until="domcontentloaded")
    if path.endswith("figures"):
        page.wait_for_selector("html[data-charts=drawn]")
        drawn = page.evaluate(
            "[...document.querySelectorAll('.plot')].map(each => each.data.length)"
        )
        assert len(drawn) > 5
        assert all(drawn)
    for width, scheme in ((1440, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        for _ in range(100):  # charts are drawn anew for a new width, some time after it
            if page.evaluate("document.documentElement.scrollWidth") <= width:
                break
            page.wait_for_timeout(100)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    if not path.endswith("figures"):  # the report's own tests look at those
        axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        found = axe.run(page).response["violations"]
        assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    assert page.said == []
    assert all(url.startswith((page.base, "data:", "blob:")) for url in page.asked)
    assert page.evaluate("window.pwned") is None


def test_a_page_says_what_happens_while_it_is_open(page, study):
    page.goto(f"{page.base}/studies/made", wait_until="domcontentloaded")
    page.wait_for_selector("#live[data-total='30']")
    trial = Trial("0001-9999", {"lr": 0.1})
    study.append(Completed(trial, -5.0, Timing(1.0, "w0", 0.0, 1.0)))
    page.wait_for_selector("#live[data-total='31']")
    assert "1 since this page was loaded" in page.inner_text("#live")
    assert "best -5" in page.inner_text("#live")


def test_names_with_tags_are_shown_and_not_run(page):
    page.goto(f"{page.base}/studies/made/trials", wait_until="domcontentloaded")
    assert NASTY in page.inner_text("main")
    assert page.locator("main b").count() == 0
