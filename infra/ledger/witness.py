"""Heads kept elsewhere: reading them back, so that a ledger rewritten whole is found."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from infra.errors import AppError, ErrorKind

_PLAIN = re.compile(r"(\d{1,18})[\s:,]+([0-9a-fA-F]{64})")


class _HeadLine(msgspec.Struct):
    size: int
    sha256: str


def read_witnessed(path: Path) -> dict[int, bytes]:
    """Roots by size out of ``path``: lines ``SIZE SHA256`` (as printed or copied by hand), JSON heads, or the head
    lines of an export; other lines are passed over. ``AppError(INVALID)`` where no head is, or two that differ."""
    heads: dict[int, bytes] = {}
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            head = read_head(line.strip())
            if head is None:
                continue
            size, root = head
            if heads.setdefault(size, root) != root:
                raise AppError(ErrorKind.INVALID, "infra.ledger.witness_split", place=f"{path}:{number}", size=size)
    if not heads:
        raise AppError(ErrorKind.INVALID, "infra.ledger.no_witness", place=str(path))
    return heads


def read_head(line: str) -> tuple[int, bytes] | None:
    """Size and root of one line; None where it is no head."""
    if found := _PLAIN.match(line):
        return int(found[1]), bytes.fromhex(found[2])
    start = line.find("{")
    if start not in (0, 5):
        return None
    try:
        head = msgspec.json.decode(line[start:], type=_HeadLine)
        return head.size, bytes.fromhex(head.sha256)
    except (msgspec.DecodeError, ValueError):
        return None
