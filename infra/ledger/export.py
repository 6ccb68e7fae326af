"""The export of a ledger: one text file that can be examined anywhere, without a database and without keys.

Lines, in this order, heads standing directly behind the last leaf they cover::

    yaodun-ledger/1 {"written": TIME}
    leaf SHA256 BYTES-OF-THE-LEAF
    head {"size": N, "time": TIME, "sha256": HEX, "sm3": HEX or null}
    end {"size": N, "sha256": HEX of all bytes before this line}
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
from sqlalchemy.orm import Session

from infra.clock import Clock, SystemClock, rfc3339
from infra.errors import AppError, ErrorKind
from infra.ledger.examine import Examiner, FindingKind, Report
from infra.ledger.kept import as_bytes, heads_in_order, leaves_in_order, moment_text
from infra.records import Records

MAGIC = b"yaodun-ledger/1 "
MAX_LINE = 256 * 1024


class _HeadLine(msgspec.Struct):
    size: int
    time: str
    sha256: str
    sm3: str | None = None


class _EndLine(msgspec.Struct):
    size: int
    sha256: str


class _Hashed:
    """Writes through to a file and hashes what it writes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        self._file.write(data)


def export(records: Records, path: Path, clock: Clock | None = None) -> int:
    """Write the whole ledger to ``path`` (complete or not at all); how many leaves it holds."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        count = records.read(lambda session: _write(session, _Hashed(file), (clock or SystemClock()).now()))
    part.replace(path)
    return count


def _write(session: Session, file: _Hashed, now: datetime) -> int:
    file.write(MAGIC + msgspec.json.encode({"written": rfc3339(now)}) + b"\n")
    heads = heads_in_order(session)
    head = next(heads, None)
    count = 0
    for row in leaves_in_order(session):
        file.write(b"leaf %s %s\n" % (as_bytes(row.sha256).hex().encode(), as_bytes(row.body)))
        count += 1
        while head is not None and head.size <= count:
            line = _HeadLine(
                head.size,
                moment_text(head.time),
                as_bytes(head.sha256).hex(),
                as_bytes(head.sm3).hex() if head.sm3 else None,
            )
            file.write(b"head " + msgspec.json.encode(line) + b"\n")
            head = next(heads, None)
    file.write(b"end " + msgspec.json.encode(_EndLine(count, file.digest.hexdigest())) + b"\n")
    return count


def examine_export(path: Path, witnessed: Mapping[int, bytes] | None = None) -> Report:
    """What was altered in an exported ledger and where; ``AppError(INVALID)`` where it is no such file at all."""
    examiner = Examiner(witnessed)
    with path.open("rb") as file:
        first = file.readline(MAX_LINE)
        if not first.startswith(MAGIC):
            raise AppError(ErrorKind.INVALID, "infra.ledger.no_export", place=f"{path}:1")
        end = _read(examiner, _lines(file), hashlib.sha256(first))
        examiner.end(end.size if end else None)
    return examiner.report()


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE):
        yield line


def _read(examiner: Examiner, lines: Iterator[bytes], digest: hashlib._Hash) -> _EndLine | None:
    """Feed the lines; the end line, None without a sound one."""
    end: _EndLine | None = None
    for number, line in enumerate(lines, start=2):
        if end is not None:
            examiner.find(FindingKind.INSERTED, examiner.size, what=f"line {number}: behind the end")
            break
        try:
            end = _take(examiner, line)
        except (ValueError, msgspec.DecodeError):
            examiner.find(FindingKind.MALFORMED, examiner.size, what=f"line {number}")
        if end is None:
            digest.update(line)
    if end is not None:
        _compare_end(examiner, end, digest.hexdigest())
    return end


def _compare_end(examiner: Examiner, end: _EndLine, digest: str) -> None:
    if end.size < examiner.size:
        examiner.find(FindingKind.INSERTED, end.size, examiner.size - 1, "more leaves than the end states")
    if examiner.covered != examiner.size:
        examiner.find(FindingKind.HEAD, examiner.covered, examiner.size - 1, "no head covers the end")
    if end.sha256 != digest:
        examiner.find(FindingKind.FILE, 0, max(examiner.size - 1, 0))


def _take(examiner: Examiner, line: bytes) -> _EndLine | None:
    kind, _, rest = line.removesuffix(b"\n").partition(b" ")
    if kind == b"leaf":
        claimed, _, body = rest.partition(b" ")
        examiner.leaf(body, bytes.fromhex(claimed.decode("ascii")))
        return None
    if kind == b"head":
        head = msgspec.json.decode(rest, type=_HeadLine)
        examiner.head(head.size, bytes.fromhex(head.sha256), bytes.fromhex(head.sm3) if head.sm3 else None)
        return None
    if kind == b"end" and line.endswith(b"\n"):
        return msgspec.json.decode(rest, type=_EndLine)
    raise ValueError(kind)
