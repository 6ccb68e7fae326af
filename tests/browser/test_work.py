"""Orders, changes, duty, drills, inspections and reports in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Watched, chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def desk(site: Callable[[str], str]) -> Iterator[Watched]:
    """The work pages in English."""
    with chromium(site("full"), language="en") as watched:
        yield watched


def test_an_order_goes_from_open_to_closed_on_the_board(desk: Watched) -> None:
    page = desk.page
    desk.open("/ui/orders")
    page.keyboard.press("n")
    page.fill("#dialog-order input[name=title]", "Replace the fan of srv-07")
    page.locator("#dialog-order button[type=submit]").click()
    ticket = page.locator(".ticket", has_text="Replace the fan")
    ticket.click()
    page.get_by_role("button", name="Begin").click()
    expect(page.locator(".board .card", has_text="In work").locator(".ticket", has_text="fan")).to_be_visible()
    page.locator(".desk-row button[data-open=order-done]").click()
    page.fill("#dialog-order-done textarea", "new fan runs")
    page.locator("#dialog-order-done button[type=submit]").click()
    expect(page.locator(".board .card", has_text="to be checked").locator(".ticket", has_text="fan")).to_be_visible()
    expect(page.locator(".case-talk")).to_contain_text("did it: new fan runs")
    desk.clean()


def test_a_change_is_approved_by_another_and_says_how_many_more(desk: Watched) -> None:
    page = desk.page
    desk.open("/ui/orders?tab=changes")
    page.locator("a.rowlink", has_text="更换核心交换机").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#notices")).to_contain_text("one more has to")
    expect(page.locator("tr", has_text="更换核心交换机")).to_contain_text("1 / 2")


def test_an_inspection_is_run_and_leads_to_its_order(desk: Watched) -> None:
    page = desk.page
    desk.open("/ui/inspections")
    page.keyboard.press("n")
    page.locator("#dialog-inspect .choices label", has_text="Weekly").click()
    page.locator("#dialog-inspect button[type=submit]").click()
    expect(page.locator("#notices")).to_contain_text("anomalies")
    expect(page.locator(".desk-row")).to_contain_text("Report whole")
    page.locator("td a.mono", has_text="WO-").first.click()
    expect(page.locator(".ticket.on")).to_be_visible()
    assert "/ui/orders?sel=WO-" in page.url


def test_duty_drills_and_reports_show_what_stands(desk: Watched) -> None:
    page = desk.page
    desk.open("/ui/orders?tab=duty")
    expect(page.locator(".week .shift.on")).to_be_visible()
    desk.open("/ui/orders?tab=drills")
    page.locator("a.rowlink", has_text="勒索软件").click()
    expect(page.locator(".desk-row")).to_contain_text("85.0")
    desk.open("/ui/reports?period=weekly")
    expect(page.locator(".figure-blocks")).to_contain_text("Incidents opened")
    expect(page.locator("a", has_text="Word").first).to_have_attribute(
        "href", re.compile(r"^/api/v1/reports/BG-\d+-\d+")
    )
    desk.clean()
