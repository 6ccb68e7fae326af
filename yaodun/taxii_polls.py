"""What is kept of asking TAXII collections: when each answered last, what went wrong; and how they are asked."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from infra.home import Home

MOST_BYTES = 16 << 10


class Poll(msgspec.Struct, frozen=True):
    """The last time a collection answered: when it was asked, what the server had added last, when it last told
    everything; and what went wrong since."""

    asked: datetime | None = None
    after: str = ""
    problem: str = ""
    full: datetime | None = None


def polls_of(home: Home) -> dict[str, Poll]:
    """The last poll of each collection."""
    try:
        return msgspec.json.decode(_path(home).read_bytes(), type=dict[str, Poll])
    except (OSError, msgspec.MsgspecError):
        return {}


def keep_polls(home: Home, polls: dict[str, Poll]) -> None:
    """Keep the polls."""
    replace_file(_path(home), msgspec.json.encode(polls))


def read_authorization(path: str) -> str:
    """The header in a file. ``AppError(INVALID)`` where it cannot be read or is not one line of plain characters."""
    try:
        with Path(path).open("rb") as file:
            said = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error.strerror or type(error).__name__) from None
    line = said.strip()
    if not line or len(said) > MOST_BYTES or not all(0x20 <= byte < 0x7F for byte in line):
        raise AppError(ErrorKind.INVALID, "yaodun.intelligence.authorization_malformed", place=path)
    return line.decode("ascii")


def _unreadable(path: str, problem: str) -> AppError:
    return AppError(ErrorKind.INVALID, "yaodun.intelligence.authorization_unreadable", place=path, problem=problem)


def _path(home: Home) -> Path:
    return home.state / "taxii.json"
