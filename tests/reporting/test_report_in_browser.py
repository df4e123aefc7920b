"""The report in a real browser: complete, quiet, alone, and readable by everybody."""

import json
import re
from dataclasses import replace

import pytest
from chromium import chromium
from cli_run import run
from made_fits import saved
from made_loop import searches
from made_studies import NASTY, line_of_trials, study_of

pytest.importorskip("matplotlib")
pytest.importorskip("plotly")
pytest.importorskip("jinja2")

from autotune.fits import files
from autotune.reporting.pages.report import MOST_BYTES
from autotune.store.journal import JournalStore

STUDY = "nasty <b>&'\""
DRAWN = "html[data-charts=drawn]"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of a closed loop with tags in every text, of a fit, and of a plan by it."""
    folder = tmp_path_factory.mktemp("report")
    trials = line_of_trials(30, failed=lambda i: i % 7 == 6)
    with JournalStore.open(folder / STUDY, study_of([]).header, start={"seed": 7}) as store:
        store.append(*trials)
    log = folder / STUDY / "trials" / trials[3].trial.id / "log.txt"
    log.parent.mkdir(parents=True)
    log.write_text("x" * 5000 + "step 7, loss 2.5")
    for search in searches(trials):
        JournalStore.open(folder / STUDY, study_of([]).header, start=search).close()
    far = f"/scratch/{'of_a_long_name/' * 6}runs.csv"  # no line of a narrow page has room for it
    files.save(replace(saved(n_draws=8, spread=1e-3), data=far), folder)
    budget = ("--flops", "1e21", "--sparsity", "0.9")
    asked = run("plan", *budget, "--law", "mine", "--storage", folder, "--json")
    (folder / "plan.json").write_text(asked.stdout)
    done = run(
        "report", folder / "report.html", "--study", STUDY, "--fit", "mine",
        "--plan", folder / "plan.json", "--storage", folder, "--json",
        "--trial", trials[3].trial.id, "--trial", trials[20].trial.id,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["bytes"] < MOST_BYTES
    return folder / "report.html"


def test_the_report_names_nothing_outside_itself_and_runs_its_two_scripts_alone(report):
    page = report.read_text()
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "@import" not in page
    assert page.count("<script>") == 1
    assert NASTY not in page
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert "default-src &#39;none&#39;" in policy or "default-src 'none'" in policy
    assert policy.count("sha256-") == 2


def test_the_report_says_what_went_in(report):
    page = report.read_text()
    for text in ("sha256:abc", "6 N_active D", "generalized", "autotune report", "matplotlib"):
        assert text in page
    assert "Budget: 1 ZFLOP. FLOPs are 6 N_active D." in page
    assert re.search(r"Made \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC by", page)
    assert "problem_file.load(" in page  # the command that repeats a trial


def test_any_trial_is_shown_with_its_configuration_log_and_command(report):
    page = report.read_text()
    articles = [part.partition("</article>")[0] for part in page.split('<article class="trial">')]
    headings = [re.search(r"<h4>Trial ([^<]+)</h4>", part)[1] for part in articles[1:]]
    assert headings == [
        "0001-0025, the best",
        "0001-0027, the latest of 4 that failed with: crashed",
        "0001-0003, number 4 of 30",
        "0001-0020, number 21 of 30",
    ]
    for part in articles[3:]:
        assert "Configuration of trial" in part
        assert "problem_file.load(" in part
    assert "xxx" + "step 7, loss 2.5</pre>" in articles[3]
    assert 3900 < articles[3].count("x") < 4100


@pytest.fixture(scope="module")
def browser():
    """Chromium, started once."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def page(browser, report):
    """The report, opened once without a network; with what it said and asked for."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    opened = context.new_page()
    opened.said, opened.asked = [], []
    opened.on("console", lambda message: opened.said.append(message.text))
    opened.on("pageerror", lambda error: opened.said.append(str(error)))
    opened.on("request", lambda request: opened.asked.append(request.url))
    opened.goto(report.as_uri())
    opened.wait_for_selector(DRAWN, timeout=120_000)
    yield opened
    context.close()


long = pytest.mark.long  # each size and scheme draws every chart anew
SIZES = [
    (1440, "light"), pytest.param(1440, "dark", marks=long), (390, "dark"),
    pytest.param(390, "light", marks=long),
]  # fmt: skip


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_every_chart_is_drawn_at_any_width_and_scheme_without_a_word(page, report, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    ink = "rgb(230, 233, 238)" if scheme == "dark" else "rgb(27, 31, 36)"
    page.wait_for_function(
        "ink => document.documentElement.dataset.charts === 'drawn' && "
        "[...document.querySelectorAll('.ytick text')]"
        ".every(each => getComputedStyle(each).fill === ink) && "
        "[...document.querySelectorAll('.plot svg.main-svg')]"  # each follows the window alone
        ".every(each => each.clientWidth === each.closest('.plot').clientWidth)",
        arg=ink,
    )
    places = page.evaluate(
        """[...document.querySelectorAll('.plot')].map(place => ({
            wanted: JSON.parse(document.getElementById(place.dataset.figure).textContent)
                .data.length,
            drawn: place.data.length, pictures: place.querySelectorAll('svg.main-svg').length}))"""
    )
    assert len(places) > 15
    assert all(each["drawn"] == each["wanted"] and each["pictures"] for each in places)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.said == []
    assert {url for url in page.asked if not url.startswith(("data:", "blob:"))} == {
        report.as_uri()
    }


def test_a_closed_loop_says_what_changed_its_decision_in_every_round(page):
    title = page.locator("h4", has_text="What changed the decision")
    said = title.locator("xpath=following-sibling::ul[1]/li").all_inner_texts()
    assert [line.split(":")[0] for line in said] == [f"Round {i}" for i in range(1, 12)]
    assert page.locator("#study-1-placed .plot").count() == 1


def test_names_with_tags_are_shown_and_not_run(page):
    assert page.evaluate("window.pwned") is None
    assert NASTY in page.inner_text("main")
    assert page.locator("main b").count() == 0


@pytest.mark.parametrize(
    ("scheme", "options", "fewest"),
    [("light", None, 15), ("dark", {"runOnly": ["color-contrast"]}, 1)],
)
def test_axe_finds_nothing_serious(page, scheme, options, fewest):
    """In the dark, colours alone are other; of charts alike, the first of a section is enough."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.emulate_media(color_scheme=scheme)
    found = axe.run(page, {"exclude": [[".chart ~ .chart .plots"]]}, options).response
    bad = [each["id"] for each in found["violations"] if each["impact"] in ("serious", "critical")]
    assert bad == []
    assert len(found["passes"]) >= fewest


def test_the_keyboard_reaches_the_contents_and_every_table(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".scroll:not([tabindex])").count() == 0
    figures, tables = page.locator(".chart").count(), page.locator(".chart table tbody tr").count()
    assert page.locator(".chart figcaption").count() == figures
    assert tables > figures


def test_on_paper_pictures_stand_for_what_scripts_draw(page):
    page.emulate_media(media="print")
    assert page.locator(".chart img").first.is_visible()
    assert not page.locator(".plots").first.is_visible()
    page.emulate_media(media="screen")


def test_without_scripts_there_are_pictures_and_tables(browser, report):
    context = browser.new_context(java_script_enabled=False, offline=True)
    opened = context.new_page()
    opened.goto(report.as_uri())
    pictures = opened.locator(".chart img")
    assert pictures.count() > 8
    assert pictures.first.is_visible()
    assert pictures.first.bounding_box()["height"] > 100
    assert not opened.locator(".plots").first.is_visible()
    context.close()
