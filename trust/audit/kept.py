"""Checkpoints as they lie in records."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import select

from infra.errors import AppError, ErrorKind
from infra.records import Records
from trust.audit.rows import CheckpointRow


def checkpoint_of(records: Records, size: int | None) -> dict[str, Any]:
    """The signed checkpoint of a size, or the newest; ``AppError(NOT_FOUND)``."""
    query = select(CheckpointRow.document).order_by(CheckpointRow.size.desc()).limit(1)
    if size is not None:
        query = query.where(CheckpointRow.size == size)
    text = records.read(lambda session: session.scalar(query))
    if text is None:
        raise AppError(ErrorKind.NOT_FOUND, "trust.audit.no_checkpoint")
    found: dict[str, Any] = orjson.loads(text)
    return found


def checkpoints(records: Records, limit: int = 50) -> list[dict[str, Any]]:
    """The newest checkpoints, newest first."""
    query = select(CheckpointRow.document).order_by(CheckpointRow.size.desc()).limit(limit)
    return [orjson.loads(text) for text in records.read(lambda session: session.scalars(query).all())]
