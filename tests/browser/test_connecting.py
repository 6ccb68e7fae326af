"""A new owner connects a host, a switch and a cold-store sensor by the guide; the door stays open; the excursion is on
the pages of business and infrastructure, its raw readings two clicks away."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Watched, watch
from tests.browser.person import browser, sign_in
from tests.integration.test_snmp_devices import snmpd
from tests.running import ROOT, RunningSite, free_port

__all__ = ["snmpd"]
pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(600)]
FOUND_MS = 90_000
RAW_WITHIN_S = 30.0


@pytest.fixture(scope="module")
def site(browser_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    extra = {"YAODUN_INGEST__AGENTS_LISTEN": f"127.0.0.1:{free_port()}"}
    running = RunningSite(tmp_path_factory.mktemp("site") / "home", extra)
    running.start()
    yield running
    running.stop()


@contextmanager
def agent(folder: Path, command: str) -> Iterator[None]:
    """The command of the guide, run as on another host: in a data folder of its own."""
    words = shlex.split(command)
    assert words[0] == "yaodun"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "YAODUN_HOME": str(folder / "agent")}
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def submit(page: Page, dialog: str, **values: str) -> None:
    """Fill a dialog of the page and send it."""
    page.locator(f"[data-open='{dialog}']").first.click()
    box = page.locator(f"#dialog-{dialog}")
    expect(box).to_be_visible()
    for name, value in values.items():
        box.locator(f"[name='{name}']").fill(value)
    box.locator("button[type=submit]").click()


def readings(site: RunningSite, token: str) -> None:
    """Fifty minutes of a cold store whose door was opened and stays open."""
    start = int(time.time()) - 3_000
    with httpx.Client(
        base_url=f"http://127.0.0.1:{site.http_port}", headers={"authorization": f"Bearer {token}"}
    ) as client:
        for number in range(50):
            values = {"temperature": 5.0 + max(0, number - 5) * 0.4, "door": int(number > 5)}
            body = {"device": "cs-0001", "time": start + 60 * number, "sequence": number, "readings": values}
            client.post("/sensing/yaodun/cs-0001/readings", json=body).raise_for_status()


def test_a_new_owner_connects_three_sources_and_finds_the_excursion(
    site: RunningSite, snmpd: int, tmp_path: Path
) -> None:
    with browser(site, sign_in(site), "en") as context:
        watched = watch(context, site.url, language="en")
        page = watched.page
        with agent(tmp_path, add_a_host(watched)):
            add_a_switch(watched, snmpd)
            token = add_a_sensor(watched)
            readings(site, token)
            expect(page.locator("[id*='connect.seen']")).to_contain_text("First event seen", timeout=FOUND_MS)
            watched.open("/ui/agents")
            expect(page.locator("[id*='agents.list']")).to_contain_text("second-host", timeout=FOUND_MS)
            expect(page.locator("[id*='agents.list']")).to_contain_text("Connected", timeout=FOUND_MS)
        for path in ("/ui/infra", "/ui/business"):
            watched.open(path)
            expect(page.get_by_text("Cold chain: outside storage limits too long").first).to_be_visible(
                timeout=FOUND_MS
            )
        began = time.monotonic()
        watched.open("/ui/devices?sel=cs-0001")
        expect(page.locator("[id*='devices.device']")).to_contain_text("Cold chain", timeout=FOUND_MS)
        page.locator("[id*='devices.device']").get_by_text("Raw readings").click()
        page.locator(".ag-center-cols-container .ag-row").first.click()
        expect(page.locator(".pane .raw").last).to_contain_text("cs-0001")
        assert time.monotonic() - began < RAW_WITHIN_S
        assert watched.troubles == []


def add_a_host(watched: Watched) -> str:
    """The command of the guide for a new host."""
    watched.open("/ui/connect")
    watched.page.locator("[id*='connect.steps'] a", has_text="Add a host").click()
    watched.page.wait_for_url("**/ui/agents*")
    watched.settled()
    submit(watched.page, "invite", name="second-host")
    command = watched.page.locator("dialog .once code")
    expect(command).to_contain_text("--enrol")
    said = command.inner_text()
    watched.page.locator("dialog .once [data-close]").click()
    return said


def add_a_switch(watched: Watched, port: int) -> None:
    """Polled by the agent of the platform's host; its first answer appears by itself."""
    watched.open("/ui/connect?kind=snmp")
    submit(watched.page, "watch", name="core", hosts=f"127.0.0.1:{port}", community="public")
    expect(watched.page.locator("[id*='connect.seen']")).to_contain_text("First event seen", timeout=FOUND_MS)
    watched.open("/ui/devices")
    expect(watched.page.locator("[id*='devices.network']")).to_contain_text("edge-switch", timeout=FOUND_MS)


def add_a_sensor(watched: Watched) -> str:
    """Entered in the register with its limits; the token of its source."""
    page = watched.page
    limits = {"store_low": "2", "store_high": "8", "store_minutes": "30", "door_minutes": "5"}
    submit(page, "device", id="cs-0001", name="Cold store A", place="warehouse-A", interval_s="600", **limits)
    page.wait_for_url("**/ui/devices?sel=cs-0001")
    watched.open("/ui/connect?kind=push")
    submit(page, "token", source="cold-store-1")
    lines = page.locator("dialog .once pre").first
    expect(lines).to_contain_text("Authorization: Bearer")
    token = lines.inner_text().partition("Bearer ")[2].split()[0]
    page.locator("dialog .once [data-close]").click()
    return token
