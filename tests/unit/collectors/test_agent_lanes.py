"""A backlog goes beside what happens now: both arrive exactly once, the new first, over any cuts in between."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from collectors.agent.account import Account
from collectors.agent.channel import LocalChannel
from collectors.agent.forwarder import Forwarder
from collectors.agent.pace import Pace
from collectors.agent.skew import Skew
from collectors.agent.wire import Hello
from collectors.places import Places
from collectors.receivers.agent_socket import AgentSocketReceiver
from infra.events.frame import Frame
from infra.spool import Limits, SpoolReader, SpoolWriter

LIMITS = Limits(total=256 << 20, segment=256 << 10, pending=32 << 20, reserve=0)


class Door:
    """Ingest's local door; ``hold`` is what it tells backlog to wait."""

    def __init__(self, folder: Path, hold_ms: int = 0) -> None:
        self.writer = SpoolWriter(folder / "spool", LIMITS)
        self.places = Places(self.writer, folder / "spool", folder / "places.json")
        self.hold_ms = hold_ms
        self.receiver = AgentSocketReceiver(folder / "sock", self.places, lambda records: self.hold_ms)

    async def close(self, *, crash: bool = False) -> None:
        if crash:
            self.places.save = lambda: None  # type: ignore[method-assign]
        await self.receiver.stop()
        await self.places.settle()
        self.writer.close()


def numbered(number: int) -> Frame:
    return Frame("host/test", "lines", 1, 1_000 + number, b"line %d " % number + b"x" * 900)


def arrived(folder: Path) -> list[int]:
    reader = SpoolReader(folder / "spool")
    numbers: list[int] = []
    while taken := reader.read():
        numbers += [int(frame.body.split()[1]) for frame, _ in taken]
    reader.close()
    return numbers


async def until(condition: object, timeout_s: float = 60.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.005)


async def test_what_happens_now_overtakes_a_backlog_that_is_held(tmp_path: Path) -> None:
    agent = SpoolWriter(tmp_path / "agent", LIMITS)
    await agent.accept([numbered(number) for number in range(3_000)])
    door = Door(tmp_path, hold_ms=5_000)
    await door.receiver.start(door.places)
    forwarder = Forwarder(tmp_path / "agent", LocalChannel(tmp_path / "sock"), Hello("a", "h"))
    task = asyncio.create_task(forwarder.run())
    await until(lambda: forwarder.connected)
    await agent.accept([numbered(9_999)])
    await until(lambda: 9_999 in arrived(tmp_path), 4)
    assert len(arrived(tmp_path)) < 3_001
    door.hold_ms = 0
    forwarder._held_until = 0.0
    await until(lambda: forwarder.delivered == 3_001)
    await until(lambda: forwarder.acknowledged.segment > 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await door.close()
    agent.close()
    found = arrived(tmp_path)
    assert [number for number in found if number != 9_999] == list(range(3_000))
    assert found.count(9_999) == 1


@pytest.mark.parametrize("seed", range(4))
async def test_backlogs_over_crashes_of_both_ends_arrive_once_and_both_accounts_agree(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.agent.forwarder._MAX_WAIT_S", 0.2)
    monkeypatch.setattr("collectors.agent.forwarder.LATE_BYTES", 100_000)
    monkeypatch.setattr("collectors.agent.lanes.BACKLOG_BYTES", 60_000)
    chance, written = random.Random(seed), 0
    agent = SpoolWriter(tmp_path / "agent", LIMITS)
    door = Door(tmp_path)
    await door.receiver.start(door.places)
    for _ in range(8):
        account = Account(tmp_path / "account.json")
        forwarder = Forwarder(tmp_path / "agent", LocalChannel(tmp_path / "sock"), Hello("a", "h"), account=account)
        task = asyncio.create_task(forwarder.run())
        for _ in range(4):
            await agent.accept([numbered(number) for number in range(written, written + 200)])
            written += 200
            await asyncio.sleep(chance.random() * 0.03)
            if chance.random() < 0.4:
                await door.close(crash=chance.random() < 0.7)
                door = Door(tmp_path)
                await door.receiver.start(door.places)
        task.cancel()  # the agent is killed: its account keeps what it last saved
        await asyncio.gather(task, return_exceptions=True)
    account = Account(tmp_path / "account.json")
    forwarder = Forwarder(tmp_path / "agent", LocalChannel(tmp_path / "sock"), Hello("a", "h"), account=account)
    task = asyncio.create_task(forwarder.run())
    await until(lambda: len(arrived(tmp_path)) >= written)
    await until(lambda: account.handed["host/test"] >= written)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await door.close()
    agent.close()
    assert sorted(arrived(tmp_path)) == list(range(written))
    assert account.handed == {"host/test": written}


def test_a_cap_on_bandwidth_spreads_what_is_sent() -> None:
    now = [0.0]
    pace = Pace(1_000, lambda: now[0])
    assert pace.due_s(500) <= 0.5
    waits = 0.0
    for _ in range(20):
        due = pace.due_s(1_000)
        waits += due
        now[0] += due
    assert 18.0 <= waits <= 20.5
    assert pace.share(1 << 20) == 16 << 10
    assert Pace(0).due_s(1 << 30) == 0.0


def test_a_clock_that_is_off_is_measured_through_a_slow_line() -> None:
    skew, chance = Skew(), random.Random(3)
    second = 1_000_000_000
    for start in range(10):
        there, back = chance.random() * second, chance.random() * second
        sent = start * 60 * second
        skew.note(sent, int(sent + there + 90 * second), int(sent + there + back))
        assert abs(skew.offset_ms - 90_000) <= skew.error_ms
    for start in range(10, 20):  # the clock is set right
        sent = start * 60 * second
        skew.note(sent, sent + second // 1_000, sent + second // 500)
    assert skew.offset_ms == 0
