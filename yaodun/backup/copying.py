"""Copying files of a site while it is in use: plain ones by bytes, databases by SQLite's own snapshot."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO

from yaodun.backup.inventory import Item

_CHUNK = 1 << 20
_SQLITE = b"SQLite format 3\x00"
_SKIPPED_FOLDERS = frozenset({"run", "logs", "events", "tmp"})
"""Below the data folder: what lives only while services run, and the events, which are copied by their manifest."""
_SKIPPED_ENDS = (".lock", "-wal", "-shm", "-journal")
_FIRST = ("state", "spool")
"""Copied first, in this order: positions before what they point into, spools before what is made of them."""


def plain_files(home: Path) -> Iterator[Path]:
    """Every file of the site but events and databases, below ``home``; what a position points to comes after it."""
    names = sorted(path.name for path in home.iterdir() if path.is_dir() and path.name not in _SKIPPED_FOLDERS)
    ordered = [name for name in _FIRST if name in names] + [name for name in names if name not in _FIRST]
    for folder in ordered:
        for base, inner, files in os.walk(home / folder):
            inner.sort()
            # the mark of a spool before its segments: it must never say more than was copied
            for name in sorted(files, key=lambda name: (name != "mark", name)):
                path = Path(base, name)
                if wanted(path) and not is_database(path):
                    yield path
    yield from (path for path in sorted(home.iterdir()) if path.is_file() and wanted(path) and not is_database(path))


def databases(home: Path) -> Iterator[Path]:
    """Every SQLite database of the site but the manifest of the events."""
    for base, inner, files in os.walk(home):
        if Path(base) == home:
            inner[:] = [name for name in inner if name not in _SKIPPED_FOLDERS]
        yield from (path for name in sorted(files) if wanted(path := Path(base, name)) and is_database(path))


def wanted(path: Path) -> bool:
    """Not a lock, nor what SQLite keeps beside a database, nor a draft."""
    return path.name != "lock" and not path.name.endswith(_SKIPPED_ENDS) and not path.is_symlink() and path.is_file()


def is_database(path: Path) -> bool:
    """Whether ``path`` is a SQLite database."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except FileNotFoundError:
        return False


def copy_file(source: Path, target: Path, name: str) -> Item | None:
    """Copy durably, private to the owner; None where ``source`` has gone meanwhile."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    try:
        with source.open("rb") as read, open_private(target) as write:
            while chunk := read.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                write.write(chunk)
            write.flush()
            os.fsync(write.fileno())
    except FileNotFoundError:
        target.unlink(missing_ok=True)
        return None
    return Item(name, size, digest.hexdigest())


def open_private(path: Path) -> BinaryIO:
    """A new file that only its owner may read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def link_file(source: Path, target: Path) -> bool:
    """Give ``target`` the content of ``source`` without copying; False where the disk cannot."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(OSError):
        os.link(source, target)
        return True
    return False


def copy_database(source: Path, target: Path, name: str) -> Item:
    """One consistent state of a database that others write, as one file without a journal."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open_private(target):
        pass
    opened = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=60)
    with closing(opened) as read, closing(sqlite3.connect(target)) as write:
        read.backup(write)
        write.execute("PRAGMA journal_mode=DELETE")
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return item_of(target, name)


def item_of(path: Path, name: str) -> Item:
    """What ``path`` holds."""
    with path.open("rb") as file:
        return Item(name, os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest())
