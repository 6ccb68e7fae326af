"""Reading log lines from a file or standard input, each bounded in length, whatever bytes they hold."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from infra.errors import AppError, ErrorKind

MOST_BYTES = 1 << 20


def read_lines(path: Path) -> Iterator[str]:
    """Lines without their end, bad bytes replaced; a line longer than ``MOST_BYTES`` is cut there; ``-`` is stdin."""
    try:
        if str(path) == "-":
            yield from _lines(sys.stdin.buffer)
        else:
            with path.open("rb") as stream:
                yield from _lines(stream)
    except OSError as error:
        problem = error.strerror or str(error)
        raise AppError(ErrorKind.INVALID, "analytics.templates.unreadable", place=str(path), problem=problem) from None


def _lines(stream: object) -> Iterator[str]:
    read = stream.readline  # type: ignore[attr-defined]
    while line := read(MOST_BYTES):
        kept = line
        while not line.endswith(b"\n") and (line := read(MOST_BYTES)):
            pass
        yield _text(kept.rstrip(b"\r\n"))


def _text(line: bytes) -> str:
    """UTF-8, else GB 18030 (older devices write it), else UTF-8 with its bad bytes replaced."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("utf-8", errors="replace")
