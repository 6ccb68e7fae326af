"""A person in front of a browser: the account of a first start, signed in, looking at a page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from playwright.sync_api import BrowserContext, sync_playwright

from tests.running import RunningSite

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
NAME, PASSWORD = "duty", "an orchard of 14 pears"


def sign_in(site: RunningSite) -> str:
    """The session secret of the first account, which is made when it is not there yet."""
    with httpx.Client(base_url=site.url, headers={"Origin": site.url}, timeout=60) as client:
        answer = client.post("/api/v1/session", json={"name": NAME, "password": PASSWORD})
        if answer.status_code != 200:
            secret = site.first_link().partition("#")[2]
            made = {"link": secret, "name": NAME, "display": "值班员", "password": PASSWORD}
            client.post("/api/v1/link/redeem", json=made).raise_for_status()
            answer = client.post("/api/v1/session", json={"name": NAME, "password": PASSWORD})
        answer.raise_for_status()
        return answer.cookies["yaodun"]


@contextmanager
def browser(site: RunningSite, cookie: str, language: str = "zh-CN") -> Iterator[BrowserContext]:
    """A fresh browser, signed in."""
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        context = started.new_context(viewport={"width": 1440, "height": 900}, locale=language)
        context.add_cookies([{"name": "yaodun", "value": cookie, "url": site.url}])
        try:
            yield context
        finally:
            started.close()


def first_view_s(site: RunningSite, cookie: str) -> float:
    """Seconds from the address to a drawn overview, in a browser that has seen nothing yet."""
    with browser(site, cookie) as context:
        page = context.new_page()
        started = time.monotonic()
        page.goto(f"{site.url}/ui/", wait_until="commit")
        page.locator("#page .card").nth(5).wait_for(timeout=30_000)
        return time.monotonic() - started
