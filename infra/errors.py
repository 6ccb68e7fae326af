"""The one error type of the product; it is turned into text only at the edges (API, page, terminal)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class ErrorKind(StrEnum):
    """What sort of failure it is; the API maps each kind to one HTTP status."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    ENVIRONMENT = "environment"
    INTERNAL = "internal"


HTTP_STATUS: dict[ErrorKind, int] = {
    ErrorKind.INVALID: 400,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.RATE_LIMITED: 429,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.ENVIRONMENT: 500,
    ErrorKind.INTERNAL: 500,
}


class AppError(Exception):
    """A failure a person can act on.

    ``message_key`` names a text of the catalogues (``infra.text``); ``detail`` fills its places and must hold
    no secret. By convention ``place`` in ``detail`` says where: ``path:line:col`` or a field name.
    """

    def __init__(self, kind: ErrorKind, message_key: str, **detail: Any) -> None:
        super().__init__(message_key)
        self.kind = kind
        self.message_key = message_key
        self.detail = detail

    @property
    def status(self) -> int:
        """HTTP status of the kind."""
        return HTTP_STATUS[self.kind]

    def __str__(self) -> str:
        from infra.text import say

        return say(self.message_key, **self.detail)
