"""What a request brings to be registered: decoded into its shape, what is wrong named by its field."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec
from fastapi import Request

from infra.errors import AppError, ErrorKind


class _Named(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T")
N = TypeVar("N", bound=_Named)


async def decoded(request: Request, kind: type[T]) -> T:
    """The body as ``kind``; ``AppError(INVALID)`` names the field."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problem, _, where = str(error).partition(" - at `$.")
        place = where.rstrip("`") or "body"
        raise AppError(ErrorKind.INVALID, "infra.register.field_wrong", place=place, problem=problem[:200]) from None


async def noun(request: Request, item: str, kind: type[N]) -> N:
    """The body as the noun of the id ``item`` in the address."""
    found = await decoded(request, kind)
    if found.id != item:
        raise AppError(
            ErrorKind.INVALID, "infra.register.id_differs", place="id", wanted=item[:64], given=found.id[:64]
        )
    return found
