"""The agent's spool as lanes: what happens now goes first, what has piled up goes beside it, each in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from collectors.agent.wire import START, LaneReached, Placed
from infra.spool import SpoolPosition, SpoolReader
from infra.spool.mark import Mark

BACKLOG_BYTES = 1 << 20
"""So much may wait before what is new gets a lane of its own."""
MAX_LANES = 6


@dataclass
class Lane:
    """A stretch of the spool from ``start`` to ``end``; None is open."""

    start: SpoolPosition
    reader: SpoolReader
    reached: SpoolPosition
    end: SpoolPosition | None = None
    waiting: list[Placed] = field(default_factory=list)

    @property
    def late(self) -> bool:
        return self.end is not None

    def read(self, max_bytes: int) -> list[Placed]:
        """The next frames; none at the end."""
        placed = [Placed(behind, frame) for frame, behind in self.reader.read(max_bytes, 500)]
        if self.end is None:
            return placed
        return [each for each in placed if each.position <= self.end]


class Lanes:
    """The lanes of one connection, oldest first; the last one is open. ``told`` is what ingest has."""

    def __init__(self, spool: Path, told: Sequence[LaneReached]) -> None:
        self._spool = spool
        self._lanes = [self._lane(each) for each in sorted(told, key=lambda each: each.start)]
        if not self._lanes:
            self._lanes = [self._lane(LaneReached(START, START))]
        self._split()
        for lane, after in zip(self._lanes, self._lanes[1:], strict=False):
            lane.end = after.start

    @property
    def live(self) -> Lane:
        """What happens now."""
        return self._lanes[-1]

    @property
    def backlog(self) -> Lane | None:
        """The oldest stretch that is not through yet."""
        return self._lanes[0] if len(self._lanes) > 1 else None

    @property
    def acknowledged(self) -> SpoolPosition:
        """Everything before it may be forgotten."""
        return self._lanes[0].reached

    def reached(self) -> list[LaneReached]:
        """Where each lane stands."""
        return [LaneReached(lane.start, lane.reached) for lane in self._lanes]

    def join(self) -> None:
        """The oldest lane is through: the one behind it goes on in its name."""
        done = self._lanes.pop(0)
        done.reader.close()
        self._lanes[0].start = done.start

    def lag_bytes(self) -> int:
        """Bytes of the spool that are not acknowledged."""
        behind = [lane.reader.lag_bytes() for lane in self._lanes]
        later = [SpoolReader(self._spool, lane.start) for lane in self._lanes[1:]]
        overlap = sum(reader.lag_bytes() for reader in later)
        for reader in later:
            reader.close()
        return max(0, sum(behind) - overlap)

    def release(self) -> None:
        """Let the disk have back what is acknowledged."""
        self.live.reader.release(self.acknowledged)

    def close(self) -> None:
        for lane in self._lanes:
            lane.reader.close()

    def _lane(self, told: LaneReached) -> Lane:
        return Lane(told.start, SpoolReader(self._spool, told.reached), told.reached)

    def _split(self) -> None:
        if len(self._lanes) >= MAX_LANES or self.live.reader.lag_bytes() <= BACKLOG_BYTES:
            return
        mark = Mark(self._spool, write=False)
        head = mark.get()
        mark.close()
        self._lanes.append(self._lane(LaneReached(head, head)))
