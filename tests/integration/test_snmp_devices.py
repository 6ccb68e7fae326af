"""A real snmpd answers in v2c and v3, a real snmptrap and snmpinform notify; a device that is away is a datum."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.pollers.items import ItemBook
from collectors.snmp.device import PolledDevice
from collectors.snmp.objects import shipped_objects
from collectors.snmp.session import Session, SnmpError
from collectors.snmp.snmp_poller import SnmpPoller
from collectors.snmp.snmp_poller import make as make_poller
from collectors.snmp.transport import SnmpTransport
from collectors.snmp.trap_poller import make as make_traps
from collectors.snmp.usm import User
from collectors.sources.reporting import Host, Reporter
from infra.events.stream import Event
from tests.integration.brokers import free_port, program, running
from tests.unit.collectors.sinks import KeepingSink, conforming

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore::DeprecationWarning:pysnmp")]
HOST = Host("agent1", "0" * 32)
SWITCHES = 40 if os.environ.get("YAODUN_PROVE") == "full" else 3
AUTH, PRIVACY = "auth-pass-12", "priv-pass-12"
WATCHER = ["-u", "watcher", "-a", "SHA-256", "-A", AUTH, "-x", "AES", "-X", PRIVACY, "-l", "authPriv"]


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder, port, path = tmp_path_factory.mktemp("snmpd"), free_port(socket.SOCK_DGRAM), program("snmpd", "snmpd")
    settings = folder / "snmpd.conf"
    settings.write_text(
        f"agentaddress udp:127.0.0.1:{port}\nrocommunity public\nsysName edge-switch\nsysLocation 机房 A\n"
        f"createUser watcher SHA-256 {AUTH} AES {PRIVACY}\nrouser watcher authPriv\n"
        "override 1.3.6.1.4.1.99999.1.0 integer 42\n"
    )
    environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder)}
    words = [path, "-f", "-Lf", str(folder / "log"), "-C", "-c", str(settings)]
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(10)


async def answering(port: int, credentials: Any, objects: tuple[str, ...] = ()) -> tuple[list[Event], PolledDevice]:
    """Metrics of the device, once it answers at all."""
    transport = SnmpTransport()
    device = PolledDevice(
        "127.0.0.1", Session(transport, credentials, "127.0.0.1", port, 0.5), shipped_objects(), objects
    )
    try:
        for attempt in range(20):
            try:
                await device.metrics()
                break
            except SnmpError:
                if attempt == 19:
                    raise
        found = await device.metrics()
        items = await device.items(ItemBook("snmp"), 1)
        conforming(found + items)
        return found + items, device
    finally:
        transport.close()


@pytest.mark.parametrize("version", ["v2c", "v3"])
async def test_what_a_device_says(snmpd: int, version: str) -> None:
    credentials = b"public" if version == "v2c" else User("watcher", "sha256", AUTH, "aes128", PRIVACY)
    found, device = await answering(snmpd, credentials, ("1.3.6.1.4.1.99999",))
    assert device.name == "edge-switch"
    metrics = {(each["yaodun.metric.name"], each.get("yaodun.metric.instance", "")): each["yaodun.metric.value"]
               for each in found if each.get("event.kind") == "metric"}  # fmt: skip
    assert metrics["uptime", ""] >= 0
    assert metrics["interface.state", "lo"] == 1
    assert metrics["network.in_bytes", "lo"] >= 0
    assert any(name == "memory.used" and 0 <= value <= 1 for (name, _), value in metrics.items())
    assert metrics["snmp.1.3.6.1.4.1.99999", "1.0"] == 42
    [own] = [each for each in found if each.get("yaodun.inventory.kind") == "network-device"]
    assert own["yaodun.inventory.item"]["location"] == "机房 A"


async def test_a_wrong_password_and_an_absent_device_are_data(snmpd: int, tmp_path: Path) -> None:
    nobody = free_port(socket.SOCK_DGRAM)
    (tmp_path / "community").write_text("public")
    tree = {"hosts": [f"127.0.0.1:{nobody}"], "community": f"file:{tmp_path}/community", "timeout_s": 0.1}
    poller = make_poller(Reporter(HOST, "snmp"), tree, tmp_path)
    assert isinstance(poller, SnmpPoller)
    [failed] = await poller.poll(poller._devices[0], inventory=False)
    poller._transport.close()
    assert (failed["event.action"], failed["event.outcome"]) == ("poll-failed", "failure")
    assert failed["event.duration"] >= 10**8
    with pytest.raises(SnmpError):
        await answering(snmpd, User("watcher", "sha256", "wrong-pass-1", "aes128", PRIVACY))


@pytest.fixture
def switches(tmp_path: Path) -> Iterator[int]:
    """snmpsim with switches of different sizes, told apart by community: ``switch-N`` has N + 1 ports."""
    path = program("snmpsim-command-responder", "python3-pip; pip install snmpsim pysmi")
    (data := tmp_path / "data").mkdir()
    for number in range(SWITCHES):
        lines = [f"1.3.6.1.2.1.1.3.0|67|{100 * (number + 1)}", f"1.3.6.1.2.1.1.5.0|4|switch-{number}"]
        for column, tag, value in (("2.2.1.8", "2", "1"), ("31.1.1.1.1", "4", "port-{}")):
            lines += [f"1.3.6.1.2.1.{column}.{n}|{tag}|{value.format(n)}" for n in range(1, number + 2)]
        (data / f"switch-{number}.snmprec").write_text("\n".join(lines) + "\n")
    port = free_port(socket.SOCK_DGRAM)
    words = [path, f"--data-dir={data}", f"--cache-dir={tmp_path}/cache", f"--agent-udpv4-endpoint=127.0.0.1:{port}"]
    words += ["--process-user=root", "--process-group=root"] if os.geteuid() == 0 else []
    with running(words):
        yield port


async def test_devices_of_a_simulator_are_told_apart(switches: int) -> None:
    for number in range(SWITCHES):
        found, device = await answering(switches, f"switch-{number}".encode())
        assert device.name == f"switch-{number}"
        values = {(each["yaodun.metric.name"], each.get("yaodun.metric.instance", "")): each["yaodun.metric.value"]
                  for each in found if "yaodun.metric.name" in each}  # fmt: skip
        ports = {instance: value for (name, instance), value in values.items() if name == "interface.state"}
        assert ports == {f"port-{each}": 1 for each in range(1, number + 2)}
        assert values["uptime", ""] == number + 1


@pytest.mark.parametrize(
    ("tool", "options"),
    [
        ("snmptrap", ["-v2c", "-c", "public"]),
        ("snmpinform", ["-v2c", "-c", "public"]),
        ("snmpinform", ["-v3", *WATCHER]),
        ("snmptrap", ["-v3", "-e", "0x8000000001020304", *WATCHER]),
    ],
    ids=["trap-v2c", "inform-v2c", "inform-v3", "trap-v3"],
)  # fmt: skip
async def test_notifications(tool: str, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port, path = free_port(socket.SOCK_DGRAM), program(tool, "snmp")
    for name, value in (("COMMUNITY", "public"), ("AUTH", AUTH), ("PRIVACY", PRIVACY)):
        monkeypatch.setenv(f"YAODUN_TEST_{name}", value)
    tree = {
        "listen": f"127.0.0.1:{port}", "community": "env:YAODUN_TEST_COMMUNITY", "user": "watcher",
        "auth_key": "env:YAODUN_TEST_AUTH", "privacy_key": "env:YAODUN_TEST_PRIVACY", "engines": ["8000000001020304"],
    }  # fmt: skip
    sink, reporter = KeepingSink(), Reporter(HOST, "snmp-traps")
    task = asyncio.create_task(make_traps(reporter, tree, tmp_path).run(sink))
    try:
        async with asyncio.timeout(10):
            while reporter.status.state != "running":
                await asyncio.sleep(0.01)
        monkeypatch.setenv("SNMP_PERSISTENT_DIR", str(tmp_path))
        words = [path, *options, f"127.0.0.1:{port}", "", "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.2.1.2.2.1.1.7", "i", "7",
                 "1.3.6.1.4.1.99999.5", "s", "风扇故障"]  # fmt: skip
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, done.stderr
        await sink.until(1)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    [item] = sink.parsed()
    event = item.document
    conforming([event])
    assert (event["event.action"], event["event.code"]) == ("link-down", "1.3.6.1.6.3.1.1.5.3")
    assert event["snmp.values"] == {"1.3.6.1.2.1.2.2.1.1.7": 7, "1.3.6.1.4.1.99999.5": "风扇故障"}
    assert event["source.ip"] == "127.0.0.1"
