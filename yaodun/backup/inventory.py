"""What a backup holds, with counts and hashes; the last file written, so that a broken backup has none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from infra.durable import replace_file
from infra.errors import AppError, ErrorKind

FORMAT = 1
NAME = "inventory.json"
DATA = "data"
"""The folder beside the inventory that holds the files."""
RECORDS_DUMP = "records.pgdump"


class Item(msgspec.Struct, frozen=True):
    """One file: path below the data folder, bytes, SHA-256."""

    path: str
    size: int
    sha256: str


class Day(msgspec.Struct, frozen=True):
    """Events of one stream and day, and the hash over their segments."""

    stream: str
    day: str
    events: int
    sha256: str


class Records(msgspec.Struct, frozen=True):
    """Rows of every table, and the head of the ledger among them."""

    tables: Mapping[str, int] = {}
    leaves: int = 0
    head_sha256: str = ""

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(self.tables.values())


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """One backup. ``events_in`` says where the events are kept: here, or in a cluster with backups of its own."""

    format: int
    version: str
    made: datetime
    home: str
    events_in: str
    records_in: str
    items: tuple[Item, ...]
    days: tuple[Day, ...]
    records: Records

    @property
    def bytes(self) -> int:
        """Bytes of all files."""
        return sum(item.size for item in self.items)

    @property
    def digest(self) -> str:
        """SHA-256 over paths and hashes of all files: one line to write down elsewhere."""
        lines = "".join(f"{item.path} {item.sha256}\n" for item in self.items)
        return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def write_inventory(folder: Path, inventory: Inventory) -> None:
    """Write it durably, under its own name only when it is whole."""
    replace_file(folder / NAME, msgspec.json.format(msgspec.json.encode(inventory), indent=1))


def read_inventory(folder: Path) -> Inventory:
    """The inventory of the backup in ``folder``; ``AppError`` where there is none or a newer version made it."""
    path = folder / NAME
    try:
        inventory = msgspec.json.decode(path.read_bytes(), type=Inventory)
    except FileNotFoundError:
        raise AppError(ErrorKind.INVALID, "yaodun.backup.none", place=str(folder)) from None
    except msgspec.MsgspecError as error:
        raise AppError(ErrorKind.INVALID, "yaodun.backup.broken", place=str(path), problem=str(error)[:200]) from None
    if inventory.format > FORMAT:
        raise AppError(ErrorKind.ENVIRONMENT, "yaodun.backup.newer", place=str(path), version=inventory.version)
    return inventory
