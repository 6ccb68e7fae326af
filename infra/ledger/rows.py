"""The tables of the ledger: the outbox, the leaves, kept inner nodes, and the tree heads."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from infra.records.base import BIG, Record


class OutboxRow(Record):
    """An entry written in the transaction of its change, waiting for its place in the tree."""

    __tablename__ = "infra_ledger_outbox"

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=True)
    entry: Mapped[str] = mapped_column(unique=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class LeafRow(Record):
    """A leaf: its bytes are what counts; the other columns repeat them for search and are verified against them."""

    __tablename__ = "infra_ledger_leaves"
    __table_args__ = (
        Index("ix_infra_ledger_leaves_actor", "actor", "leaf"),
        Index("ix_infra_ledger_leaves_action", "action", "leaf"),
        Index("ix_infra_ledger_leaves_thing", "thing", "leaf"),
        Index("ix_infra_ledger_leaves_time", "time", "leaf"),
    )

    leaf: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    entry: Mapped[str] = mapped_column(unique=True)
    time: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    thing: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    sm3: Mapped[bytes | None] = mapped_column(LargeBinary)


class NodeRow(Record):
    """An inner node over 256, 65,536, ... leaves, kept so that a proof reads hundreds of rows, not all of them."""

    __tablename__ = "infra_ledger_nodes"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    sm3: Mapped[bytes | None] = mapped_column(LargeBinary)


class HeadRow(Record):
    """The tree head after ``size`` leaves; one for each turn of the sequencer."""

    __tablename__ = "infra_ledger_heads"

    size: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    time: Mapped[datetime]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    sm3: Mapped[bytes | None] = mapped_column(LargeBinary)
