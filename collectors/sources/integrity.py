"""File integrity: what lies in the files an intruder changes first, and every change of it, also while the agent was
away.
"""

from __future__ import annotations

import asyncio
import glob
import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import msgspec

from collectors.delivery import deliver
from collectors.sources.processes import user_name
from collectors.sources.reporting import Host, Reporter, Reporting, milliseconds
from infra.events.seams import EventSink
from infra.events.stream import Event, Stream

LOOK_S = 5.0
MAX_HASHED = 32 << 20
MAX_WATCHED = 5_000


class Seen(msgspec.Struct, frozen=True):
    """A file as it was when it was looked at."""

    inode: int
    size: int
    mtime_ns: int
    mode: int
    owner: int
    group: int
    sha256: str


class IntegritySource(Reporting):
    """Watches ``patterns``; ``state`` keeps what was seen."""

    def __init__(self, host: Host, patterns: Sequence[str], state: Path, look_s: float = LOOK_S) -> None:
        self._reporter = Reporter(host, "integrity")
        self._patterns = tuple(patterns)
        self._state = state
        self._look_s = look_s
        self._seen = _load(state)

    async def run(self, sink: EventSink) -> None:
        """Until cancelled."""
        while True:
            found = await asyncio.to_thread(look_at, self._patterns, self._seen or {})
            if found:
                self._reporter.running()
            else:
                self._reporter.not_available("integrity")
            await self._compare(found, sink)
            await asyncio.sleep(self._look_s)

    async def _compare(self, found: dict[str, Seen], sink: EventSink) -> None:
        before, first = self._seen or {}, self._seen is None
        if found == before and not first:
            return
        events = [] if first else changes(before, found)
        if events:
            common = {
                "@timestamp": milliseconds(self._reporter.now()),
                "event.kind": "event",
                "event.module": "integrity",
                "event.dataset": "host.integrity",
                "event.category": ["file"],
            }
            await deliver(sink, [self._reporter.documents([{**common, **event} for event in events], Stream.LOGS)])
        self._seen = found
        await asyncio.to_thread(_save, self._state, found)


def look_at(patterns: Sequence[str], before: dict[str, Seen]) -> dict[str, Seen]:
    """Every file of ``patterns`` that can be read, hashed where its stamps differ from ``before``."""
    found: dict[str, Seen] = {}
    for pattern in patterns:
        for path in glob.glob(pattern):  # noqa: PTH207 - patterns are absolute
            if len(found) < MAX_WATCHED and (seen := _look(path, before.get(path))):
                found[path] = seen
    return found


def changes(before: dict[str, Seen], now: dict[str, Seen]) -> list[Event]:
    """What was created, deleted, or changed in content, rights or owner."""
    events = [_event(path, "creation", None, now[path]) for path in sorted(now.keys() - before.keys())]
    events += [_event(path, "deletion", before[path], None) for path in sorted(before.keys() - now.keys())]
    for path in sorted(now.keys() & before.keys()):
        if _matters(before[path]) != _matters(now[path]):
            events.append(_event(path, "change", before[path], now[path]))
    return events


def _matters(seen: Seen) -> tuple[str, int, int, int]:
    return seen.sha256, seen.mode, seen.owner, seen.group


def _look(path: str, before: Seen | None) -> Seen | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - called for every file
        if not stat.S_ISREG(found.st_mode):
            return None
        stamps = (found.st_ino, found.st_size, found.st_mtime_ns)
        same = before is not None and stamps == (before.inode, before.size, before.mtime_ns)
        digest = before.sha256 if same and before else _hash(path)
    except OSError:
        return None
    return Seen(*stamps, found.st_mode & 0o7777, found.st_uid, found.st_gid, digest)


def _hash(path: str) -> str:
    digest = hashlib.sha256()
    left = MAX_HASHED
    with open(path, "rb") as file:  # noqa: PTH123 - called for every file
        while left > 0 and (part := file.read(min(left, 1 << 20))):
            digest.update(part)
            left -= len(part)
    return digest.hexdigest()


def _event(path: str, kind: str, before: Seen | None, now: Seen | None) -> Event:
    action = {"creation": "file-created", "deletion": "file-deleted", "change": "file-changed"}[kind]
    event: Event = {
        "event.type": [kind],
        "event.action": action,
        "file.path": path,
        "file.name": path.rpartition("/")[2],
        "file.directory": path.rpartition("/")[0],
        "message": f"watched file {path}: {kind}",
    }
    if seen := now or before:
        event |= {
            "file.size": seen.size,
            "file.mode": f"{seen.mode:04o}",
            "file.uid": str(seen.owner),
            "file.owner": user_name(seen.owner),
            "file.gid": str(seen.group),
            "file.hash.sha256": seen.sha256,
            "file.mtime": seen.mtime_ns // 1_000_000,
        }
    if before and now:
        event["file.before.hash.sha256"] = before.sha256
        event["file.before.mode"] = f"{before.mode:04o}"
        event["file.before.uid"] = str(before.owner)
    return event


def _load(path: Path) -> dict[str, Seen] | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Seen])
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _save(path: Path, seen: dict[str, Seen]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(msgspec.json.encode(seen))
    draft.replace(path)
