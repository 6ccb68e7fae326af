"""A system Chromium under watch: console errors, page errors, failed policies and requests that leave the host."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.browser.axe import axe_source

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
expect.set_options(timeout=30_000)
_SHOWS = """path => {
  try { return dash_component_api.getLayout("seen").props.data.path === path; } catch { return false; }
}"""
"""The page of the address has been put in, for what was seen is told with it; before Dash stands, asking throws."""
_GRIDS_STAND = (
    """() => [...document.querySelectorAll(".grid")].every((grid) => grid.querySelector(".ag-header-cell"))"""
)
OWN = ("http", "https", "ws", "wss")


@dataclass
class Watched:
    """A page and what went wrong on it."""

    page: Page
    base: str
    troubles: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str, ready: str = "#page > :not(.loading)") -> None:
        """Go to a path and wait until its page stands."""
        self.page.goto(self.base + path)
        self.page.wait_for_selector(ready, timeout=60_000)
        self.settled()

    def move(self, path: str) -> None:
        """Go to a path as a link inside the product does, without loading the document anew. Where the document has no
        product in it yet, or only the part after the ``?`` changes, it is loaded."""
        if "?" in path or urlsplit(self.page.url).path in ("", "blank", path):
            self.open(path)
            return
        self.page.evaluate("path => yaodun.go(path)", path)
        self.page.wait_for_function(_SHOWS, arg=path, timeout=60_000)
        self.settled()

    def settled(self) -> None:
        """Wait until Dash waits for no answer, and every grid has its heads."""
        expect(self.page.locator("[data-dash-is-loading]")).to_have_count(0, timeout=60_000)
        self.page.wait_for_function(_GRIDS_STAND, timeout=60_000)

    def clean(self) -> None:
        """Nothing went wrong, and nothing was asked of another host."""
        assert self.troubles == []
        host = urlsplit(self.base).netloc
        foreign = [url for url in self.requests if urlsplit(url).scheme in OWN and urlsplit(url).netloc != host]
        assert foreign == []

    def serious(self) -> list[str]:
        """Serious and critical findings of axe on the page as it is, evaluated under the strict policy."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Runtime.evaluate", {"expression": axe_source()})
        options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
        run = f"axe.run(document, {json.dumps(options)}).then((found) => JSON.stringify(found.violations))"
        answer = session.send("Runtime.evaluate", {"expression": run, "awaitPromise": True, "returnByValue": True})
        session.detach()
        return [
            _words(each) for each in json.loads(answer["result"]["value"]) if each["impact"] in ("serious", "critical")
        ]


def _words(finding: dict[str, Any]) -> str:
    places = [f"{node['target']} {node.get('html', '')[:160]}" for node in finding["nodes"][:3]]
    return f"{finding['id']}: {places}"


@contextmanager
def chromium(base: str, **cookies: str) -> Iterator[Watched]:
    """A fresh browser with its own profile on a site."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="chromium-") as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=str(CHROMIUM),
            headless=True,
            args=list(FLAGS),
            viewport={"width": 1440, "height": 900},
        )
        try:
            yield watch(context, base, **cookies)
        finally:
            context.close()


def watch(context: BrowserContext, base: str, **cookies: str) -> Watched:
    """A new page of the browser, watched."""
    context.add_cookies([{"name": f"yaodun_{name}", "value": value, "url": base} for name, value in cookies.items()])
    found = Watched(context.new_page(), base)
    page = found.page
    page.on("console", lambda line: found.troubles.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: found.troubles.append(str(error)))
    page.on("request", lambda request: found.requests.append(request.url))
    return found
