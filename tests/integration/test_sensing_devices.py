"""Devices speak to real servers: mosquitto with password, acknowledgement and TLS; a Modbus server of pymodbus."""

from __future__ import annotations

import asyncio
import datetime
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from collectors.parsers.readings import ReadingsSplitter
from collectors.parsers.records import Context
from collectors.parsers.seams import Parsed
from collectors.pollers.lazy import LazyPoller
from collectors.sensing.decoder import Decoders, shipped_decoders
from collectors.sensing.modbus_poller import make as make_modbus
from collectors.sources.reporting import Host, Reporter
from collectors.sources.seams import SourceState
from infra.errors import AppError
from infra.events.stream import Event
from tests.integration.brokers import free_port, mosquitto, program, running
from tests.unit.collectors.sinks import KeepingSink, conforming

pytestmark = pytest.mark.integration
HOST = Host("agent1", "0" * 32)
TOPIC = "yaodun/cs-{}/readings"


@asynccontextmanager
async def polling(poller: LazyPoller, sink: KeepingSink) -> AsyncIterator[None]:
    task = asyncio.create_task(poller.run(sink))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(state: Callable[[], bool], within_s: float = 15.0) -> None:
    async with asyncio.timeout(within_s):
        while not state():
            await asyncio.sleep(0.01)


def payload(number: int) -> bytes:
    if not number:
        return b"0" * (10 << 20)
    return json.dumps({"device": f"cs-{number}", "sequence": number, "readings": {"temperature": number / 10}}).encode()


def publish(port: int, numbers: Sequence[int], user: str = "", tls: str = "") -> None:
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    if user:
        client.username_pw_set(user, "right")
    if tls:
        client.tls_set(ca_certs=tls)
    client.connect("localhost" if tls else "127.0.0.1", port)
    client.loop_start()
    sent = [client.publish(TOPIC.format(number), payload(number), qos=1) for number in numbers]
    for each in sent:
        each.wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def documents(sink: KeepingSink) -> list[Event]:
    splitter = ReadingsSplitter(Decoders(shipped_decoders()), dict)
    items = [item for frame in sink.frames for item in splitter.split(Context(frame))]
    assert all(isinstance(item, Parsed) for item in items), items
    assert sum(item.records for item in items) == sink.count
    return conforming(item.document for item in items if isinstance(item, Parsed))


async def test_messages_with_a_password_reach_the_spool_and_a_busy_spool_loses_none(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    with running([program("mosquitto_passwd", "mosquitto"), "-b", str(passwords), "yaodun", "right"]) as made:
        made.wait(10)
    passwords.chmod(0o644)
    (tmp_path / "secret").write_text("right\n")
    tree = {
        "kind": "mqtt",
        "host": "127.0.0.1",
        "topics": ["yaodun/#"],
        "user": "yaodun",
        "password": f"file:{tmp_path}/secret",
    }
    sink = KeepingSink(busy=3)
    with mosquitto(tmp_path / "m", f"allow_anonymous false\npassword_file {passwords}\n") as port:
        poller = LazyPoller(HOST, {**tree, "port": port}, tmp_path)
        async with polling(poller, sink):
            await until(lambda: poller.status.state is SourceState.RUNNING)
            await asyncio.to_thread(publish, port, range(1, 501), "yaodun")
            await sink.until(500)
        wrong = LazyPoller(HOST, {**tree, "port": port, "password": ""}, tmp_path)
        async with polling(wrong, sink):
            await until(lambda: wrong.status.state is SourceState.FAILED)
        assert "0x86" in wrong.status.detail["problem"] or "0x87" in wrong.status.detail["problem"]
    found = documents(sink)
    assert {each["yaodun.sensor.id"] for each in found} == {f"cs-{n}" for n in range(1, 501)}
    assert {each["yaodun.sensor.value"] for each in found} == {n / 10 for n in range(1, 501)}


async def test_what_comes_while_we_are_away_waits_at_the_broker(tmp_path: Path) -> None:
    sink = KeepingSink()
    with mosquitto(tmp_path, "allow_anonymous true\n") as port:
        tree = {"kind": "mqtt", "host": "127.0.0.1", "port": port, "topics": ["yaodun/#"]}
        first, second = LazyPoller(HOST, tree, tmp_path), LazyPoller(HOST, tree, tmp_path)
        async with polling(first, sink):
            await until(lambda: first.status.state is SourceState.RUNNING)
        await asyncio.to_thread(publish, port, range(1, 51))
        async with polling(second, sink):
            await sink.until(50)
    assert {each["yaodun.sensor.sequence"] for each in documents(sink)} == set(range(1, 51))


async def test_a_payload_of_ten_mebibytes_harms_nobody(tmp_path: Path) -> None:
    """The broker was told our largest packet: it keeps the monster and sends what comes after it."""
    sink = KeepingSink()
    with mosquitto(tmp_path, "allow_anonymous true\n") as port:
        poller = LazyPoller(HOST, {"kind": "mqtt", "host": "127.0.0.1", "port": port, "topics": ["yaodun/#"]}, tmp_path)
        async with polling(poller, sink):
            await until(lambda: poller.status.state is SourceState.RUNNING)
            await asyncio.to_thread(publish, port, [0, 1, 2])
            await sink.until(2)
            assert poller.status.state is SourceState.RUNNING
    assert {each["yaodun.sensor.sequence"] for each in documents(sink)} == {1, 2}


async def test_a_broker_that_goes_away_is_shown_and_found_again(tmp_path: Path) -> None:
    port, sink = free_port(), KeepingSink()
    poller = LazyPoller(HOST, {"kind": "mqtt", "host": "127.0.0.1", "port": port, "topics": ["yaodun/#"]}, tmp_path)
    async with polling(poller, sink):
        await until(lambda: poller.status.state is SourceState.FAILED)
        with mosquitto(tmp_path, "allow_anonymous true\n", port):
            await until(lambda: poller.status.state is SourceState.RUNNING)
            await asyncio.to_thread(publish, port, [1])
            await sink.until(1)


async def test_tls_and_a_broker_nobody_vouches_for(tmp_path: Path) -> None:
    certificate, key = site_certificate(tmp_path)
    extra = f"allow_anonymous true\ncertfile {certificate}\nkeyfile {key}\n"
    sink = KeepingSink()
    with mosquitto(tmp_path, extra) as port:
        tree = {"kind": "mqtt", "host": "localhost", "port": port, "topics": ["yaodun/#"]}
        trusting = LazyPoller(HOST, {**tree, "ca": str(certificate)}, tmp_path)
        async with polling(trusting, sink):
            await until(lambda: trusting.status.state is SourceState.RUNNING)
            await asyncio.to_thread(publish, port, [1, 2], "", str(certificate))
            await sink.until(2)
        strange = LazyPoller(HOST, {**tree, "tls": True}, tmp_path)
        async with polling(strange, sink):
            await until(lambda: strange.status.state is SourceState.FAILED)
        assert "certificate" in strange.status.detail["problem"].lower()


def site_certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = folder / "broker.pem", folder / "broker.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    paths[1].chmod(0o644)
    return paths


def modbus(port: int, **more: Any) -> dict[str, Any]:
    registers = [
        {"kind": "temperature", "address": 10, "table": "input", "type": "i16", "scale": 0.1, "unit": "Cel"},
        {"kind": "power", "address": 12, "table": "input", "type": "f32", "unit": "W"},
        {"kind": "door", "address": 3, "table": "discrete", "type": "bit"},
        {"kind": "lost", "address": 900, "table": "holding", "type": "u16"},
    ]
    return {"host": "127.0.0.1", "port": port, "device": "chiller-1", "timeout_s": 2, "register": registers, **more}


@asynccontextmanager
async def modbus_server() -> AsyncIterator[int]:
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    inputs = [0] * 30
    inputs[10], inputs[12:14] = 0x10000 - 215, [0x42F6, 0xE979]
    device = SimDevice(
        id=1,
        simdata=(
            [SimData(0, values=[False] * 32, datatype=DataType.BITS)],
            [SimData(0, values=[number == 3 for number in range(32)], datatype=DataType.BITS)],
            [SimData(0, values=[0] * 30, datatype=DataType.REGISTERS)],
            [SimData(0, values=inputs, datatype=DataType.REGISTERS)],
        ),
    )
    port = free_port()
    server = ModbusTcpServer(device, address=("127.0.0.1", port))
    task = asyncio.create_task(server.serve_forever())
    try:
        async with asyncio.timeout(5):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    await writer.wait_closed()
                    break
                except OSError:
                    await asyncio.sleep(0.02)
        yield port
    finally:
        await server.shutdown()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_registers_of_a_modbus_server() -> None:
    async with modbus_server() as port:
        poller = make_modbus(Reporter(HOST, "modbus"), modbus(port), Path())
        found = await poller.poll()  # type: ignore[attr-defined]
        poller._close()  # type: ignore[attr-defined]
    conforming(found)
    values = {each["yaodun.sensor.kind"]: each["yaodun.sensor.value"] for each in found if "yaodun.sensor.kind" in each}
    assert values == {"temperature": pytest.approx(-21.5), "power": pytest.approx(123.456), "door": 1.0}
    [failure] = [each for each in found if each.get("event.action") == "poll-failed"]
    assert failure["event.reason"] == "illegal data address"
    assert failure["yaodun.sensor.quality"] == "missing"


async def test_a_modbus_time_out_is_a_datum_and_a_wrong_table_is_told() -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.put_nowait(None)

    ended: asyncio.Queue[None] = asyncio.Queue()
    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    poller = make_modbus(Reporter(HOST, "modbus"), modbus(port, timeout_s=0.2), Path())
    found = await poller.poll()  # type: ignore[attr-defined]
    assert [each["event.reason"] for each in found] == ["time-out"] * 3
    for _ in found:
        await asyncio.wait_for(ended.get(), 5)
    server.close()
    await server.wait_closed()
    with pytest.raises(AppError):
        make_modbus(Reporter(HOST, "m"), modbus(1, register=[{"kind": "x", "address": 1, "table": "coils"}]), Path())
