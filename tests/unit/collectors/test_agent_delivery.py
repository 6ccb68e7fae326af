"""From the agent's spool into ingest's: every frame exactly once, whatever is cut, killed or repeated."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from collectors.agent.channel import LocalChannel
from collectors.agent.forwarder import Forwarder
from collectors.agent.wire import Batch, FromAgent, Hello, Placed, ToAgent, Welcome, decoder_of, pack, read_message
from collectors.places import Places
from collectors.receivers.agent_socket import AgentSocketReceiver
from infra.errors import AppError, ErrorKind
from infra.events.frame import COLLECTED, Frame
from infra.spool import Limits, SpoolPosition, SpoolReader, SpoolWriter

LIMITS = Limits(total=64 << 20, segment=64 << 10, pending=8 << 20, reserve=0)


def numbered(number: int) -> Frame:
    return Frame("host/test", "lines", 1, 1_000 + number, b"line %d " % number + b"x" * (number % 700))


class Ingest:
    """Ingest's end over a real spool; ``crash`` leaves it as kill -9 would: nothing saved, nothing closed in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writer = SpoolWriter(folder / "spool", LIMITS)
        self.places = Places(self.writer, folder / "spool", folder / "places.json")
        self.receiver = AgentSocketReceiver(folder / "agent.sock", self.places)

    async def start(self, sink: object = None) -> None:
        await self.receiver.start(sink or self.places)  # type: ignore[arg-type]

    async def crash(self) -> None:
        self.places.save = lambda: None  # type: ignore[method-assign]
        await self.receiver.stop()
        await self.places.settle()
        self.writer.close()

    async def stop(self) -> None:
        await self.receiver.stop()
        self.writer.close()


def received(folder: Path) -> list[int]:
    reader = SpoolReader(folder / "spool")
    numbers: list[int] = []
    while taken := reader.read():
        numbers += [int(frame.body.split()[1]) for frame, _ in taken]
    reader.close()
    return numbers


async def until(condition: object, timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.005)


async def test_everything_arrives_in_order_and_frees_the_agents_disk(tmp_path: Path) -> None:
    ingest = Ingest(tmp_path / "ingest")
    await ingest.start()
    writer = SpoolWriter(tmp_path / "agent", LIMITS)
    forwarder = Forwarder(tmp_path / "agent", LocalChannel(tmp_path / "ingest" / "agent.sock"), Hello("a1", "h1"))
    task = asyncio.create_task(forwarder.run())
    for start in range(0, 1_000, 50):
        await writer.accept([numbered(number) for number in range(start, start + 50)])
    await until(lambda: forwarder.delivered == 1_000)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await ingest.stop()
    writer.close()
    assert received(tmp_path / "ingest") == list(range(1_000))
    assert len(list((tmp_path / "agent").glob("*.spool"))) <= 2


@pytest.mark.parametrize("seed", range(3))
async def test_ingest_crashing_again_and_again_loses_and_doubles_nothing(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.agent.forwarder._MAX_WAIT_S", 0.3)
    chance = random.Random(seed)
    writer = SpoolWriter(tmp_path / "agent", LIMITS)
    forwarder = Forwarder(tmp_path / "agent", LocalChannel(tmp_path / "ingest" / "agent.sock"), Hello("a1", "h1"))
    ingest = Ingest(tmp_path / "ingest")
    await ingest.start()
    task = asyncio.create_task(forwarder.run())
    for round_ in range(12):
        await writer.accept([numbered(number) for number in range(round_ * 100, round_ * 100 + 100)])
        await asyncio.sleep(chance.random() * 0.02)
        await (ingest.crash() if chance.random() < 0.7 else ingest.stop())
        ingest = Ingest(tmp_path / "ingest")
        await ingest.start()
    await until(lambda: len(received(tmp_path / "ingest")) >= 1_200, 60)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await ingest.stop()
    writer.close()
    assert received(tmp_path / "ingest") == list(range(1_200))


async def test_a_batch_sent_again_after_a_lost_answer_is_not_taken_twice(tmp_path: Path) -> None:
    ingest = Ingest(tmp_path)
    await ingest.start()
    batch = Batch([Placed(SpoolPosition(1, 10 + number), numbered(number)) for number in range(3)])
    for _ in range(3):
        reader, out = await asyncio.open_unix_connection(str(tmp_path / "agent.sock"))
        out.write(pack(Hello("a1", "h1")))
        assert isinstance(await read_message(reader, decoder_of(ToAgent)), Welcome)
        out.write(pack(batch))
        ack = await read_message(reader, decoder_of(ToAgent))
        assert ack.position == SpoolPosition(1, 12)
        out.close()
    await ingest.stop()
    assert received(tmp_path) == [0, 1, 2]


@pytest.mark.parametrize(("collected", "kept"), [(1_000, True), (0, False), (-1, False), (1 << 62, False)])
async def test_what_waited_with_the_agent_of_this_machine_arrives_now(
    tmp_path: Path, collected: int, kept: bool
) -> None:
    """What the pipeline took last never moves backwards in time; when a frame was collected stands beside it."""
    ingest = Ingest(tmp_path)
    await ingest.start()
    reader, out = await asyncio.open_unix_connection(str(tmp_path / "agent.sock"))
    out.write(pack(Hello("a1", "h1")))
    await read_message(reader, decoder_of(ToAgent))
    began = time.time_ns()
    out.write(pack(Batch([Placed(SpoolPosition(1, 10), Frame("host/test", "lines", 1, collected, b"line 0"))])))
    await read_message(reader, decoder_of(ToAgent))
    out.close()
    await ingest.stop()
    ((taken, _),) = SpoolReader(tmp_path / "spool").read()
    assert began <= taken.received_ns <= time.time_ns()
    assert taken.meta[COLLECTED] == str(collected if kept else taken.received_ns)
    assert (taken.meta["agent"], taken.meta["host"]) == ("a1", "h1")


async def test_an_agent_with_a_new_spool_is_a_new_agent(tmp_path: Path) -> None:
    ingest = Ingest(tmp_path)
    await ingest.start()
    for agent in ("a1", "a2"):
        reader, out = await asyncio.open_unix_connection(str(tmp_path / "agent.sock"))
        out.write(pack(Hello(agent, "h1")))
        welcome = await read_message(reader, decoder_of(ToAgent))
        assert welcome.position == SpoolPosition()
        out.write(pack(Batch([Placed(SpoolPosition(1, 10), numbered(1))])))
        await read_message(reader, decoder_of(ToAgent))
        out.close()
    await ingest.stop()
    assert received(tmp_path) == [1, 1]


class BusySink:
    """Says that it is full, then takes."""

    def __init__(self, sink: Places, refusals: int) -> None:
        self.sink = sink
        self.refusals = refusals

    async def accept(self, frames: Sequence[Frame]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise AppError(ErrorKind.RATE_LIMITED, "infra.spool_busy", retry_after_s=1)
        await self.sink.accept(frames)


async def test_a_full_spool_makes_the_agent_wait_not_lose(tmp_path: Path) -> None:
    ingest = Ingest(tmp_path / "ingest")
    await ingest.start(BusySink(ingest.places, 3))
    writer = SpoolWriter(tmp_path / "agent", LIMITS)
    await writer.accept([numbered(number) for number in range(10)])
    forwarder = Forwarder(tmp_path / "agent", LocalChannel(tmp_path / "ingest" / "agent.sock"), Hello("a1", "h1"))
    task = asyncio.create_task(forwarder.run())
    await until(lambda: forwarder.delivered == 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await ingest.stop()
    writer.close()
    assert received(tmp_path / "ingest") == list(range(10))


@pytest.mark.parametrize("garbage", [b"\xff" * 8, b"\0\0\0\x04nope", pack(Batch([])), b"\0\0\0\x01\xc0"])
async def test_garbage_on_the_socket_ends_that_connection_only(tmp_path: Path, garbage: bytes) -> None:
    ingest = Ingest(tmp_path)
    await ingest.start()
    reader, out = await asyncio.open_unix_connection(str(tmp_path / "agent.sock"))
    out.write(garbage)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    out.close()
    reader, out = await asyncio.open_unix_connection(str(tmp_path / "agent.sock"))
    out.write(pack(Hello("a1", "h1")))
    assert isinstance(await read_message(reader, decoder_of(ToAgent)), Welcome)
    out.close()
    await ingest.stop()


def test_messages_come_back_as_they_were_sent() -> None:
    batch = Batch([Placed(SpoolPosition(3, 4), numbered(5))])
    assert decoder_of(FromAgent).decode(pack(batch)[4:]) == batch
