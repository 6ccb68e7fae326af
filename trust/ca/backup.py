"""A copy of the PKI that can be brought back: database, sealed keys, checkpoint keys, with hashes of everything.

In: the PKI folder, running or not (the database is copied by SQLite itself, so that no half transaction is in it).
Out: one folder with a manifest. Keys stay sealed under the split master key: without its shares a copy opens nothing.
The checkpoint keys are not sealed: keep a copy as carefully as the original.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from infra.clock import Clock, rfc3339
from infra.durable import replace_file
from infra.errors import AppError, ErrorKind

DATABASE, MANIFEST = "pki.db", "manifest.json"
FOLDERS = ("keys", "checkpoint")
_COUNTED = ("authorities", "certificates", "crls", "intents", "requests", "approvals", "approvers", "outbox")


def back_up(pki: Path, to: Path, clock: Clock) -> dict[str, Any]:
    """Copy the PKI into the empty folder ``to``; counts and hashes, which are in its manifest too."""
    if not (pki / DATABASE).exists():
        raise AppError(ErrorKind.NOT_FOUND, "trust.backup.nothing", place=str(pki))
    if to.exists() and any(to.iterdir()):
        raise AppError(ErrorKind.CONFLICT, "trust.backup.not_empty", place=str(to))
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        closing(sqlite3.connect(f"file:{pki / DATABASE}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(to / DATABASE)) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    (to / DATABASE).chmod(0o600)
    for name in FOLDERS:
        if (pki / name).is_dir():
            shutil.copytree(pki / name, to / name)
    manifest = {"made": rfc3339(clock.now()), "files": _hashes(to), "counts": counts(to)}
    replace_file(to / MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2), private=True)
    return manifest


def examine(copy: Path) -> dict[str, Any]:
    """The manifest, if every file is as it says; ``AppError(INVALID)`` names the first that is not."""
    try:
        manifest: dict[str, Any] = orjson.loads((copy / MANIFEST).read_bytes())
        wanted = dict(manifest["files"])
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        raise AppError(ErrorKind.INVALID, "trust.backup.no_manifest", place=str(copy)) from None
    found = _hashes(copy)
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise AppError(ErrorKind.INVALID, "trust.backup.altered", place=str(copy / name))
    if counts(copy) != manifest["counts"]:
        raise AppError(ErrorKind.INVALID, "trust.backup.altered", place=str(copy / DATABASE))
    return manifest


def restore(copy: Path, pki: Path) -> dict[str, Any]:
    """Bring a copy back into a PKI folder that holds nothing yet, and compare once more; its manifest."""
    manifest = examine(copy)
    if (pki / DATABASE).exists() or (pki / "keys").exists():
        raise AppError(ErrorKind.CONFLICT, "trust.backup.not_empty", place=str(pki))
    pki.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in manifest["files"]:
        target = pki / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(target, (copy / name).read_bytes(), private=True)
    if counts(pki) != manifest["counts"]:
        raise AppError(ErrorKind.INTERNAL, "trust.backup.altered", place=str(pki))
    return manifest


def counts(pki: Path) -> dict[str, int]:
    """Rows of each table that matters; the database is only read."""
    with closing(sqlite3.connect(f"file:{pki / DATABASE}?mode=ro", uri=True)) as found:
        return {name: int(found.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in _COUNTED}


def _hashes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST and not path.name.endswith(("-wal", "-shm")):
            yield path
