"""The book of refusals: records a receiver did not take, per source and reason, kept across restarts in one small
file.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec

from infra.durable import replace_file

_decode = msgspec.json.Decoder(dict[str, dict[str, int]]).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


class RefusalBook:
    """Implements ``Refusals``. ``flush`` makes the counts durable; services call it every second and when they stop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._counts: dict[str, dict[str, int]] = read_refusals(path)
        self._dirty = False

    def refuse(self, source: str, records: int, reason: str) -> None:
        """Count ``records`` of ``source`` as refused for ``reason`` (a stable code, never text of the sender)."""
        with self._lock:
            reasons = self._counts.setdefault(source, {})
            reasons[reason] = reasons.get(reason, 0) + records
            self._dirty = True

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Refused records by source and reason."""
        with self._lock:
            return {source: dict(reasons) for source, reasons in self._counts.items()}

    def flush(self) -> None:
        """Write the book where it changed: a new file, fsynced, renamed over the old one."""
        with self._lock:
            if not self._dirty:
                return
            data, self._dirty = _encode(self._counts), False
        replace_file(self._path, data)


def read_refusals(path: Path) -> dict[str, dict[str, int]]:
    """The book of another process; {} where nothing was ever refused."""
    try:
        return _decode(path.read_bytes())
    except FileNotFoundError:
        return {}
