"""The workspace of an incident in a real browser: by keyboard, live between two people, in its other view."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Watched, chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
STORY = "凭证被窃"


@pytest.fixture(scope="module")
def desk(site: Callable[[str], str]) -> Iterator[Watched]:
    """The incidents page in English."""
    with chromium(site("full"), language="en") as watched:
        yield watched


def opened(watched: Watched, words: str) -> None:
    """Open an incident from the list."""
    watched.open("/ui/incidents?state=any")
    watched.page.locator("a.rowlink", has_text=words).click()
    expect(watched.page.locator(".case-title")).to_contain_text(words)


def test_an_incident_is_worked_by_keyboard(desk: Watched) -> None:
    page = desk.page
    desk.open("/ui/incidents")
    page.keyboard.press("n")
    page.fill("#dialog-new input[name=title]", "Portal answers with strange words")
    page.keyboard.press("Enter")
    expect(page.locator(".case-title")).to_have_text("Portal answers with strange words")
    page.keyboard.press("t")
    page.fill("#dialog-task input[name=title]", "Compare the home page with its backup")
    page.keyboard.press("Enter")
    row = page.locator(".list > div", has_text="Compare the home page")
    expect(row).to_be_visible()
    row.locator("button").click()
    expect(row.locator(".check.on")).to_be_visible()
    page.keyboard.press("m")
    page.fill("#dialog-say textarea", "Two files differ")
    page.locator("#dialog-say button[type=submit]").click()
    expect(page.locator(".case-talk")).to_contain_text("Two files differ")
    page.keyboard.press("n")
    page.locator("#dialog-move .choices label", has_text="Triage").click()
    page.locator("#dialog-move button[type=submit]").click()
    expect(page.locator(".steps [aria-current=step]")).to_contain_text("Triage")
    expect(page.locator(".case-what")).to_contain_text("值班员甲")
    page.keyboard.press("n")
    expect(page.locator("#dialog-move")).to_be_visible()
    page.locator("#dialog-move .choices label", has_text="Closed").first.click()
    page.locator("#dialog-move .choices label", has_text="Real incident").click()
    page.fill("#dialog-move textarea", "done")
    page.locator("#dialog-move button[type=submit]").click()
    expect(page.locator("#notices")).to_contain_text("after its review")
    expect(page.locator(".steps [aria-current=step]")).to_contain_text("Triage")
    desk.clean()


def test_the_timeline_is_the_record_in_both_its_forms(desk: Watched) -> None:
    page = desk.page
    opened(desk, STORY)
    expect(page.locator(".lane-chip.critical").first).to_be_visible()
    expect(page.locator(".graph svg a").first).to_be_visible()
    assert page.locator(".graph svg a").count() >= 4
    page.locator(".seg a", has_text="List").click()
    expect(page.locator(".case-row td", has_text="opened the incident")).to_be_visible()
    assert "view=list" in page.url
    events = int(page.locator(".case-row .card header .quiet").first.inner_text().split()[0])
    assert page.locator(".case-row table tbody tr").count() == events
    expect(page.locator(".case-cols")).to_contain_text("chain whole")


def test_what_one_person_does_another_sees(desk: Watched) -> None:
    opened(desk, STORY)
    url = desk.page.url
    other = desk.page.context.new_page()
    other.goto(url)
    expect(other.locator(".case-title")).to_be_visible()
    other.keyboard.press("m")
    other.fill("#dialog-say textarea", "the copy is switched over")
    other.locator("#dialog-say button[type=submit]").click()
    expect(desk.page.locator(".case-talk")).to_contain_text("the copy is switched over")
    other.close()


def test_evidence_is_verified_on_the_spot(desk: Watched) -> None:
    page = desk.page
    opened(desk, STORY)
    row = page.locator("tr", has_text="auth-iam-09.log")
    row.locator("button", has_text="Verify").click()
    expect(page.locator("#notices")).to_contain_text("still is what its hash says")
    expect(row).to_contain_text("2 ·")


def test_my_work_leads_to_the_work(desk: Watched) -> None:
    page = desk.page
    desk.open("/ui/work")
    page.locator("a.rowlink", has_text=STORY).last.click()
    expect(page.locator(".case-title")).to_contain_text(STORY)
    page.keyboard.press("g")
    page.keyboard.press("w")
    expect(page.locator("h1")).to_have_text("My work")
