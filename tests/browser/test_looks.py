"""Every page, in both languages and themes, full, empty and broken: it stands, says so in words, and breaks nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboards.pages import ALL_PAGES
from tests.browser.chromium import Watched, chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
PATHS = [*(page.path for page in ALL_PAGES), "/hosts/srv-01", "/alerts?sel=A-00003&stack=flat", "/hunt?sel=E-3"]


def words(watched: Watched) -> str:
    """All the text a person can see."""
    return str(watched.page.locator("body").inner_text())


def visit(watched: Watched, path: str) -> None:
    """Open a page; every word of it comes from the catalogue."""
    watched.open("/ui" + path)
    assert "dashboards." not in words(watched)


@pytest.mark.parametrize(("language", "theme"), [("zh-CN", "dark"), ("zh-CN", "light"), ("en", "dark")])
def test_full_pages_stand_and_axe_finds_nothing_serious(
    site: Callable[[str], str], axe_ready: None, language: str, theme: str
) -> None:
    with chromium(site("full"), language=language, theme=theme) as watched:
        for path in PATHS:
            visit(watched, path)
            assert watched.page.locator("html").get_attribute("lang") == language
            assert watched.serious() == [], path
        watched.clean()


def test_an_empty_site_says_what_is_missing_and_what_to_do_next(site: Callable[[str], str]) -> None:
    with chromium(site("empty"), language="en") as watched:
        for path in (page.path for page in ALL_PAGES):
            visit(watched, path)
        watched.open("/ui/")
        said = words(watched)
        assert "Not measured yet" in said
        assert "No alert is open" in said
        assert "100" not in watched.page.locator(".headline").inner_text()
        watched.open("/ui/hosts")
        assert "No host has sent metrics" in words(watched)
        watched.open("/ui/alerts", ".over")
        assert "No alert under these conditions" in words(watched)
        watched.clean()


def test_a_broken_site_says_where_and_why_and_offers_to_try_again(site: Callable[[str], str]) -> None:
    with chromium(site("broken"), language="en") as watched:
        for path in (
            "/",
            "/alerts",
            "/health",
            "/hunt",
            "/hosts",
            "/incidents",
            "/work",
            "/orders",
            "/inspections",
            "/reports",
        ):
            watched.open("/ui" + path)
            failed = watched.page.locator(".card.failed")
            failed.first.wait_for(timeout=15_000)
            said = failed.first.inner_text()
            assert "timed out" in said
            assert "Request" in said
            assert (
                failed.first.get_by_role("button", name="Try again")
                .or_(failed.first.get_by_role("button", name="Retry"))
                .count()
                == 1
            )
        watched.page.locator("[data-again]").first.click()
        watched.settled()
        watched.clean()
