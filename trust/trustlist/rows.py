"""Where published versions of the trust list are kept: in records, never changed once written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import BIG, Record


class ListRow(Record):
    """One published version: its number, when it was published, the signed document and its hash."""

    __tablename__ = "trust_lists"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    published: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    document: Mapped[bytes] = mapped_column(LargeBinary)


class StatusRow(Record):
    """A revocation list the site knows, its signature checked when it was taken. ``issuer`` is the SHA-256 of the
    issuer's name, ``scope`` of everything that says which list it is; ``current`` marks the newest of each scope."""

    __tablename__ = "trust_status_lists"
    __table_args__ = (Index("ix_trust_status_lists_issuer", "issuer", "current"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    issuer: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str] = mapped_column(String(64))
    label: Mapped[str]
    number: Mapped[str | None] = mapped_column(String(42))
    delta: Mapped[bool]
    this_update: Mapped[datetime]
    next_update: Mapped[datetime | None]
    entries: Mapped[int] = mapped_column(BIG)
    taken: Mapped[datetime]
    source: Mapped[str]
    current: Mapped[bool]
    der: Mapped[bytes] = mapped_column(LargeBinary)


class DraftRow(Record):
    """The next version of the list on its way to enough signatures. ``state``: open, published or dropped."""

    __tablename__ = "trust_list_drafts"

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BIG)
    created: Mapped[datetime]
    author: Mapped[str]
    state: Mapped[str]
    document: Mapped[bytes] = mapped_column(LargeBinary)
