"""Cursors of pages: the sort values of the last row, tied to the order they were made with."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from infra.store.query.tree import Sort


class _Cursor(msgspec.Struct, array_like=True):
    order: str
    values: list[str | int | float | bool | None]
    context: str = ""


def _order(keys: Sequence[Sort]) -> str:
    return ",".join(("-" if key.descending else "+") + key.field for key in keys)


def write_cursor(keys: Sequence[Sort], values: Sequence[Any], context: str = "") -> str:
    """An opaque text for ``values``; ``context`` is an engine's own (a point in time)."""
    data = msgspec.msgpack.encode(_Cursor(_order(keys), list(values), context))
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read_cursor(keys: Sequence[Sort], text: str) -> list[Any]:
    """The values of ``text``; ``AppError(INVALID)`` where it is not a cursor of this order."""
    return _read(keys, text).values


def cursor_context(keys: Sequence[Sort], text: str) -> str:
    """The engine's own part of ``text``."""
    return _read(keys, text).context


def _read(keys: Sequence[Sort], text: str) -> _Cursor:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.msgpack.decode(data, type=_Cursor)
    except (ValueError, msgspec.MsgspecError):
        raise AppError(ErrorKind.INVALID, "infra.query_cursor") from None
    if cursor.order != _order(keys) or len(cursor.values) != len(keys):
        raise AppError(ErrorKind.INVALID, "infra.query_cursor")
    return cursor
