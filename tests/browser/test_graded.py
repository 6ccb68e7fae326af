"""A system owner grades, accepts what the platform offers, attaches, has it reviewed and hands a package in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Watched, chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
def owner(site: Callable[[str], str]) -> Iterator[Watched]:
    """The pages of graded protection in English."""
    with chromium(site("full"), language="en") as watched:
        yield watched


def test_ticks_show_both_matrices_at_once_and_where_they_disagree(owner: Watched) -> None:
    page = owner.page
    owner.open("/ui/filing/grade?object=sharing")
    result = page.locator(".grade-row > div").nth(1)
    expect(result).to_contain_text("no harm is ticked")
    newest = page.locator(".matrix-box", has_text="Matrix 2025").first
    newest.get_by_role("checkbox", name=re.compile("National or regional.*General")).click()
    expect(page.locator(".number.decides")).to_contain_text("S4")
    page.locator(".card", has_text="System service").locator("a.grade-tick").nth(4).click()
    expect(result).to_contain_text("S4A3G4")
    expect(result).to_contain_text("S3A3G3")
    expect(result).to_contain_text("matrices disagree")
    owner.clean()


def test_a_value_is_accepted_and_says_where_it_came_from_and_who_took_it(owner: Watched) -> None:
    page = owner.page
    owner.open("/ui/filing/trace?table=T2")
    row = page.locator("tr.form-row", has_text="Service scope")
    expect(row).to_contain_text("register")
    row.get_by_role("button", name="Accept").click()
    expect(page.locator("#notices")).to_contain_text("Accepted 1")
    expect(row.locator(".by")).to_be_visible()
    page.locator("tr.form-row", has_text="Business description").get_by_role("link", name="Fill").click()
    page.locator("form.inline input[name=value]").fill("记录药品流向")
    page.locator("form.inline button[type=submit]").click()
    expect(page.locator("tr.form-row", has_text="Business description")).to_contain_text("记录药品流向")
    owner.clean()


def test_an_item_leads_to_the_fact_that_decided_it(owner: Watched) -> None:
    page = owner.page
    owner.open("/ui/filing/controls")
    page.locator(".heatmap a.verdict-cell.medium").first.click()
    expect(page.locator(".point.on")).to_be_visible()
    page.locator(".point-list a.verdict-cell.medium").first.click()
    expect(page.locator(".need-row").first).to_contain_text("fails")
    expect(page.locator(".need-row .mono").first).to_have_text(re.compile(r"^[0-9a-f]{8}…[0-9a-f]{4}$"))
    owner.clean()


def test_a_mended_finding_is_tested_again_by_another_person(owner: Watched) -> None:
    page = owner.page
    owner.open("/ui/filing/findings")
    page.locator("a.ticket", has_text="99999").click()
    page.get_by_role("button", name="Re-test passed").click()
    page.fill("#dialog-finding-retest_passed textarea", "chage -l shows 90")
    page.locator("#dialog-finding-retest_passed button[type=submit]").click()
    expect(page.locator(".board .card", has_text="Closed").locator(".ticket", has_text="99999")).to_be_visible()
    owner.clean()
