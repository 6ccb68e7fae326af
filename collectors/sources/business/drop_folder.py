"""A folder into which other systems put files of business events; each is taken whole, once, with a report beside it.

A file is taken when it has not changed for a while and its name does not end in ``.part`` or ``.tmp``. A file beside
it called ``NAME.manifest`` (JSON: ``records``, ``sha256``) is held against it first: half a file is rejected whole.
The same content a second time is a duplicate and is not taken again. Afterwards the file lies in ``done``,
``rejected`` or ``duplicates`` with ``NAME.report.json``.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from collectors.business.account import Account, Counting
from collectors.business.formats import Delivery, Format, count_of, format_of_name, lines_of
from collectors.delivery import deliver
from infra.errors import AppError
from infra.events.frame import Frame
from infra.events.seams import EventSink

_log = logging.getLogger(__name__)
SETTLE_S = 3.0
LOOK_S = 2.0
REMEMBERED = 20_000
MAX_MANIFEST = 64 << 10
_ASIDE = (".manifest", ".part", ".tmp", ".report.json")


class Manifest(msgspec.Struct, frozen=True):
    """What the sender says the file holds; absent parts are not checked."""

    records: int | None = None
    sha256: str | None = None


class Report(msgspec.Struct, kw_only=True):
    """What became of a file. ``state`` is ``accepted``, ``rejected`` or ``duplicate``; ``account`` adds up."""

    file: str
    state: str
    sha256: str
    bytes: int
    taken: datetime
    format: str = ""
    problem: str = ""
    account: Account = msgspec.field(default_factory=Account)


class DropFolder:
    """Watches ``folder``. ``remembered`` is a file of its own that keeps the digests of what was taken."""

    def __init__(
        self, folder: Path, remembered: Path, *, source: str = "business-files", settle_s: float = SETTLE_S,
        now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.folder, self._path, self._source = folder, remembered, source
        self._settle_s, self._now = settle_s, now
        self._taken = _load(remembered)

    async def run(self, sink: EventSink) -> None:
        """Until cancelled; a fault with one file is logged and leaves the others alone."""
        while True:
            try:
                await self.look(sink)
            except OSError as problem:
                _log.warning("business.folder_failed", extra={"folder": str(self.folder), "problem": str(problem)})
            await asyncio.sleep(LOOK_S)

    async def look(self, sink: EventSink) -> list[Report]:
        """Take every file that is ready; the reports of this look."""
        for name in ("", "done", "rejected", "duplicates"):
            (self.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        return [await self._take(path, sink) for path in self._ready()]

    def _ready(self) -> list[Path]:
        found = []
        for entry in os.scandir(self.folder):
            if not entry.is_file(follow_symlinks=False) or entry.name.startswith(".") or entry.name.endswith(_ASIDE):
                continue
            if self._now() - entry.stat().st_mtime >= self._settle_s:
                found.append(Path(entry.path))
        return sorted(found)

    async def _take(self, path: Path, sink: EventSink) -> Report:
        digest = await asyncio.to_thread(_digest, path)
        report = Report(
            file=path.name, state="accepted", sha256=digest, bytes=path.stat().st_size, taken=datetime.now(UTC)
        )
        try:
            await self._judge_and_deliver(path, report, sink)
        except AppError as problem:
            report.state, report.problem = "rejected", str(problem)
        await asyncio.to_thread(self._put_away, path, report)
        _log.info(
            "business.file", extra={"file": report.file, "state": report.state, "records": report.account.records}
        )
        return report

    async def _judge_and_deliver(self, path: Path, report: Report, sink: EventSink) -> None:
        if report.sha256 in self._taken:
            report.state = "duplicate"
            return
        kind = format_of_name(path.name)
        manifest = _manifest(path)
        if kind is None or manifest is None:
            report.state, report.problem = "rejected", "manifest" if kind else "format"
            return
        report.format = kind.value
        report.problem = await asyncio.to_thread(self._against, path, kind, manifest, report)
        if report.problem:
            report.state = "rejected"
            return
        report.account = await self._deliver(path, kind, report, sink)
        self._remember(report.sha256)

    def _against(self, path: Path, kind: Format, manifest: Manifest, report: Report) -> str:
        """What the manifest holds against the file; '' where all is well."""
        if manifest.sha256 is not None and manifest.sha256.lower() != report.sha256:
            return "digest: the file is not the one the manifest names; send it again"
        if manifest.records is not None:
            with path.open("rb") as stream:
                count = count_of(Delivery(stream, kind, path.name, report.taken, {}))
            if count != manifest.records:
                return f"records: the manifest names {manifest.records}, the file holds {count}; send it again"
        return ""

    async def _deliver(self, path: Path, kind: Format, report: Report, sink: EventSink) -> Account:
        with path.open("rb") as stream:
            delivery = Delivery(stream, kind, path.name, report.taken, {})
            counting = Counting(self._source, report.taken, lax=delivery.lax, identity=report.sha256[:32])
            frames = counting.frames(lines_of(delivery))
            while (part := await asyncio.to_thread(_some, frames)) != []:
                await deliver(sink, part)
        return counting.account

    def _remember(self, digest: str) -> None:
        self._taken[digest] = None
        while len(self._taken) > REMEMBERED:
            self._taken.pop(next(iter(self._taken)))
        write_whole(self._path, "\n".join(self._taken).encode())

    def _put_away(self, path: Path, report: Report) -> None:
        folder = self.folder / {"accepted": "done", "duplicate": "duplicates"}.get(report.state, "rejected")
        stamp = f"{report.taken:%Y%m%dT%H%M%S}-{report.sha256[:8]}-{path.name}"
        write_whole(folder / f"{stamp}.report.json", msgspec.json.format(msgspec.json.encode(report)))
        manifest = path.with_name(path.name + ".manifest")
        if manifest.exists():
            manifest.replace(folder / f"{stamp}.manifest")
        path.replace(folder / stamp)


def _some(frames: Iterator[Frame], most: int = 8) -> list[Frame]:
    found: list[Frame] = []
    for frame in frames:
        found.append(frame)
        if len(found) >= most:
            break
    return found


def _manifest(path: Path) -> Manifest | None:
    """The manifest beside a file; an empty one where there is none, None where it cannot be read."""
    beside = path.with_name(path.name + ".manifest")
    try:
        if beside.stat().st_size > MAX_MANIFEST:
            return None
        return msgspec.json.decode(beside.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return Manifest()
    except msgspec.DecodeError:
        return None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _load(path: Path) -> dict[str, None]:
    try:
        return dict.fromkeys(path.read_text(encoding="ascii").split())
    except FileNotFoundError:
        return {}


def write_whole(path: Path, data: bytes) -> None:
    """Whole and durable, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = path.with_name(path.name + ".new")
    with made.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
