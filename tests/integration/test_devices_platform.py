"""A cold-store sensor and a switch at a running platform: registered by API, heard, judged, found again."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.brokers import mosquitto
from tests.running import RunningSite, free_port, wait_for
from tests.unit.collectors.flows.exports import v5

pytestmark = pytest.mark.integration
FLOWS = free_port()
DEVICE = {
    "id": "cs-0001", "name": "Cold store A", "place": "warehouse-A", "interval_s": 600,
    "limits": {
        "temperature": {"low": -40, "high": 85, "storage": {"low": 2, "high": 8, "minutes": 30}},
        "door": {"open_minutes": 5},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with mosquitto(tmp_path_factory.mktemp("broker"), "allow_anonymous true\n") as port:
        yield port


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, broker: int) -> Iterator[RunningSite]:
    poller = {"kind": "mqtt", "host": "127.0.0.1", "port": broker, "topics": ["yaodun/#"]}
    extra = {
        "YAODUN_INGEST__FLOWS_LISTEN": f"127.0.0.1:{FLOWS}",
        "YAODUN_AGENT__POLLERS": json.dumps([poller, {"kind": "telepathy"}]),
    }
    running = RunningSite(tmp_path_factory.mktemp("site") / "home", extra)
    running.start()
    yield running
    running.stop()


def token(site: RunningSite, *words: str) -> dict[str, str]:
    (row,) = site.rows("token", "create", *words)
    return {"authorization": f"Bearer {row['token']}"}


def test_an_open_door_becomes_an_alert_with_its_raw_readings(site: RunningSite, broker: int) -> None:
    admin = token(site, "--role", "operator")
    put = httpx.put(f"{site.url}/api/v1/devices/cs-0001", json=DEVICE, headers=admin)
    assert put.status_code == 204, put.text
    listed = httpx.get(f"{site.url}/api/v1/devices", headers=admin).json()["items"]
    kept = {device["id"]: device for device in listed}
    assert kept["cs-0001"]["place"] == "warehouse-A"
    shipper = token(site, "--source", "gateway-1")
    start = int(time.time()) - 3_000
    with httpx.Client(base_url=f"http://127.0.0.1:{site.http_port}", headers=shipper) as client:
        for number in range(45):
            readings = {"temperature": 5.0 + number * 0.4, "door": 1 if number > 5 else 0}
            body: dict[str, Any] = {"device": "cs-0001", "time": start + 60 * number, "sequence": number}
            answer = client.post("/sensing/yaodun/cs-0001/readings", json={**body, "readings": readings})
            assert answer.status_code == 202, answer.text
        assert client.post("/sensing/unknown/topic", content=b"?").status_code == 202

    def alerts() -> dict[str, dict[str, Any]]:
        found = {rule_of(alert): alert for alert in site.rows("alerts")}
        return found if {"sensing-door-open", "sensing-excursion"} <= set(found) else {}

    found = wait_for("alerts of the cold store", alerts, 120)
    excursion = found["sensing-excursion"]
    assert excursion["entity"] == {"type": "device", "value": "cs-0001"}
    [event] = site.rows("search", f'event.id:"{excursion["event_ids"][0]}"', "--stream", "metrics")
    assert json.loads(event["event.original"])["device"] == "cs-0001"
    row = wait_for("the account", lambda: [r for r in site.status()["sources"] if r["id"] == "gateway-1"], 90)[0]
    assert (row["received"], row["stored"], row["quarantined"]) == (46, 45, 1)


def rule_of(alert: dict[str, Any]) -> str:
    rule = alert["rule"]
    return str(rule["id"] if isinstance(rule, dict) else rule)


def test_readings_of_the_broker_and_a_poller_that_cannot_work(site: RunningSite, broker: int) -> None:
    import paho.mqtt.publish as publish

    def running() -> bool:
        rows = {row["id"].partition("/")[2]: row for row in site.status()["sources"]}
        return "mqtt" in rows and rows["mqtt"]["available"] and not rows["telepathy/telepathy-1"]["available"]

    wait_for("the poller", running, 90)
    body = json.dumps({"device": "truck-7", "sequence": 1, "readings": {"temperature": 6.5}})
    publish.single("yaodun/truck-7/readings", body, qos=1, port=broker)
    [event] = wait_for("the reading", lambda: site.rows("search", "yaodun.sensor.id:truck-7", "--stream", "metrics"))
    assert event["yaodun.sensor.value"] == 6.5


def test_a_switch_exports_flows(site: RunningSite) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as switch:
        switch.sendto(v5(0, [("10.9.8.7", "192.0.2.9", 40_000, 443, 6, 9, 4_200)]), ("127.0.0.1", FLOWS))
    words = ("search", "source.ip:10.9.8.7", "--stream", "flows", "--from", "2026-01-01T00:00:00Z")
    [flow] = wait_for("the flow", lambda: site.rows(*words), 90)
    assert (flow["destination.port"], flow["network.bytes"], flow["yaodun.source"]) == (443, 4_200, "flows/127.0.0.1")


def test_an_analyst_may_not_change_the_register(site: RunningSite) -> None:
    analyst = token(site, "--role", "analyst")
    refused = httpx.put(f"{site.url}/api/v1/devices/cs-0001", json=DEVICE, headers=analyst)
    assert refused.status_code == 403
    wrong = httpx.put(
        f"{site.url}/api/v1/devices/cs-2",
        json={"id": "cs-2", "interval_s": -1},
        headers=token(site, "--role", "operator"),
    )
    assert wrong.status_code in (400, 422)
    assert "interval_s" in wrong.text


def test_the_home_holds_no_key_in_clear(site: RunningSite) -> None:
    admin, key = token(site, "--role", "operator"), "c2VjcmV0LWtleS1vZi1hLWRldmljZS0wMDAx"
    put = httpx.put(f"{site.url}/api/v1/devices/keyed-1", json={**DEVICE, "id": "keyed-1"}, headers=admin)
    assert put.status_code == 204
    assert httpx.put(f"{site.url}/api/v1/devices/keyed-1/key", json={"key": key}, headers=admin).status_code == 204
    assert httpx.get(f"{site.url}/api/v1/devices/keyed-1", headers=admin).json()["keyed"] is True
    shown = httpx.get(f"{site.url}/api/v1/devices/keyed-1", headers=admin).text
    assert key not in shown
    for path in Path(site.home).glob("records*"):
        assert b"secret-key-of-a-device" not in path.read_bytes()
