"""Secrets of pollers are named, never written into the configuration: ``file:PATH`` or ``env:NAME``."""

from __future__ import annotations

import os
from pathlib import Path

from infra.errors import AppError, ErrorKind

MAX_BYTES = 64 << 10


class Secret:
    """A secret that shows itself nowhere; ``reveal`` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(...)"


def secret_of(reference: str) -> Secret:
    """What ``reference`` names, read now; '' is no secret. ``AppError(INVALID)`` where it names nothing readable."""
    if not reference:
        return Secret("")
    kind, separator, rest = reference.partition(":")
    if separator and kind == "file":
        return Secret(_read(Path(rest)))
    if separator and kind == "env" and rest in os.environ:
        return Secret(os.environ[rest])
    shown = rest if separator and kind == "env" else "..."
    raise AppError(ErrorKind.INVALID, "collectors.secret_unknown", place=shown[:64])


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise AppError(ErrorKind.INVALID, "collectors.secret_unknown", place=str(path)) from None
