"""Bringing a site back from its backup, and proving that it is the same: every count and every hash compared."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from infra.errors import AppError, ErrorKind
from infra.home import Home
from infra.ledger import Ledger, record
from infra.records import open_records
from infra.store.embedded.manifest import Manifest
from yaodun.backup.copying import copy_file, is_database, item_of
from yaodun.backup.counting import count_days, count_records, readable
from yaodun.backup.inventory import DATA, RECORDS_DUMP, Inventory, read_inventory
from yaodun.backup.postgres import bring_back
from yaodun.backup.taking import Tell, sync_tree, untold
from yaodun.settings import read_settings


class Finding(msgspec.Struct, frozen=True):
    """One part compared: what the inventory says, what was found."""

    part: str
    what: str
    wanted: str
    found: str

    @property
    def equal(self) -> bool:
        """Both say the same."""
        return self.wanted == self.found


def check(source: Path, tell: Tell = untold) -> Iterator[Finding]:
    """Compare a backup with its inventory where it lies; nothing is changed."""
    inventory = read_inventory(source)
    yield from _files(source / DATA, inventory, tell)
    yield from _contents(source / DATA, inventory, records=None)


def restore(source: Path, home: Home, tell: Tell = untold) -> list[Finding]:
    """Make a site in ``home``, a new or empty folder, and compare it with the inventory.

    The folder gets its name only when every file is there and right, so a broken restore leaves none behind; then the
    ledger of the new site says that it was restored.
    """
    inventory = read_inventory(source)
    if find_alien := [item.path for item in inventory.items if not below(item.path)]:
        raise AppError(ErrorKind.INVALID, "yaodun.backup.broken", place=str(source), problem=find_alien[0][:100])
    draft = home.root.with_name(f".{home.root.name}.restoring")
    _empty(home.root)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    for item in inventory.items:
        copy_file(source / DATA / item.path, draft / item.path, item.path)
    findings, url = list(_files(draft, inventory, tell)), ""
    if all(finding.equal for finding in findings):
        Home(draft).prepare()
        if inventory.records_in == "postgresql":
            url = read_settings(Home(draft).settings).records.url
            bring_back(draft / RECORDS_DUMP, url)
        findings += _contents(draft, inventory, records=url or None)
    if not all(finding.equal for finding in findings):
        shutil.rmtree(draft)
        return findings
    _tell_ledger(url or draft / "records.db", source, inventory)
    sync_tree(draft)
    if home.root.exists():
        home.root.rmdir()
    draft.rename(home.root)
    return findings


def below(name: str) -> bool:
    """Whether a path of an inventory stays below its folder."""
    return not Path(name).is_absolute() and ".." not in Path(name).parts


def _empty(root: Path) -> None:
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise AppError(ErrorKind.CONFLICT, "yaodun.backup.not_empty", place=str(root))
    root.parent.mkdir(parents=True, exist_ok=True)


def _files(root: Path, inventory: Inventory, tell: Tell) -> Iterator[Finding]:
    """Every file that differs, then one line for those that do not."""
    right = done = 0
    for item in inventory.items:
        path = root / item.path
        found = item_of(path, item.path).sha256 if path.is_file() else "missing"
        right += found == item.sha256
        done += item.size
        tell(done)
        if found != item.sha256:
            yield Finding("file", item.path, item.sha256, found)
    yield Finding("files", "count", str(len(inventory.items)), str(right))


def _contents(root: Path, inventory: Inventory, records: str | None) -> Iterator[Finding]:
    if inventory.records_in == "sqlite" or records:
        yield from _records(records or root / "records.db", inventory)
    yield from _databases(root)
    yield from _days(root, inventory)
    yield from _blobs(root, inventory)


def _records(url: str | Path, inventory: Inventory) -> Iterator[Finding]:
    wanted = inventory.records
    with readable(url) as records:
        with records.engine.connect() as connection:
            found = count_records(connection)
        altered = len(Ledger(records).verify().findings)
    for name in sorted({*wanted.tables, *found.tables}):
        yield Finding("records", name, str(wanted.tables.get(name, "missing")), str(found.tables.get(name, "missing")))
    yield Finding("ledger", "leaves", str(wanted.leaves), str(found.leaves))
    yield Finding("ledger", "head", wanted.head_sha256, found.head_sha256)
    yield Finding("ledger", "alterations", "0", str(altered))


def _databases(root: Path) -> Iterator[Finding]:
    for path in sorted(root.rglob("*.db")):
        if is_database(path):
            with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
                (found,) = database.execute("PRAGMA integrity_check").fetchone()
            yield Finding("database", str(path.relative_to(root)), "ok", str(found))


def _days(root: Path, inventory: Inventory) -> Iterator[Finding]:
    if inventory.events_in != "embedded" or not (root / "events" / "manifest.db").exists():
        return
    manifest = Manifest(root / "events" / "manifest.db", read_only=True)
    try:
        found = {(day.stream, day.day): day for day in count_days(manifest.live())}
    finally:
        manifest.close()
    for wanted in inventory.days:
        name, mine = f"{wanted.stream}/{wanted.day}", found.get((wanted.stream, wanted.day))
        told = f"{mine.events} events, {mine.sha256}" if mine else "missing"
        yield Finding("events", name, f"{wanted.events} events, {wanted.sha256}", told)


def _blobs(root: Path, inventory: Inventory) -> Iterator[Finding]:
    named = [item for item in inventory.items if item.path.startswith("blobs/")]
    right = sum(Path(item.path).name == item.sha256 for item in named)
    yield Finding("blobs", "count", str(len(named)), str(right))


def _tell_ledger(url: str | Path, source: Path, inventory: Inventory) -> None:
    records = open_records(url)
    detail = {"from": str(source), "made": inventory.made.isoformat(), "files": len(inventory.items)}
    try:
        records.write(
            lambda session: record(
                session, actor="console", action="yaodun.site.restore", thing="site:this", detail=detail
            )
        )
    finally:
        records.close()
