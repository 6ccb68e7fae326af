"""Every page, in both languages and themes, full, empty and broken: it stands, says so in words, and breaks nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboards.frame import KEYS
from dashboards.pages import ALL_PAGES
from tests.browser.chromium import Watched, chromium
from tests.conftest import FULL

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
PATHS = [
    *(page.path for page in ALL_PAGES),
    "/hosts/srv-01",
    "/register/srv-01",
    "/devices?sel=cs-0002",
    "/entities/user/mallory",
    "/graph?node=asset:db-1",
    "/alerts?sel=A-00003&stack=flat",
    "/hunt?sel=E-3",
    "/data-assets?sel=approval-people",
    "/weights?draft=infrastructure.host_cpu:0.2",
]
LOOKS = [("zh-CN", "dark"), ("en", "light")] + ([("zh-CN", "light"), ("en", "dark")] if FULL else [])


def words(watched: Watched) -> str:
    """All the text a person can see."""
    return str(watched.page.locator("body").inner_text())


def visit(watched: Watched, path: str) -> None:
    """Open a page; every word of it comes from the catalogue."""
    watched.move("/ui" + path)
    assert "dashboards." not in words(watched)


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_full_pages_stand_and_axe_finds_nothing_serious(
    site: Callable[[str], str], axe_ready: None, language: str, theme: str
) -> None:
    """Every page stands in every look; axe judges it in one of two, in turn, and in all four under ``make prove``."""
    judged = PATHS if FULL else PATHS[LOOKS.index((language, theme)) :: 2]
    with chromium(site("full"), language=language, theme=theme) as watched:
        for path in PATHS:
            visit(watched, path)
            assert watched.page.locator("html").get_attribute("lang") == language
            if path in judged:
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


def test_drawings_come_from_their_data_and_follow_it(site: Callable[[str], str]) -> None:
    with chromium(site("full"), language="en") as watched:
        watched.open("/ui/")
        page = watched.page
        assert page.locator(".strip .hours").first.locator("i").count() == 24
        page.evaluate("document.querySelector('.strip .hours').dataset.hours = '[0, null, 5]'")
        drawn = page.locator(".strip .hours").first.locator("i")
        drawn.nth(2).wait_for(state="attached")
        assert [drawn.nth(at).get_attribute("class") or "" for at in range(drawn.count())] == ["zero", "none", ""]
        page.keyboard.press("?")
        assert page.locator("#dialog-keys .keys-of").count() == len(KEYS)
        assert "Esc" in page.locator("#dialog-keys").inner_text()
        watched.clean()


def test_a_lazy_component_of_dash_comes_without_its_rebuilt_functions(site: Callable[[str], str]) -> None:
    """``05-steps.js`` is enough for what Dash loads later: steps run in order, end once, and throw what they throw."""
    with chromium(site("full"), language="en") as watched:
        watched.open("/ui/")
        assert watched.page.locator("script[src*=polyfill]").count() == 0
        found = watched.page.evaluate(
            """() => {
              const told = [], steps = regeneratorRuntime.mark((at) => {
                for (;;) switch (at.prev = at.next) {
                  case 0: told.push("one"); at.next = 2; return "asked";
                  case 2: told.push(at.sent); case 3: case "end": return at.stop();
                }
              });
              const run = regeneratorRuntime.wrap(steps);
              return [run.next(), run.next("answer"), run.next(), told];
            }"""
        )
        asked, ended, after, told = found
        assert (asked, ended["done"], after["done"]) == ({"value": "asked", "done": False}, True, True)
        assert told == ["one", "answer"]
        watched.clean()
