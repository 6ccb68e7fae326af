"""What correlations have seen outlives the process: kept on disk now and then, taken up at the next start."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from analytics.rules.engine import Engine
from infra.durable import replace_file
from infra.events import Event, Signal

log = logging.getLogger(__name__)
TICK_S = 1.0
KEEP_S = 30.0


class _File(msgspec.Struct, array_like=True):
    """The file: where the input stood (Unix time in nanoseconds of the newest record taken in), and the state."""

    taken_ns: int
    state: bytes


class Remembering:
    """An engine with a clock and a memory; implements ``infra.events.Detector``. For one thread.

    Spans end by the events' own time, which goes on with the clock while nothing comes; a backlog therefore never
    closes a span before its events are in. ``monotonic`` gives seconds.
    """

    def __init__(self, engine: Engine, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.engine, self._path, self._monotonic = engine, path, monotonic
        self._newest = 0.0
        self._newest_at = self._ticked = self._kept = monotonic()

    def match(self, events: Sequence[Event], twins: Sequence[int] | None = None) -> list[Signal]:
        """The signals of the events, then those of spans that ended meanwhile."""
        signals = self.engine.match(events, twins)
        now = self._monotonic()
        newest = max(event["@timestamp"] for event in events).timestamp() if events else 0.0
        if newest > self._newest:
            self._newest, self._newest_at = newest, now
        if now - self._ticked >= TICK_S and self._newest:
            self._ticked = now
            signals += self.engine.tick(datetime.fromtimestamp(self._newest + now - self._newest_at, UTC))
        return signals

    def keep(self, taken_ns: int, *, now: bool = False) -> None:
        """Write the state down when it is time, or ``now``; ``taken_ns`` says how far the input is in."""
        if not now and self._monotonic() - self._kept < KEEP_S:
            return
        self._kept = self._monotonic()
        replace_file(self._path, msgspec.msgpack.encode(_File(taken_ns, self.engine.correlator.state())))

    def recall(self, since: Callable[[int], Iterable[Sequence[Event]]]) -> int:
        """Take up the kept state and what came after it; how many groups were held.

        ``since`` gives the stored events received after a time in nanoseconds: their signals went out before the end of
        the last process, so that only the memory of them is made again. A file that cannot be read is left aside.
        """
        try:
            kept = msgspec.msgpack.decode(self._path.read_bytes(), type=_File)
            groups = self.engine.correlator.restore(kept.state)
        except FileNotFoundError:
            return 0
        except (OSError, ValueError, msgspec.DecodeError) as error:
            log.warning("rules.memory_lost", extra={"path": str(self._path), "problem": str(error)})
            return 0
        for events in since(kept.taken_ns):
            self.engine.match(events)
        self.engine.take_tried()
        return groups
