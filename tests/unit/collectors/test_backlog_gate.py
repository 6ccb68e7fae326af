"""Backlog comes in as fast as the pipeline takes it, and no faster."""

from __future__ import annotations

from collections.abc import Sequence

from collectors.receivers.backlog_gate import BacklogGate
from infra.events.frame import Frame


class Sink:
    async def accept(self, frames: Sequence[Frame]) -> None:
        return None


class Clocked:
    """A pipeline that takes ``rate`` records a second, on a clock of the test."""

    def __init__(self) -> None:
        self.now_ns = self.taken_ns = 1
        self.idle = True
        self.gate = BacklogGate(Sink(), lambda: self.taken_ns, lambda: self.idle, now_ns=lambda: self.now_ns)


def frame(records: int) -> Frame:
    return Frame("a/b", "lines", records, 1, b"x")


async def test_grants_end_when_more_than_a_second_of_work_waits() -> None:
    site = Clocked()
    for _ in range(50):
        site.gate.worked(5_000, 1.0)
    grants = 0
    while not site.gate.hold_ms(1_000):
        await site.gate.accept([frame(1_000)])
        site.idle, grants, site.now_ns = False, grants + 1, site.now_ns + 1
        assert grants < 20
    assert 5 <= grants <= 7
    assert 0 < site.gate.hold_ms(1_000) <= 2_600
    site.taken_ns = site.now_ns
    assert site.gate.hold_ms(1_000) == 0


async def test_a_pipeline_that_slows_down_unnoticed_gets_no_backlog_until_it_caught_up() -> None:
    site = Clocked()
    for _ in range(50):
        site.gate.worked(100_000, 1.0)
    site.now_ns += 1
    await site.gate.accept([frame(10)])
    site.idle = False
    site.now_ns += 2 * 10**9
    assert site.gate.hold_ms(1_000) == 0
    site.now_ns += 2 * 10**9
    assert site.gate.hold_ms(1_000) > 0
    site.taken_ns = site.now_ns
    assert site.gate.hold_ms(1_000) == 0


async def test_many_that_ask_at_once_share_what_one_would_get() -> None:
    site = Clocked()
    for _ in range(50):
        site.gate.worked(1_000, 1.0)
    assert sum(not site.gate.hold_ms(500) for _ in range(40)) <= 3


def test_a_grant_nobody_used_is_forgotten() -> None:
    site = Clocked()
    while not site.gate.hold_ms(10_000):
        pass
    site.now_ns += 6 * 10**9
    assert site.gate.hold_ms(10_000) == 0
