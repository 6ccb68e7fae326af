"""Keeping heads elsewhere: a file on another disk or host that remembers what the ledger once was.

Whoever rewrites the ledger whole must rewrite every such file too. Each new head is checked to be a continuation of the
last one in the file before it is written.
"""

from __future__ import annotations

import os
from pathlib import Path

from infra.clock import rfc3339
from infra.errors import AppError, ErrorKind
from infra.ledger.reading import Head, Ledger
from infra.ledger.witness import read_head

_TAIL = 64 * 1024


class WitnessFile:
    """Heads in a text file, one a line: ``SIZE SHA256 SM3 TIME``; only ever appended to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self) -> tuple[int, str] | None:
        """Size and SHA-256 root of the last whole line; None while there is none."""
        try:
            with self._path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
                lines = file.read().decode("utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return None
        heads = [head for line in lines if (head := read_head(line.strip())) is not None]
        return (heads[-1][0], heads[-1][1].hex()) if heads else None

    def witness(self, ledger: Ledger) -> Head | None:
        """Write the newest head down; None where nothing is new.

        ``AppError(CONFLICT)`` where the ledger is shorter than the file remembers, or was another one at that size; the
        file is left as it is then.
        """
        head, last = ledger.head(), self.last()
        if last is not None:
            self._compare(ledger, head, *last)
        if head is None or (last is not None and last[0] == head.size):
            return None
        self._append(f"{head.size} {head.sha256} {head.sm3 or '-'} {rfc3339(head.time)}\n")
        return head

    def _compare(self, ledger: Ledger, head: Head | None, size: int, root: str) -> None:
        length = head.size if head else 0
        if length < size:
            raise AppError(
                ErrorKind.CONFLICT, "infra.ledger.witness_longer", place=str(self._path), seen=size, size=length
            )
        if ledger.root(size) != root:
            raise AppError(ErrorKind.CONFLICT, "infra.ledger.witness_differs", place=str(self._path), size=size)

    def _append(self, line: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
