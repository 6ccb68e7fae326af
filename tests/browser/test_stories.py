"""Two stories on one platform, in a network of its own.

A new owner connects a host, a switch and a cold-store sensor by the guide; the door stays open; the excursion is on the
pages of business and infrastructure, its raw readings two clicks away.

Passwords of this host's ssh are guessed: alert, incident, dry run, a second person approves, the address is blocked in
the kernel, the guessing stops, it is taken back, the report tells it. Nothing in between is faked.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from playwright.sync_api import Locator, Page, expect

from playbooks.library.shelf import SHELF
from tests.browser.attack import THERE, needed, own_network, under_attack
from tests.browser.chromium import Watched, watch
from tests.browser.person import beside, browser, join, sign_in, window
from tests.integration.test_snmp_devices import snmpd
from tests.running import ROOT, RunningSite, free_port, wait_for

__all__ = ["snmpd"]
pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(600)]
FOUND_MS = 90_000
RAW_WITHIN_S = 30.0


@pytest.fixture(scope="module")
def network() -> Iterator[None]:
    """The platform, the browsers and the attacked services are alone in it."""
    with own_network():
        yield


@pytest.fixture(scope="module")
def site(network: None, browser_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
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
        page.locator(".ag-center-cols-container .ag-row", has_text="sensor.").first.click()
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


PLAYBOOK = "brute-force-with-approval"
TITLE = "Answer a password-guessing attack, once another agrees"


def signed(site: RunningSite, analyst: str, folder: Path) -> None:
    """A shipped playbook is signed with the security administrator's key and taken into the library."""
    key = ed25519.Ed25519PrivateKey.generate()
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (keys := site.home / "playbooks" / "keys").mkdir(parents=True)
    (keys / "guard.pem").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    words = (str(SHELF / f"{PLAYBOOK}.yaml"), "--key", str(folder / "key.pem"), "--as", "Security administrator")
    site.command("playbook", "sign", *words, "--out", str(folder / "signed.json"), check=0)
    with window(site, analyst) as client:
        client.post("/api/v1/playbooks", content=(folder / "signed.json").read_bytes()).raise_for_status()


def blocked() -> str:
    """What the kernel blocks."""
    words = ["nft", "list", "set", "inet", "yaodun", "blocked4"]
    return subprocess.run(words, check=False, capture_output=True, text=True).stdout


def test_guessed_passwords_end_at_the_firewall_and_in_the_report(site: RunningSite, tmp_path: Path) -> None:
    needed()
    sign_in(site)
    people = join(site, li="analyst", zhao="operator")
    signed(site, people["li"], tmp_path)
    with under_attack(tmp_path, site.syslog_port) as attack, browser(site, people["li"], "en") as context:
        assert attack.attacker.reaches()
        other = beside(context, site, people["zhao"])
        li, zhao = (watch(each, site.url, language="en") for each in (context, other))
        with attack.attacker.guessing():
            open_incident(li)
            run = dry_run_and_ask(li)
            assert THERE not in blocked()
            refuse_own_word(li, run)
            approve(zhao, run)
            wait_for("the address is blocked", lambda: THERE in blocked())
            seen = attack.failures()
            assert not attack.attacker.reaches()
            assert attack.failures() == seen
        roll_back(li, run)
        assert THERE not in blocked()
        assert attack.attacker.reaches()
        report_tells(li)
        assert li.troubles + zhao.troubles == []


def alerts_of(watched: Watched, words: str) -> bool:
    """Does the API know an alert of these words?"""
    found = watched.page.request.get(f"{watched.base}/api/v1/alerts", params={"q": words})
    return THERE in found.text()


def open_incident(watched: Watched) -> None:
    """From the alert of the guessing to an incident of it."""
    page = watched.page
    row = page.locator(".ag-center-cols-container .ag-row", has_text=THERE).first
    wait_for("an alert of the guessing", lambda: alerts_of(watched, "SSH password guessing"), 90, every_s=0.5)
    watched.open("/ui/alerts?tr=1h&stack=flat&q=SSH+password+guessing")
    for _ in range(3):  # a live page may redraw the row under the click
        press(row.locator(".ag-cell").first)
        with suppress(AssertionError):
            expect(page.locator(".pane .raw")).to_contain_text("Failed password", timeout=6_000)
            break
    submit(page, "incident")
    page.wait_for_url("**/ui/incidents/*")
    expect(page.locator(".case-title")).to_contain_text("SSH password guessing")


def press(locator: Locator) -> None:
    """A click at once: a live page may draw the thing anew between a look at it and a click."""
    locator.evaluate("each => each.click()")


def dry_run_and_ask(watched: Watched) -> str:
    """What the fitting playbook would do; then it is asked for. The id of its run."""
    page = watched.page
    fit = page.locator("[id*='incidents.runs'] .facts", has_text=TITLE)
    press(fit.get_by_text("Dry run"))
    effects = page.locator("[id*='incidents.runs'] table")
    expect(effects.locator("tr", has_text="Block an address")).to_contain_text(THERE)
    expect(effects.locator("tr", has_text="Block an address")).to_contain_text("Takes it back")
    expect(effects.locator("tbody tr")).to_have_count(3)
    press(fit.get_by_role("button", name="Run", exact=True))
    opened = page.locator("[id*='incidents.runs'] a[href*='run=']").first
    expect(opened).to_be_visible()
    return str(opened.get_attribute("href")).rpartition("run=")[2]


def say(watched: Watched, run: str, words: str) -> None:
    """Answer what a run waits for."""
    watched.open(f"/ui/playbooks?run={run}")
    press(watched.page.locator("[id*='playbooks.waits']").get_by_role("button", name=words, exact=True))


def refuse_own_word(watched: Watched, run: str) -> None:
    """Who asked for the run has no word on it: no button on the page, no way past it."""
    watched.open(f"/ui/playbooks?run={run}")
    waits = watched.page.locator("[id*='playbooks.waits']")
    expect(waits).to_contain_text("somebody else has to agree")
    expect(waits.get_by_role("button", name="Yes", exact=True)).to_have_count(0)
    ask, doors = watched.page.request, f"{watched.base}/api/v1/runs/waits"
    (wait,) = ask.get(doors, params={"run": run}).json()
    words = {"binding": wait["binding"], "agree": True}
    answer = ask.post(f"{doors}/{wait['id']}/approve", data=words, headers={"x-yaodun": "1", "origin": watched.base})
    assert (answer.status, "cannot approve it" in answer.text()) == (403, True), answer.text()
    assert THERE not in blocked()


def approve(watched: Watched, run: str) -> None:
    """The second person agrees, and the run comes to its end."""
    say(watched, run, "Yes")
    expect(watched.page.locator("[id*='playbooks.runs'] .facts").first).to_contain_text("Done")


def roll_back(watched: Watched, run: str) -> None:
    """Take back what the run did."""
    watched.open(f"/ui/playbooks?run={run}")
    press(watched.page.get_by_role("button", name="Take back"))
    expect(watched.page.locator("[id*='playbooks.runs'] .facts").first).to_contain_text("Taken back")


def report_tells(watched: Watched) -> None:
    """The report of the incident holds the attack, the answer, and who agreed."""
    page = watched.page
    watched.open("/ui/incidents")
    press(page.locator("a.rowlink", has_text="SSH password guessing"))
    href = page.locator(".case-acts a[href*='kind=html']").get_attribute("href")
    told = page.request.get(f"{watched.base}{href}").text()
    for words in ("SSH password guessing from one address", THERE, TITLE, "Undone", "zhao"):
        assert words in told, words
