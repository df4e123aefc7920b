"""The pages show what is on record, whatever it is called, and lead to each other."""

import re
from itertools import pairwise

import pytest
from made_studies import NASTY, line_of_trials, study_of

from autotune.reporting.pages import study_view
from autotune.store.journal import JournalStore
from autotune.store.storage import FolderStorage
from autotune.store.study import Header
from autotune.trials import Completed, Timing
from autotune.web import page_view

BROWSER = {"Accept": "text/html,*/*"}


@pytest.fixture
def site(service, tmp_path):
    """A service of one study with tags in every text, and a way to get its pages."""
    trials = line_of_trials(130, failed=lambda i: i % 7 == 6)
    with JournalStore.open(tmp_path / "made", study_of([]).header, start={}) as store:
        store.append(*trials)

    def get(path):
        answer = service.client.get(path, headers=BROWSER)
        assert answer.headers["content-type"].startswith("text/html")
        return answer

    return get


def links(page):
    return [each.replace("&amp;", "&") for each in re.findall(r'href="([^"#]*)"', page.text)]


def test_every_link_leads_to_a_page_and_nowhere_else(site):
    seen, todo = set(), ["/"]
    while todo:
        path = todo.pop(0)
        seen.add(path)
        if path.endswith((".css", "/figures", "/laws", "/report")):
            continue  # they take a process each
        if sum("/trials/" in each for each in seen) > 5 and "/trials/" in path:
            continue  # one looks like the other
        page = site(path)
        assert page.status_code == 200, path
        assert NASTY not in page.text
        levels = [0, *map(int, re.findall(r"<h(\d)", page.text))]
        assert all(after <= before + 1 for before, after in pairwise(levels)), path
        base = path.partition("?")[0]
        for link in links(page):
            assert not link.startswith(("http", "//"))
            full = base + link if link.startswith("?") else link
            if full not in seen and full not in todo:
                todo.append(full)
    kinds = ("/", "/studies/made", "/studies/made/trials", "/studies/made/trials?offset=100")
    assert set(kinds) <= seen
    assert any("/trials/0001-" in path for path in seen)


def test_pages_of_trials_keep_their_filters_and_cover_all_of_them(site):
    first = site("/studies/made/trials?status=completed&order=value")
    assert "1 to 100 of 112" in first.text
    (after,) = [link for link in links(first) if "offset" in link]
    second = site(f"/studies/made/trials{after}")
    assert "101 to 112 of 112" in second.text
    rows = re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)', first.text + second.text)
    assert len(rows) == len(set(rows)) == 112


def test_pages_of_the_service_and_reports_write_numbers_alike(tmp_path):
    config = {"n_active": 9.80385e8, "lr": 1e-3, "size": 5e9}
    header = Header(
        problem="p", options={"flops": 1e22}, unit="FLOPs", units={"size": "bytes"},
    )  # fmt: skip
    with JournalStore.open(tmp_path / "s", header, start={}) as store:
        store.append(Completed(store.trial(config), 2.5e9, Timing(720.0, "w", 0.0, 1.0)))
    feed = FolderStorage(tmp_path).feed("s")
    feed.refresh()
    ((_, cells),) = page_view.trials(feed, feed.outcomes).rows
    assert cells[1:] == ("2.5 GFLOP", "12.0 min", "w", "980.4M", "0.001", "5 GB")
    (row,) = study_view.best(feed.study()).rows
    assert row[1:] == (cells[1], *cells[4:])
    for name in ("options", "trials", "failed", "problem"):
        assert dict(page_view.facts(feed))[name] == dict(study_view.facts(feed.study()))[name]
    assert dict(page_view.facts(feed))["options"] == "flops=10 ZFLOP"
    assert dict(page_view.facts(feed))["best"] == f"2.5 GFLOP (trial {cells[0]})"


def test_a_study_of_no_outcomes_and_no_studies_at_all_have_pages(site, tmp_path):
    JournalStore.open(tmp_path / "empty", study_of([]).header, start={}).close()
    assert "none yet" in site("/studies/empty").text
    assert "None of 0" in site("/studies/empty/trials").text


def test_people_are_told_in_a_page_and_sent_to_the_door(site, service):
    missing = site("/studies/nothing")
    assert missing.status_code == 404
    assert "Did you mean" in missing.text or "unknown study" in missing.text
    outside = service.bare.get("/", headers=BROWSER, follow_redirects=False)
    assert (outside.status_code, outside.headers["location"]) == (303, "/login")
    door = service.bare.get("/", headers=BROWSER)
    assert 'name="token"' in door.text
