"""A person in front of a browser: the account of a first start, signed in, looking at a page."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from infra.web.csrf import HEADER
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
        if not answer.is_success:
            secret = site.first_link().partition("#")[2]
            made = {"link": secret, "name": NAME, "display": "值班员", "password": PASSWORD}
            client.post("/api/v1/link/redeem", json=made).raise_for_status()
            answer = client.post("/api/v1/session", json={"name": NAME, "password": PASSWORD})
        answer.raise_for_status()
        return answer.cookies["yaodun"]


def join(site: RunningSite, **roles: str) -> dict[str, str]:
    """Session secrets of new people, made by the security administrator: ``name=role``."""
    path = json.loads(site.command("account", "link", "security_admin", "--format", "json", check=0).stdout)["path"]
    found = {}
    with window(site) as boss:
        _redeem(boss, path, "guard")
        _enter(boss, "guard")
        for name, role in roles.items():
            made = boss.post("/api/v1/users", json={"name": name, "roles": [role]}).raise_for_status().json()
            with window(site) as client:
                _redeem(client, made["path"], name)
                found[name] = _enter(client, name)
    return found


def window(site: RunningSite, cookie: str = "") -> httpx.Client:
    """A client of the API, as the pages are one: with the session of a person, or with none yet."""
    headers = {"Origin": site.url, HEADER: "1"}
    return httpx.Client(base_url=site.url, headers=headers, cookies={"yaodun": cookie} if cookie else {}, timeout=60)


def _redeem(client: httpx.Client, path: str, name: str) -> None:
    form = {"link": path.partition("#")[2], "name": name, "display": name, "password": PASSWORD}
    client.post("/api/v1/link/redeem", json=form).raise_for_status()


def _enter(client: httpx.Client, name: str) -> str:
    answer = client.post("/api/v1/session", json={"name": name, "password": PASSWORD}).raise_for_status()
    return answer.cookies["yaodun"]


@contextmanager
def browser(site: RunningSite, cookie: str, language: str = "zh-CN") -> Iterator[BrowserContext]:
    """A fresh browser, signed in."""
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield _entered(started, site, cookie, language)
        finally:
            started.close()


def beside(context: BrowserContext, site: RunningSite, cookie: str, language: str = "en") -> BrowserContext:
    """Another person, in a window that shares nothing with the first; it is closed with the browser."""
    assert context.browser is not None
    return _entered(context.browser, site, cookie, language)


def _entered(started: Browser, site: RunningSite, cookie: str, language: str) -> BrowserContext:
    context = started.new_context(viewport={"width": 1440, "height": 900}, locale=language)
    context.add_cookies([{"name": "yaodun", "value": cookie, "url": site.url}])
    return context


def first_view_s(site: RunningSite, cookie: str) -> float:
    """Seconds from the address to a drawn overview, in a browser that has seen nothing yet."""
    with browser(site, cookie) as context:
        page = context.new_page()
        started = time.monotonic()
        page.goto(f"{site.url}/ui/", wait_until="commit")
        page.locator("#page .card").nth(5).wait_for(timeout=30_000)
        return time.monotonic() - started
