"""Reading the ledger: heads, leaves, proofs, and its examination where it lies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from infra.ledger.entry import NumberedEntry, read_leaf
from infra.ledger.examine import Report
from infra.ledger.kept import examine_kept
from infra.ledger.rows import HeadRow, LeafRow
from infra.ledger.trunk import HashName, head_of, tree_of
from infra.records import Records


class Head(msgspec.Struct, frozen=True):
    """The tree after ``size`` leaves; hashes in hexadecimal."""

    size: int
    time: datetime
    sha256: str
    sm3: str | None


class Leaf(msgspec.Struct, frozen=True):
    """A leaf with its exact bytes."""

    number: int
    body: bytes
    entry: NumberedEntry
    sha256: str


class Ledger:
    """The ledger of one records database, for reading."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def head(self) -> Head | None:
        """The newest head; None while nothing was placed yet."""
        row = self._records.read(head_of)
        return _head(row) if row else None

    def heads(self, after: int = 0, limit: int = 1000) -> list[Head]:
        """Heads of more than ``after`` leaves, oldest first."""
        query = select(HeadRow).where(HeadRow.size > after).order_by(HeadRow.size).limit(limit)
        return [_head(row) for row in self._records.read(lambda session: session.scalars(query).all())]

    def root(self, size: int) -> str:
        """The SHA-256 root of the tree as it was with ``size`` leaves, from the kept nodes."""
        self._within(size, size)
        return self._records.read(lambda session: tree_of(session, "sha256", size).root()).hex()

    def leaf(self, number: int) -> Leaf:
        """One leaf; ``AppError(NOT_FOUND)`` beyond the end."""
        row = self._records.read(lambda session: session.get(LeafRow, number))
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "infra.ledger.no_leaf", place="leaf", leaf=number)
        return leaf_of(row)

    def place(self, entry: str) -> int | None:
        """The leaf number of the entry with that id; None while it waits in the outbox (or never was)."""
        query = select(LeafRow.leaf).where(LeafRow.entry == entry)
        return self._records.read(lambda session: session.scalar(query))

    def inclusion(self, number: int, size: int, name: HashName = "sha256") -> list[str]:
        """Audit path of a leaf in the tree of ``size`` leaves, hexadecimal, from the leaf upwards."""
        self._within(number + 1, size)
        return self._proof(lambda session: tree_of(session, name, size).inclusion(number))

    def consistency(self, old: int, size: int, name: HashName = "sha256") -> list[str]:
        """Proof that the tree of ``old`` leaves is the beginning of that of ``size``."""
        self._within(old, size)
        return self._proof(lambda session: tree_of(session, name, size).consistency(old))

    def verify(self, witnessed: Mapping[int, bytes] | None = None) -> Report:
        """Read everything and say what was altered and where; ``witnessed`` are roots by size kept elsewhere."""
        return self._records.read(lambda session: examine_kept(session, witnessed))

    def _within(self, first: int, size: int) -> None:
        head = self.head()
        if not 0 < first <= size <= (head.size if head else 0):
            raise AppError(ErrorKind.INVALID, "infra.ledger.no_such_tree", place="size", first=first, size=size)

    def _proof(self, work: Callable[[Session], list[bytes]]) -> list[str]:
        return [node.hex() for node in self._records.read(work)]


def leaf_of(row: LeafRow) -> Leaf:
    """The leaf of a row."""
    return Leaf(row.leaf, row.body, read_leaf(row.body), row.sha256.hex())


def _head(row: HeadRow) -> Head:
    return Head(row.size, row.time, row.sha256.hex(), row.sm3.hex() if row.sm3 else None)
