"""Threat intelligence as pages, API and scripts use it: what the feeds say, feeds put in and taken out.

A feed is a file in one folder; the worker that reads the folder takes it up within seconds. Every change is in the
ledger.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy.orm import Session

from analytics.intelligence.folder import LISTS, READERS, entries
from analytics.intelligence.indicator import IndicatorKind, ThreatIndicator, told
from analytics.intelligence.shelf import Shelf, SourceView
from infra.clock import Clock
from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor

MOST_UPLOAD = 32 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Checked(msgspec.Struct, frozen=True):
    """What a feed holds; ``problem`` is the first refusal, with its place and remedy."""

    source: str
    entries: int
    refused: int
    problem: str = ""


class Known(msgspec.Struct, frozen=True):
    """What the feeds say of one value; ``value`` as it is compared."""

    value: str
    kind: IndicatorKind
    known: bool
    indicators: tuple[ThreatIndicator, ...]


class IndicatorDesk:
    """Reads the shelf at ``shelf``, changes the folder ``folder``. Blocks."""

    def __init__(self, shelf: Path, folder: Path, records: Records, clock: Clock) -> None:
        self._path, self._folder, self._records, self._clock = shelf, folder, records, clock

    def sources(self) -> Sequence[SourceView]:
        """Every feed that was read."""
        with self._shelf() as shelf:
            return shelf.by_source(self._clock.now()) if shelf else []

    def find(self, text: str = "", start: int = 0, limit: int = 100) -> Sequence[ThreatIndicator]:
        """Indicators whose value begins with the text."""
        with self._shelf() as shelf:
            return shelf.search(text.strip().lower(), limit, start) if shelf else []

    def look_up(self, value: str) -> Known:
        """What the feeds say of a value now; ``AppError(INVALID)`` where it can be no indicator."""
        read = told(value.strip())
        if read is None:
            raise AppError(ErrorKind.INVALID, "analytics.intelligence.no_indicator", place="value", value=value[:60])
        with self._shelf() as shelf:
            found = tuple(shelf.of(read[1], self._clock.now())) if shelf else ()
        return Known(read[1], read[0], bool(found), found)

    def put(self, actor: Actor, name: str, data: bytes) -> Checked:
        """Put a feed in, or another in its place; ``AppError(INVALID)`` where nothing of it can be used."""
        _named(name)
        if len(data) > MOST_UPLOAD:
            raise AppError(ErrorKind.TOO_LARGE, "analytics.intelligence.too_large", place=name, mib=MOST_UPLOAD >> 20)
        found = checked(name, data)
        if not found.entries:
            problem = found.problem or name
            raise AppError(ErrorKind.INVALID, "analytics.intelligence.nothing_usable", place=name, problem=problem)

        def work(session: Session) -> None:
            self._tell(session, actor, "put", name, {"entries": found.entries, "refused": found.refused})
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(self._folder / name, data, private=True)

        self._records.write(work)
        return found

    def remove(self, actor: Actor, name: str) -> None:
        """Take a feed out with all it said; ``AppError(NOT_FOUND)``."""
        _named(name)
        path = self._folder / name

        def work(session: Session) -> None:
            if not path.is_file():
                raise AppError(ErrorKind.NOT_FOUND, "analytics.intelligence.no_feed", place=name)
            self._tell(session, actor, "remove", name, {})
            path.unlink()

        self._records.write(work)

    def _tell(self, session: Session, actor: Actor, act: str, name: str, detail: dict[str, int]) -> None:
        moment: datetime = self._clock.now()
        record(session, actor=actor, action=f"rules.feed.{act}", thing=f"feed:{name}", detail=detail, at=moment)

    @contextmanager
    def _shelf(self) -> Iterator[Shelf | None]:
        """The shelf; None where nothing was ever read."""
        if not self._path.exists():
            yield None
            return
        shelf = Shelf(self._path)
        try:
            yield shelf
        finally:
            shelf.close()


def checked(name: str, data: bytes) -> Checked:
    """What a feed of this name would hold; what is refused as a whole has no entries."""
    with tempfile.TemporaryDirectory(prefix="feed-") as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        good, problems = 0, list[str]()
        refused = 0
        try:
            for entry in entries(path):
                if isinstance(entry, AppError):
                    refused += 1
                    problems = problems or [str(entry)]
                else:
                    good += 1
        except AppError as error:
            return Checked(name, 0, refused + 1, str(error).replace(f"{folder}/", ""))
        return Checked(name, good, refused, problems[0].replace(f"{folder}/", "") if problems else "")


def _named(name: str) -> None:
    """The name must be plain and say what kind of feed it is."""
    suffix = Path(name).suffix
    if not _NAME.fullmatch(name):
        raise AppError(ErrorKind.INVALID, "analytics.intelligence.feed_name", place=name[:100])
    if suffix not in READERS and suffix not in LISTS:
        raise AppError(ErrorKind.INVALID, "analytics.intelligence.file_kind", place=name)
