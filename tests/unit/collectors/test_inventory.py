"""What the agent sees of this very host: real processes, real listeners; the kernel's answers as bytes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.exec_connector import ExecConnector, read_event
from collectors.sources.inventory import InventorySource
from collectors.sources.metrics import MetricsSource
from collectors.sources.processes import ProcessTable, read_process
from collectors.sources.reporting import Host
from collectors.sources.seams import SourceState
from collectors.sources.sock_diag import listening_sockets, owners_of, read_dump
from collectors.sources.users import UserTable, read_users
from infra.events import Conformed, Conformer, table
from infra.events.stream import Event, Stream
from tests.unit.collectors.sinks import KeepingSink

HOST = Host("h1", "m1")


@contextlib.asynccontextmanager
async def inventory(sink: KeepingSink, *, connector: bool) -> AsyncIterator[InventorySource]:
    source = InventorySource(HOST, 0.05, connector=connector)
    task = asyncio.create_task(source.run(sink))
    try:
        await sink.until(1)
        yield source
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def events(sink: KeepingSink, action: str) -> list[Event]:
    return [each.document for each in sink.parsed() if each.document.get("event.action") == action]


async def until_event(sink: KeepingSink, action: str, **fields: object) -> Event:
    names = {name.replace("__", "."): value for name, value in fields.items()}
    async with asyncio.timeout(15):
        while True:
            for event in events(sink, action):
                if all(event.get(name) == value for name, value in names.items()):
                    return event
            await asyncio.sleep(0.02)


async def test_a_process_is_seen_with_its_parent_and_command_line() -> None:
    sink = KeepingSink()
    async with inventory(sink, connector=False):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(30)", "marker-1")
        event = await until_event(sink, "process-started", process__pid=process.pid)
        process.kill()
        await process.wait()
        await until_event(sink, "process-ended", process__pid=process.pid)
    assert event["process.args"][-1] == "marker-1"
    assert event["process.command_line"].endswith("marker-1")
    assert event["process.executable"] == os.path.realpath(sys.executable)
    assert event["process.parent.pid"] == os.getpid()
    assert event["event.category"] == ["process"]
    assert event["user.name"] == psutil.Process().username()


async def test_a_process_that_lives_for_a_moment_is_seen_where_the_kernel_tells() -> None:
    try:
        ExecConnector().close()
    except OSError as error:
        pytest.skip(f"no proc connector ({error}): run as root on the host's own network namespace")
    sink = KeepingSink()
    async with inventory(sink, connector=True):
        process = await asyncio.create_subprocess_exec("/bin/true", "marker-2")
        await process.wait()
        await until_event(sink, "process-started", process__pid=process.pid)


async def test_a_new_listener_is_seen_with_its_program_and_its_end() -> None:
    sink = KeepingSink()
    async with inventory(sink, connector=False):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            event = await until_event(sink, "listener-added", destination__port=port)
        await until_event(sink, "listener-removed", destination__port=port)
    assert event["process.pid"] == os.getpid()
    assert event["network.transport"] == "tcp"
    assert event["server.ip"] == "127.0.0.1"


async def test_the_list_holds_this_process_and_every_document_meets_the_table() -> None:
    sink = KeepingSink()
    async with inventory(sink, connector=False) as source:
        assert source.status.state is SourceState.RUNNING
    conformer = Conformer(table())
    for each in sink.parsed():
        found = conformer.conform(each.document, sink.frames[0].received)
        assert isinstance(found, Conformed), found
    items = [each.document for each in sink.parsed() if each.stream is Stream.INVENTORY]
    assert os.getpid() in {item.get("process.pid") for item in items}
    assert {"process", "user"} <= {item["yaodun.inventory.kind"] for item in items}


async def test_metrics_agree_with_the_system_and_meet_the_table() -> None:
    sink = KeepingSink()
    source = MetricsSource(HOST, 0.05)
    task = asyncio.create_task(source.run(sink))
    async with asyncio.timeout(10):
        while len(sink.frames) < 3:
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    conformer = Conformer(table())
    documents = [each.document for each in sink.parsed()]
    assert all(isinstance(conformer.conform(d, sink.frames[0].received), Conformed) for d in documents)
    last = {(d["yaodun.metric.name"], d.get("yaodun.metric.instance", "")): d["yaodun.metric.value"] for d in documents}
    assert last["memory.total", ""] == psutil.virtual_memory().total
    assert last["disk.total", "/"] == psutil.disk_usage("/").total
    assert 0 <= last["cpu.usage", ""] <= 1
    assert last["network.in_bytes", "lo"] >= 0
    assert {each.stream for each in sink.parsed()} == {Stream.METRICS}


def test_a_process_is_read_as_the_system_shows_it() -> None:
    process = read_process(os.getpid())
    assert process is not None
    shown = psutil.Process()
    assert list(process.arguments) == shown.cmdline()
    assert process.folder == shown.cwd()
    assert abs(process.started - shown.create_time()) < 1.5
    assert read_process(2**22 + 1) is None


def test_a_table_of_processes_finds_what_is_new_and_gone() -> None:
    table_ = ProcessTable()
    table_.refresh()
    child = subprocess.Popen(["/bin/sleep", "30"])
    new, _ = table_.refresh()
    assert child.pid in {process.pid for process in new}
    child.kill()
    child.wait()
    _, gone = table_.refresh()
    assert child.pid in {process.pid for process in gone}


def test_sockets_of_this_process_are_found_with_their_owner() -> None:
    with socket.socket() as one, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two:
        one.bind(("127.0.0.1", 0))
        one.listen()
        two.bind(("127.0.0.1", 0))
        mine = {("tcp", *one.getsockname()), ("udp", *two.getsockname())}
        found = {(each.transport, *each.local): each.inode for each in listening_sockets()}
        assert mine <= found.keys()
        owners = owners_of({found[key] for key in mine})
        assert set(owners.values()) == {os.getpid()}


def test_accounts_that_come_go_and_change(monkeypatch: pytest.MonkeyPatch) -> None:
    users = read_users()
    root = users["root"]
    assert root.id == 0
    before = UserTable()
    before.refresh()
    changed = {**users, "root": root.__class__("root", 0, 0, "/root", "/bin/other", ("wheel",)), "eve": root}
    del changed["daemon"]
    monkeypatch.setattr("collectors.sources.users.read_users", lambda: changed)
    monkeypatch.setattr("collectors.sources.users._stamp", lambda: (1,))
    found = {(event["event.action"], event["yaodun.inventory.key"]) for event in before.changes()}
    assert {("user-removed", "daemon"), ("user-changed", "root")} <= found
    assert any(action == "user-added" for action, _ in found)


@given(st.binary(max_size=200))
def test_any_bytes_of_the_kernel_are_survived(data: bytes) -> None:
    read_event(data)
    with contextlib.suppress(OSError, struct.error, ValueError):
        read_dump(data, "tcp")
