"""The folder of feeds: each file is a source; a changed file is read anew, one that is gone takes its word with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from analytics.intelligence.indicator import ThreatIndicator, told
from analytics.intelligence.lists import read_csv, read_list
from analytics.intelligence.shelf import Shelf
from analytics.intelligence.stix import Told, read_bundle
from infra.errors import AppError, ErrorKind

MOST_BYTES = 512 << 20
CONFIDENCE = 60
READERS = {".json": read_bundle, ".stix": read_bundle, ".csv": read_csv}
LISTS = (".txt", ".list", ".ioc", ".hosts")


class Taken(msgspec.Struct, frozen=True):
    """What became of one file; ``problem`` is the first one, with its place and remedy."""

    source: str
    entries: int
    new: int
    refused: int
    problem: str = ""


def take_folder(shelf: Shelf, folder: Path, now: datetime, days: int) -> list[Taken]:
    """Take in what changed since the last time."""
    marks = shelf.marks()
    found = {path.name: path for path in sorted(folder.iterdir()) if _wanted(path)} if folder.is_dir() else {}
    for gone in set(marks) - set(found):
        shelf.forget(gone)
    return [take_file(shelf, path, now, days) for name, path in found.items() if marks.get(name) != mark_of(path)]


def take_file(shelf: Shelf, path: Path, now: datetime, days: int) -> Taken:
    """Take in one file; what it said before stays where it is refused as a whole."""
    mark, problems = mark_of(path), list[AppError]()
    try:
        total, fresh = shelf.replace(path.name, _indicators(path, now, days, problems), now)
    except AppError as error:
        shelf.note_file(path.name, mark, now, 0, 1, str(error))
        return Taken(path.name, 0, 0, 1, str(error))
    first = str(problems[0]) if problems else ""
    shelf.note_file(path.name, mark, now, total, len(problems), first)
    return Taken(path.name, total, fresh, len(problems), first)


def entries(path: Path) -> Iterator[Told | AppError]:
    """What a file says. ``AppError`` raised where it is refused as a whole."""
    if path.suffix not in READERS and path.suffix not in LISTS:
        raise AppError(ErrorKind.INVALID, "analytics.intelligence.file_kind", place=str(path))
    if path.stat().st_size > MOST_BYTES:
        raise AppError(ErrorKind.TOO_LARGE, "analytics.intelligence.too_large", place=str(path), mib=MOST_BYTES >> 20)
    yield from READERS.get(path.suffix, read_list)(path.read_bytes(), path.name)


def mark_of(path: Path) -> str:
    """Changes with the file."""
    stat = path.stat()
    return f"{stat.st_size}-{stat.st_mtime_ns}"


def _wanted(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")


def _indicators(path: Path, now: datetime, days: int, problems: list[AppError]) -> Iterator[ThreatIndicator]:
    for entry in entries(path):
        if isinstance(entry, AppError):
            problems.append(entry) if len(problems) < 10_000 else None
            continue
        if entry.revoked or (known := told(entry.value)) is None:
            continue
        since = entry.since or now
        yield ThreatIndicator(
            kind=known[0], value=known[1], source=path.name, name=entry.name, since=since,
            confidence=CONFIDENCE if entry.confidence is None else entry.confidence,
            until=entry.until or max(since, now if entry.since is None else since) + timedelta(days=days),
        )  # fmt: skip
