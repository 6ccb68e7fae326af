"""How far each place of a source (a file, a journal, an agent) has got into a spool, exact across crashes.

A frame that moves a place carries ``meta["place"]`` and ``meta["reached"]``. The file holds the places and a position
of the spool that surely lies before everything the file does not know; the frames behind it are read again when the
process starts. So neither a crash nor a power cut between the spool's fsync and the file costs or doubles a record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from infra.durable import replace_file
from infra.events.frame import Frame
from infra.events.seams import EventSink
from infra.spool import SpoolPosition, SpoolReader
from infra.spool.mark import Mark

PLACE = "place"
REACHED = "reached"


class _Kept(msgspec.Struct):
    bound: SpoolPosition = SpoolPosition()
    places: dict[str, str] = {}


class Places:
    """An ``EventSink`` in front of a spool's writer. One per spool and process; ``save`` about once a second and at
    the end.
    """

    def __init__(self, sink: EventSink, spool: Path, path: Path) -> None:
        self._sink = sink
        self._spool = spool
        self._path = path
        self._mark = Mark(spool, write=False)
        self._in_flight: dict[asyncio.Task[None], SpoolPosition] = {}
        self._kept = self._recover()
        self._changed = True

    def reached(self, place: str) -> str:
        """What ``place`` reached last; '' where it was never seen."""
        return self._kept.places.get(place, "")

    async def accept(self, frames: Sequence[Frame]) -> None:
        """As the sink behind; the places of ``frames`` are known when it returns, and even where the caller is
        cancelled.
        """
        task = asyncio.create_task(self._accept(frames))
        self._in_flight[task] = self._mark.get()
        task.add_done_callback(self._in_flight.pop)
        await asyncio.shield(task)

    async def settle(self) -> None:
        """Returns when everything that was handed over before is durable or failed."""
        if self._in_flight:
            await asyncio.wait(list(self._in_flight))

    async def _accept(self, frames: Sequence[Frame]) -> None:
        await self._sink.accept(frames)
        self._note(frames)

    def save(self) -> None:
        """Write the file where something changed."""
        if not self._changed:
            return
        self._changed = False
        self._kept.bound = min([*self._in_flight.values(), self._mark.get()])
        replace_file(self._path, msgspec.json.encode(self._kept))

    def forget(self, place: str) -> None:
        """``place`` will not come again."""
        self._changed |= self._kept.places.pop(place, None) is not None

    def beginning(self, place: str) -> list[tuple[str, str]]:
        """``place`` and those that continue it behind an ``@``, each with what it reached."""
        return [
            (name, reached)
            for name, reached in list(self._kept.places.items())
            if name == place or name.startswith(f"{place}@")
        ]

    def join(self, place: str, other: str, reached: str) -> None:
        """``place`` has got as far as ``reached`` and ``other`` is part of it from now on: both are written at once."""
        self._kept.places[place] = reached
        self._kept.places.pop(other, None)
        self._changed = True

    def close(self) -> None:
        """Save and let go."""
        self.save()
        self._mark.close()

    def _note(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            if place := frame.meta.get(PLACE):
                self._kept.places[place] = frame.meta[REACHED]
                self._changed = True

    def _recover(self) -> _Kept:
        kept = _read(self._path)
        self._kept = kept
        reader = SpoolReader(self._spool, kept.bound)
        try:
            while taken := reader.read():
                self._note([frame for frame, _ in taken])
        finally:
            reader.close()
        return kept


def _read(path: Path) -> _Kept:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (FileNotFoundError, msgspec.MsgspecError):
        return _Kept()
