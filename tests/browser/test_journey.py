"""From the first link to the raw event of a real action: a port opened on this host, found by the real services."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Watched, chromium
from tests.browser.platform import Platform, platform

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(900)]
PASSWORD = "Qiaoliang-7-duzhong-hai"
FOUND_MS = 120_000


@pytest.fixture(scope="module")
def running(browser_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The platform, fresh."""
    with platform(tmp_path_factory.mktemp("platform")) as found:
        yield found


@pytest.fixture(scope="module")
def administrator(running: Platform) -> str:
    """The name of the first account, made as a person makes it: by the link on the console."""
    with chromium(running.url, language="zh-CN") as watched:
        page = watched.page
        page.goto(running.first_link)
        expect(page.locator("#about")).to_contain_text("系统管理员")
        page.fill("[name=name]", "chen")
        page.fill("[name=display]", "陈工")
        page.fill("[name=password]", PASSWORD)
        page.fill("[name=again]", PASSWORD + "x")
        page.click("button[type=submit]")
        expect(page.locator("form [role=alert]")).to_contain_text("两次输入不同")
        page.fill("[name=again]", PASSWORD)
        page.click("button[type=submit]")
        expect(page.locator("#links li")).to_have_count(2)
        assert "#" not in page.url
        watched.clean()
    return "chen"


def sign_in(watched: Watched, name: str) -> None:
    """As a person does; a wrong password is refused in words."""
    page = watched.page
    page.goto(watched.base + "/ui/alerts?tr=1h")
    expect(page.locator("#sign-in")).to_be_visible()
    assert "/ui/sign-in?next=" in page.url
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/ui/alerts?tr=1h")


def open_first(page: Page, shown: str) -> None:
    """Click the first row of the grid until what it opens is there: a live page may redraw the row under the click."""
    for _ in range(5):
        page.locator(".ag-center-cols-container .ag-row", has_text=re.compile(r"\w")).first.click()
        with contextlib.suppress(AssertionError):
            expect(page.locator(shown).first).to_be_visible(timeout=6_000)
            return
    expect(page.locator(shown).first).to_be_visible()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_from_sign_in_to_the_raw_event(running: Platform, administrator: str, language: str) -> None:
    with chromium(running.url, language=language) as watched:
        page = watched.page
        sign_in(watched, administrator)
        watched.open("/ui/hosts/" + socket.gethostname())
        with socket.socket() as door:
            door.bind(("0.0.0.0", 0))
            door.listen()
            port = str(door.getsockname()[1])
            change = page.locator(".rowlink", has_text=f" {port} ").first
            expect(change).to_be_visible(timeout=FOUND_MS)
            watched.open("/ui/")
            worst = page.locator(".part a.rowlink").first
            expect(worst).to_be_visible(timeout=FOUND_MS)
            worst.click()
            expect(page.locator(".pane-title")).to_be_visible()
            expect(page.locator(".pane mark").first).to_be_visible()
            watched.open("/ui/alerts?tr=1h&stack=flat&q=New+listening+port")  # the worst may be about something else
            open_first(page, ".pane .raw")
            expect(page.locator(".pane .raw")).to_contain_text("listener")
            page.locator(".pane section a", has_text="在搜索中看" if language == "zh-CN" else "in search").click()
            expect(page.locator(".pane .raw").last).to_contain_text("destination.port")
            watched.open(f"/ui/hunt?stream=inventory&q=destination.port:{port}")
            open_first(page, ".pane .raw")
            expect(page.locator(".pane .raw").last).to_contain_text(port)
        watched.clean()


def test_every_page_stands_on_real_services(running: Platform, administrator: str) -> None:
    with chromium(running.url, language="en") as watched:
        sign_in(watched, administrator)
        for path in ("/", "/alerts", "/hosts", "/hunt", "/health", "/users", "/me"):
            watched.open("/ui" + path)
            assert watched.page.locator(".card.failed").count() == 0, path
            assert "dashboards." not in watched.page.locator("body").inner_text()
        expect(watched.page.locator("#live-words")).to_have_text("Live")
        watched.clean()


def test_signing_out_ends_it(running: Platform, administrator: str) -> None:
    with chromium(running.url, language="en") as watched:
        sign_in(watched, administrator)
        watched.page.locator("details.menu", has_text="chen").locator("summary").click()
        watched.page.locator("[data-sign-out]").click()
        watched.page.wait_for_url("**/ui/sign-in")
        watched.page.goto(watched.base + "/ui/")
        watched.page.wait_for_url(re.compile(r"/ui/sign-in\?next="))
