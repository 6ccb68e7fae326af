"""Sources that went quiet: told as events, so that rules and people see it; a missing measurement is never taken for
a good one.

How long a source may be quiet is learnt from it: twice the longest pause seen so far, at least a quarter of an hour
and at most a day. A source counts once it has been heard over some time; one that delivers once (a replay) is never
missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from collectors.delivery import deliver
from collectors.frames import FrameKind
from collectors.receivers.seams import Listener
from infra.durable import replace_file
from infra.events.frame import Frame
from infra.events.seams import EventSink
from infra.events.stream import Event, Stream
from infra.store.seams import SourceCount

_log = logging.getLogger(__name__)
SOURCE = "yaodun/silence"
PASSING = ("replay:", "file:", SOURCE)
LOOK_S = 30.0
MIN_QUIET_S = 900.0
MAX_QUIET_S = 86_400.0
MIN_LOOKS = 3
_PATIENCE = 2.0


class Heard(msgspec.Struct):
    """What is known of one source. Times are Unix time in nanoseconds, pauses in seconds."""

    newest_ns: int
    longest_s: float = 0.0
    changes: int = 0
    silent: bool = False

    @property
    def may_be_quiet_s(self) -> float:
        """How long it may be quiet."""
        return min(MAX_QUIET_S, max(MIN_QUIET_S, self.longest_s * _PATIENCE))


class SilenceWatch:
    """Looks at the counts of the store now and then. A receiver to its service: it has no door, but something to
    deliver.
    """

    def __init__(
        self,
        counts: Callable[[], Mapping[str, SourceCount]],
        path: Path,
        now_ns: Callable[[], int] = time.time_ns,
        look_s: float = LOOK_S,
    ) -> None:
        self._counts = counts
        self._path = path
        self._now_ns = now_ns
        self._look_s = look_s
        self._known = _load(path)
        self._task: asyncio.Task[None] | None = None

    @property
    def addresses(self) -> Sequence[Listener]:
        return []

    async def start(self, sink: EventSink) -> None:
        """Begins to look."""
        self._task = asyncio.create_task(self._run(sink), name="silence")

    async def stop(self) -> None:
        """Ends; what was learnt is kept."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def silent(self) -> set[str]:
        """Sources that are quiet now."""
        return {source for source, heard in self._known.items() if heard.silent}

    def look(self) -> list[Event]:
        """Events for sources that went quiet or are heard again since the last look."""
        now = self._now_ns()
        events: list[Event] = []
        for source, count in self._counts().items():
            if count.newest_ns and not source.startswith(PASSING):
                heard = self._known.setdefault(source, Heard(count.newest_ns))
                events += self._judge(source, heard, count.newest_ns, now)
        return events

    def _judge(self, source: str, heard: Heard, newest_ns: int, now_ns: int) -> list[Event]:
        if newest_ns > heard.newest_ns:
            pause_s = (newest_ns - heard.newest_ns) / 1e9
            heard.newest_ns, heard.changes = newest_ns, heard.changes + 1
            if heard.silent:
                heard.silent = False
                return [_event(source, "source-heard", newest_ns, pause_s)]
            heard.longest_s = max(heard.longest_s, pause_s)
            return []
        quiet_s = (now_ns - heard.newest_ns) / 1e9
        if heard.silent or heard.changes < MIN_LOOKS or quiet_s <= heard.may_be_quiet_s:
            return []
        heard.silent = True
        return [_event(source, "source-silent", heard.newest_ns, quiet_s)]

    async def _run(self, sink: EventSink) -> None:
        while True:
            await asyncio.sleep(self._look_s)
            try:
                events = await asyncio.to_thread(self.look)
                if events:
                    await deliver(sink, [self._frame(events)])
                await asyncio.to_thread(replace_file, self._path, msgspec.json.encode(self._known))
            except Exception:  # noqa: BLE001 - logged; the next look may succeed
                _log.exception("silence.look_failed")

    def _frame(self, events: Sequence[Event]) -> Frame:
        now = self._now_ns()
        common = {"@timestamp": now // 1_000_000, "yaodun.stream": Stream.LOGS.value}
        body = msgspec.msgpack.encode([{**common, **event} for event in events])
        return Frame(SOURCE, FrameKind.DOCUMENTS, len(events), now, body)


def _event(source: str, action: str, newest_ns: int, pause_s: float) -> Event:
    quiet = action == "source-silent"
    words = "has been silent" if quiet else "is heard again after"
    return {
        "event.kind": "event",
        "event.category": ["host"],
        "event.type": ["info"],
        "event.action": action,
        "event.module": "yaodun",
        "event.dataset": "yaodun.source",
        "event.start": newest_ns // 1_000_000,
        "event.duration": int(pause_s * 1e9),
        "yaodun.silence.source": source,
        "message": f"source {source} {words} {'for ' if quiet else ''}{pause_s / 60:.0f} minutes",
    }


def read_silent(path: Path) -> set[str]:
    """The sources that the watch of another process finds quiet now."""
    return {source for source, heard in _load(path).items() if heard.silent}


def _load(path: Path) -> dict[str, Heard]:
    with contextlib.suppress(FileNotFoundError, msgspec.MsgspecError):
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Heard])
    return {}
