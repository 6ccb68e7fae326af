"""Reading the kept tree out of the records database."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from infra.ledger.rows import HeadRow, LeafRow, NodeRow
from infra.ledger.tree import STRIDE, Digest, Tree, sha256, sm3

HashName = Literal["sha256", "sm3"]
TILE = 1 << STRIDE
DIGESTS: dict[HashName, Digest] = {"sha256": sha256, "sm3": sm3}


def head_of(session: Session) -> HeadRow | None:
    """The newest tree head; None while the ledger is empty."""
    return session.scalar(select(HeadRow).order_by(HeadRow.size.desc()).limit(1))


def tree_of(session: Session, name: HashName, size: int) -> Tree:
    """The kept tree under one hash, as it was with ``size`` leaves."""

    read = cache(partial(_tile, session, name))

    def reader(level: int, first: int, count: int) -> Sequence[bytes]:
        start = first % TILE
        nodes = read(level, first // TILE)[start : start + count]
        if len(nodes) != count or any(node is None for node in nodes):
            raise AppError(
                ErrorKind.CONFLICT, "infra.ledger.node_missing", place=f"{name}/{level}/{first}", count=count
            )
        return [node for node in nodes if node is not None]

    return Tree(DIGESTS[name], size, reader)


def _tile(session: Session, name: HashName, level: int, number: int) -> Sequence[bytes | None]:
    """The nodes under one kept node of the level above: a proof needs many of one such tile, and reads it once."""
    first = number * TILE
    return _leaves(session, name, first, TILE) if level == 0 else _nodes(session, name, level, first, TILE)


def _leaves(session: Session, name: HashName, first: int, count: int) -> Sequence[bytes | None]:
    column = LeafRow.sha256 if name == "sha256" else LeafRow.sm3
    rows = select(column).where(LeafRow.leaf >= first, LeafRow.leaf < first + count).order_by(LeafRow.leaf)
    return session.scalars(rows).all()


def _nodes(session: Session, name: HashName, level: int, first: int, count: int) -> Sequence[bytes | None]:
    column = NodeRow.sha256 if name == "sha256" else NodeRow.sm3
    rows = (
        select(column)
        .where(NodeRow.level == level, NodeRow.place >= first, NodeRow.place < first + count)
        .order_by(NodeRow.place)
    )
    return session.scalars(rows).all()
