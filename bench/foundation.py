"""The foundation's figures: a whole platform started, watched idle, and sent attacks to."""

from __future__ import annotations

import json
import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.figure import Row, figure
from tests.browser.person import first_view_s, sign_in
from tests.running import RunningSite, wait_for

IDLE_S = float(os.environ.get("BENCH_IDLE_S", "600"))
ATTACKS = 60
RATE = 100


@contextmanager
def platform() -> Iterator[RunningSite]:
    """A platform of its own, ended afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        site = RunningSite(Path(folder) / "home")
        site.start()
        try:
            yield site
        finally:
            site.stop()


@figure("up_to_first_event_s")
def up_to_first_event() -> list[Row]:
    """From `yaodun up` on a prepared machine to the first event of this host in the store, median of 3 starts."""
    times = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            site = RunningSite(Path(folder) / "home")
            started = time.monotonic()
            site.start()
            try:
                wait_for("a host event", lambda site=site: site.rows("search", "host.name:*", "--limit", "1"), 60)
                times.append(time.monotonic() - started)
            finally:
                site.stop()
    return [Row("up_to_first_event_s", round(statistics.median(times), 2), "s")]


@figure("idle_pss_mib")
def idle_memory() -> list[Row]:
    """Sum of PSS of all services after ten idle minutes."""
    with platform() as site:
        time.sleep(IDLE_S)
        services = site.status()["services"]
    note = "" if IDLE_S >= 600 else f"after {IDLE_S:g} s instead of 600 s"
    rows = [Row("idle_pss_mib", round(sum(row["pss_mib"] for row in services), 1), "MiB", value_note=note)]
    return rows + [Row(f"idle_pss_mib_{row['name']}", row["pss_mib"], "MiB", value_note=note) for row in services]


@figure("event_to_alert_p95_s")
def event_to_alert() -> list[Row]:
    """Syslog at 100 events/s; every few hundred lines an attack from a new address; until the API shows its alert."""
    with platform() as site:
        secret = json.loads(site.command("token", "create", "--role", "analyst", check=0).stdout)["token"]
        delays = measure_delays(site, secret)
    ordered = sorted(delays)
    return [
        Row("event_to_alert_p95_s", round(ordered[int(len(ordered) * 0.95)], 3), "s"),
        Row("event_to_alert_p50_s", round(statistics.median(ordered), 3), "s"),
    ]


def measure_delays(site: RunningSite, secret: str) -> list[float]:
    """Seconds from an attack's last line to its alert in the API, per attack."""
    stop = threading.Event()
    noise = threading.Thread(target=send_noise, args=(site.syslog_port, stop), daemon=True)
    noise.start()
    client = httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {secret}"})
    delays = []
    try:
        for number in range(ATTACKS):
            address = f"198.51.100.{number + 1}"
            send_attack(site.syslog_port, address)
            sent = time.monotonic()
            wait_for(f"an alert about {address}", lambda: shows(client, address), 30)  # noqa: B023
            delays.append(time.monotonic() - sent)
    finally:
        stop.set()
        noise.join(5)
        client.close()
    return delays


def shows(client: httpx.Client, address: str) -> Any:
    """Whether the API lists an alert about ``address``."""
    return client.get("/api/v1/alerts", params={"q": address}).json()["alerts"]


def send_noise(port: int, stop: threading.Event) -> None:
    """Harmless lines at ``RATE`` a second."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        number = 0
        while not stop.is_set():
            stamp = time.strftime("%b %d %H:%M:%S", time.gmtime())
            line = f"<30>{stamp} web01 app[77]: request {number} served in {number % 90} ms\n"
            connection.sendall(line.encode())
            number += 1
            time.sleep(1 / RATE)


def send_attack(port: int, address: str) -> None:
    """A burst of failed logins from ``address``."""
    stamp = time.strftime("%b %d %H:%M:%S", time.gmtime())
    lines = [
        f"<38>{stamp} gate sshd[9]: Failed password for root from {address} port {4000 + n} ssh2\n" for n in range(25)
    ]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall("".join(lines).encode())


@figure("overview_first_view_s")
def overview_first_view() -> list[Row]:
    """Cold browser, signed in by cookie, until the overview shows its score: median of 5."""
    with platform() as site:
        cookie = sign_in(site)
        times = [first_view_s(site, cookie) for _ in range(5)]
    return [Row("overview_first_view_s", round(statistics.median(times), 3), "s")]
