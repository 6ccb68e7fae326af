"""The queue by keyboard, the address that holds all state, and the grid's two traps in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Watched, chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
ROWS = ".ag-center-cols-container .ag-row"


@pytest.fixture(scope="module")
def queue(site: Callable[[str], str]) -> Iterator[Watched]:
    """The alert page in English."""
    with chromium(site("full"), language="en") as watched:
        yield watched


def listed(watched: Watched, path: str) -> None:
    """Open the queue and wait for its rows."""
    watched.open(path)
    expect(watched.page.locator(f"{ROWS} .two").first).to_be_visible(timeout=20_000)


def counted(watched: Watched) -> str:
    return str(watched.page.locator("[data-grid]").inner_text())


def test_triage_without_a_mouse(queue: Watched) -> None:
    page = queue.page
    listed(queue, "/ui/alerts?stack=flat&level=low")
    before = counted(queue)
    page.keyboard.press("j")
    expect(page.locator(".pane-title")).to_be_visible()
    assert "sel=" in page.url
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#bulk")).to_contain_text("2 selected")
    page.keyboard.press("c")
    expect(page.locator("#dialog-close")).to_be_visible()
    page.locator("#dialog-close .choices label").nth(1).click()
    page.fill("#dialog-close textarea", "planned work")
    page.keyboard.press("Tab")
    page.locator("#dialog-close button[type=submit]").click()
    expect(page.locator("#notices")).to_contain_text("2 alerts closed")
    expect(page.locator("[data-grid]")).not_to_have_text(before)
    expect(page.locator("#bulk")).to_be_hidden()
    page.keyboard.press("u")
    expect(page.locator("[data-grid]")).to_have_text(before)
    page.keyboard.press("Escape")
    expect(page.locator(".pane-title")).to_have_count(0)
    queue.clean()


def test_keys_are_letters_while_somebody_types(queue: Watched) -> None:
    page = queue.page
    listed(queue, "/ui/alerts")
    page.keyboard.press("/")
    page.keyboard.type("jackal")
    assert page.locator("#alerts-q").input_value() == "jackal"
    assert "sel=" not in page.url
    page.keyboard.press("Enter")
    expect(page.locator(".over")).to_contain_text("No alert under these conditions")
    assert "q=jackal" in page.url


def test_the_address_brings_everything_back(queue: Watched) -> None:
    page = queue.page
    listed(queue, "/ui/alerts")
    everything = counted(queue)
    page.locator(".facet", has_text="Critical").first.click()
    expect(page.locator("[data-grid]")).not_to_have_text(everything)
    narrowed, url = counted(queue), page.url
    assert "level=critical" in url
    page.go_back()
    expect(page.locator("[data-grid]")).to_have_text(everything)
    listed(queue, url.removeprefix(queue.base))
    assert counted(queue) == narrowed
    assert page.locator(".facet", has_text="Critical").locator("input").first.is_checked()


def test_a_stack_opens_in_place(queue: Watched) -> None:
    page = queue.page
    listed(queue, "/ui/alerts")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".two.child").first).to_be_visible()
    assert "open=rule" in page.url


def test_trap_6_a_jump_across_blocks_loses_no_rows(queue: Watched) -> None:
    page = queue.page
    listed(queue, "/ui/alerts?stack=flat&state=any&tr=7d")
    page.evaluate("window.dash_ag_grid.getApi({grid: 'alerts'}).ensureIndexVisible(101, 'middle')")
    expect(page.locator(f'{ROWS}[row-index="99"] .two')).to_be_visible(timeout=10_000)
    expect(page.locator(f'{ROWS}[row-index="102"] .two')).to_be_visible(timeout=10_000)
    expect(page.locator(f"{ROWS} .skeleton")).to_have_count(0)


def test_trap_7_the_grid_wears_the_theme(queue: Watched) -> None:
    page = queue.page
    listed(queue, "/ui/alerts")

    def ground() -> tuple[str, str]:
        grid = page.locator(".grid .ag-root-wrapper").evaluate("(box) => getComputedStyle(box).backgroundColor")
        body = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return str(grid), str(body)

    dark = ground()
    assert dark[0] == dark[1]
    page.locator("[data-theme-switch]").click()
    light = ground()
    assert light[0] == light[1] != dark[0]
    page.locator("[data-theme-switch]").click()


def test_news_reach_an_open_page_without_asking(queue: Watched) -> None:
    page = queue.page
    queue.open("/ui/")
    expect(page.locator("#live-words")).to_have_text("Live")
    before = page.locator(".rail .count").inner_text()
    other = page.context.new_page()
    other.goto(queue.base + "/ui/alerts?stack=flat&level=low")
    expect(other.locator(f"{ROWS} .two").first).to_be_visible(timeout=20_000)
    other.keyboard.press("j")
    expect(other.locator(".pane-title")).to_be_visible()
    other.keyboard.press("c")
    other.locator("#dialog-close .choices label").nth(1).click()
    other.fill("#dialog-close textarea", "planned work")
    other.locator("#dialog-close button[type=submit]").click()
    expect(page.locator(".rail .count")).to_have_text(re.compile(str(int(before) - 1)))
    expect(other.locator("#notices")).to_contain_text("closed")
    other.keyboard.press("u")
    expect(page.locator(".rail .count")).to_have_text(before)
    other.close()


def test_a_query_that_cannot_be_read_is_pointed_at(queue: Watched) -> None:
    page = queue.page
    queue.open("/ui/hunt?q=event.action%3Assh_login%20AND%20)")
    expect(page.locator(".trouble mark")).to_have_text(")")
    page.fill("#search-q", "event.outcome:failure")
    page.keyboard.press("Enter")
    expect(page.locator(f"{ROWS}").first).to_contain_text("Failed password")
    page.locator(ROWS).first.click()
    expect(page.locator(".pane .raw").first).to_contain_text("sshd")
    queue.clean()
