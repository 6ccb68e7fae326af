"""Taking a backup of a site in use, without stopping or slowing it.

The order makes it whole: positions, then spools, then records, then events, then blobs. What was acknowledged before
the backup began is in the spool's copy or in the events'; what both hold has the same ids; a record never speaks of an
event or a blob that is not there. Segments of events and blobs never change: with ``since`` those of an earlier backup
on the same disk are linked, not copied.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from infra.durable import sync_folder
from infra.errors import AppError, ErrorKind
from infra.ledger import record
from infra.store.embedded.manifest import Manifest
from infra.store.embedded.segment import SIDECAR, Segment
from infra.web.seams import Actor
from yaodun import __version__
from yaodun.backup.copying import copy_database, copy_file, databases, is_database, item_of, link_file, plain_files
from yaodun.backup.counting import count_days, count_records, readable
from yaodun.backup.inventory import (
    DATA,
    FORMAT,
    RECORDS_DUMP,
    Day,
    Inventory,
    Item,
    Records,
    write_inventory,
)
from yaodun.backup.postgres import dump
from yaodun.site import Site

_LOOKS = 20
"""How often the manifest is read again because keeper merged segments meanwhile."""
THIS_SITE = "site:this"
Tell = Callable[[int], None]


def untold(_: int) -> None:
    """Nobody watches."""


def take(
    site: Site, target: Path, since: Path | None = None, actor: Actor | str = "console", tell: Tell = untold
) -> Inventory:
    """Copy the site into ``target``, an empty folder or a new one. ``tell`` hears the bytes done so far.

    ``AppError`` where the folder holds something, or a segment is not what was once written.
    """
    if target.exists() and any(target.iterdir()):
        raise AppError(ErrorKind.CONFLICT, "yaodun.backup.not_empty", place=str(target))
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    (target / DATA).mkdir(mode=0o700)
    site.records.write(
        lambda session: record(
            session, actor=actor, action="yaodun.site.backup", thing="site:this", detail={"to": str(target)}
        )
    )
    taking = _Taking(site, target / DATA, since and since / DATA, tell)
    taking.plain()
    records = taking.records()
    days = taking.events()
    taking.blobs()
    inventory = Inventory(
        format=FORMAT, version=__version__, made=site.clock.now(), home=str(site.home.root),
        events_in="opensearch" if site.settings.store.opensearch else "embedded",
        records_in="postgresql" if site.settings.records.url else "sqlite",
        items=tuple(sorted(taking.items, key=lambda item: item.path)), days=days, records=records,
    )  # fmt: skip
    sync_tree(target)
    write_inventory(target, inventory)
    return inventory


@dataclass
class _Taking:
    site: Site
    target: Path
    since: Path | None
    tell: Tell
    items: list[Item] = field(default_factory=list)
    done: int = 0

    @property
    def _root(self) -> Path:
        return self.site.home.root

    def plain(self) -> None:
        """Files that are not databases, events or blobs."""
        for path in plain_files(self._root):
            if not path.is_relative_to(self.site.home.blobs):
                self._keep(copy_file(path, self._place(path), self._name(path)))

    def records(self) -> Records:
        """The databases, records last among them; PostgreSQL by its own dump."""
        own = self.site.home.records
        for path in [path for path in databases(self._root) if path != own]:
            self._keep(copy_database(path, self._place(path), self._name(path)))
        url = self.site.settings.records.url
        if url:
            counted = dump(url, self.target / RECORDS_DUMP)
            self._keep(item_of(self.target / RECORDS_DUMP, RECORDS_DUMP))
            return counted
        self._keep(copy_database(own, self._place(own), self._name(own)))
        with readable(self._place(own)) as copy, copy.engine.connect() as connection:
            return count_records(connection)

    def events(self) -> tuple[Day, ...]:
        """The manifest as of now, and every segment it names; read again where keeper merged some meanwhile."""
        events = self.site.home.events
        source = events / "manifest.db"
        if self.site.settings.store.opensearch or not is_database(source):
            return ()
        copied: dict[str, Item] = {}
        for _ in range(_LOOKS):
            item = copy_database(source, self._place(source), self._name(source))
            live = self._live()
            if all(self._segment(segment, copied) for segment in live):
                wanted = {self._name(events / segment.path) for segment in live}
                self._settle(copied, wanted | {_sidecar(name) for name in wanted})
                self._keep(item)
                return count_days(live)
        raise AppError(ErrorKind.CONFLICT, "yaodun.backup.restless", place=str(source))

    def _live(self) -> list[Segment]:
        manifest = Manifest(self._place(self.site.home.events / "manifest.db"), read_only=True)
        try:
            return manifest.live()
        finally:
            manifest.close()

    def _segment(self, segment: Segment, copied: dict[str, Item]) -> bool:
        """Copy one segment and its sidecar; False where it was merged or dropped meanwhile."""
        path = self.site.home.events / segment.path
        name = self._name(path)
        if name in copied:
            return True
        item = self._linked(name, segment.sha256) or copy_file(path, self._place(path), name)
        if item is None:
            return False
        if item.sha256 != segment.sha256:
            raise AppError(ErrorKind.INTERNAL, "yaodun.backup.altered", place=str(path))
        copied[name] = item
        self._told(item)
        beside = copy_file(path.with_suffix(SIDECAR), self._place(path.with_suffix(SIDECAR)), _sidecar(name))
        if beside is not None:
            copied[beside.path] = beside
        return True

    def _linked(self, name: str, sha256: str) -> Item | None:
        """The file of the earlier backup, where it has the very content."""
        if self.since is None or not (old := self.since / name).is_file():
            return None
        item = item_of(old, name)
        return item if item.sha256 == sha256 and link_file(old, self.target / name) else None

    def _settle(self, copied: dict[str, Item], wanted: set[str]) -> None:
        for name, item in copied.items():
            if name in wanted:
                self.items.append(item)
            else:
                (self.target / name).unlink(missing_ok=True)

    def blobs(self) -> None:
        """Content by its own hash."""
        for path in sorted(self.site.home.blobs.glob("??/??/*")):
            name = self._name(path)
            self._keep(self._linked(name, path.name) or copy_file(path, self._place(path), name))

    def _keep(self, item: Item | None) -> None:
        if item is not None:
            self.items.append(item)
            self._told(item)

    def _told(self, item: Item) -> None:
        self.done += item.size
        self.tell(self.done)

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._root))

    def _place(self, path: Path) -> Path:
        return self.target / path.relative_to(self._root)


def _sidecar(name: str) -> str:
    return str(Path(name).with_suffix(SIDECAR))


def sync_tree(root: Path) -> None:
    """Make every name below ``root`` durable."""
    for folder in _folders(root):
        sync_folder(folder)


def _folders(root: Path) -> Iterator[Path]:
    for base, _, _ in os.walk(root, topdown=False):
        yield Path(base)


def size_of(site: Site) -> int:
    """About how many bytes a backup takes, for the progress shown."""
    total = 0
    for base, _, files in os.walk(site.home.root):
        for name in files:
            with suppress(OSError):
                total += Path(base, name).stat().st_size
    return total
