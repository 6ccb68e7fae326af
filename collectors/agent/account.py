"""The agent's side of the loss ledger: how many records of each source ingest has acknowledged, exact across crashes.

Counts and how far each lane was counted lie in one file that is replaced whole. After a crash the frames between what
the file counted and what ingest says it has are counted again from the spool, which keeps them until the file is saved.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from collectors.agent.wire import LaneReached, Placed, read_position, write_position
from infra.durable import replace_file
from infra.spool import SpoolPosition, SpoolReader

SAVE_S = 2.0


class _Kept(msgspec.Struct):
    counted: dict[str, str] = {}
    handed: dict[str, int] = {}


class Account:
    """``path`` None keeps it in memory only."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        kept = _read(path)
        self._counted = {read_position(start): read_position(reached) for start, reached in kept.counted.items()}
        self._handed = Counter(kept.handed)
        self._saved = time.monotonic()

    @property
    def handed(self) -> dict[str, int]:
        """Records of each source that ingest has."""
        return dict(self._handed)

    def meet(self, spool: Path, lanes: Sequence[LaneReached]) -> None:
        """Take in what ingest has and this file does not know yet."""
        for lane in lanes:
            at = lane.start
            for start, reached in sorted(self._counted.items()):
                if at < start <= lane.reached:
                    self._count(spool, at, start)
                if start <= lane.reached:
                    at = max(at, reached)
            self._count(spool, at, lane.reached)
        self._counted = {lane.start: lane.reached for lane in lanes}

    def hand_over(self, start: SpoolPosition, frames: Sequence[Placed]) -> None:
        """Ingest acknowledged ``frames`` of the lane that begins at ``start``."""
        for placed in frames:
            self._handed[placed.frame.source] += placed.frame.count
        self._counted[start] = frames[-1].position
        if time.monotonic() - self._saved > SAVE_S:
            self.save()

    def join(self, lanes: Sequence[LaneReached]) -> None:
        """The first two of ``lanes`` are one."""
        self._counted[lanes[0].start] = max(lanes[0].reached, self._counted.pop(lanes[1].start, lanes[1].reached))
        self.save()

    def save(self) -> None:
        """Write the file."""
        self._saved = time.monotonic()
        if self._path is None:
            return
        counted = {write_position(start): write_position(reached) for start, reached in self._counted.items()}
        replace_file(self._path, msgspec.json.encode(_Kept(counted, dict(self._handed))))

    def _count(self, spool: Path, start: SpoolPosition, end: SpoolPosition) -> None:
        if start >= end:
            return
        reader = SpoolReader(spool, start)
        try:
            while taken := reader.read():
                for frame, position in taken:
                    if position > end:
                        return
                    self._handed[frame.source] += frame.count
        finally:
            reader.close()


def _read(path: Path | None) -> _Kept:
    if path is None:
        return _Kept()
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (FileNotFoundError, msgspec.MsgspecError):
        return _Kept()
