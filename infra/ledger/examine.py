"""Examining a ledger: reads every leaf in order and says what was altered and where.

Found: a leaf changed, deleted, inserted or put elsewhere; the end cut off; a head or a witness's head that the leaves
do not lead to. A ledger that was rewritten whole, heads and all, is found only by heads kept elsewhere (``witnessed``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from infra.ledger.entry import leaf_number
from infra.ledger.tree import SM3_PRESENT, Frontier, leaf_hash, sha256, sm3

MAX_FINDINGS = 1000
Node = tuple[int, int, bytes]
"""An inner node: level, place, SHA-256."""


class FindingKind(StrEnum):
    """What was found."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    HEAD = "head"
    WITNESS = "witness"
    COLUMN = "column"
    NODE = "node"
    MALFORMED = "malformed"
    FILE = "file"


class Finding(msgspec.Struct, frozen=True):
    """One alteration. ``first`` and ``last`` are the leaves it lies in; ``what`` is the column, line or value."""

    kind: FindingKind
    first: int
    last: int
    what: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome: clean only if nothing was found and something was read to its end."""

    leaves: int
    sha256: str
    sm3: str | None
    heads: int
    witnesses: int
    findings: tuple[Finding, ...]
    more: bool = False

    @property
    def clean(self) -> bool:
        """Nothing was found."""
        return not self.findings


class Examiner:
    """Takes leaves and heads in order of place; ``report`` ends it. Memory does not grow with the ledger."""

    def __init__(self, witnessed: Mapping[int, bytes] | None = None) -> None:
        self._sha256 = Frontier(sha256)
        self._sm3 = Frontier(sm3) if SM3_PRESENT else None
        self._findings: list[Finding] = []
        self._more = False
        self._expected = 0
        self._gone: set[int] = set()
        self._good = 0
        self._heads = 0
        self._broken = False
        self._witnessed = dict(witnessed or {})
        self._met = 0

    @property
    def size(self) -> int:
        """Leaves read so far."""
        return self._sha256.size

    @property
    def covered(self) -> int:
        """Leaves that the last head that fits covers."""
        return self._good

    def find(self, kind: FindingKind, first: int, last: int | None = None, what: str = "") -> None:
        """Note a finding."""
        if len(self._findings) < MAX_FINDINGS:
            self._findings.append(Finding(kind, first, first if last is None else last, what))
        else:
            self._more = True

    def leaf(self, body: bytes, claimed: bytes | None, claimed_sm3: bytes | None = None) -> Sequence[Node]:
        """Take one leaf; ``claimed`` are the leaf hashes kept beside it. The kept inner nodes that it completes."""
        place = self.size
        self._place(leaf_number(body), place)
        first = leaf_hash(sha256, body)
        nodes = self._sha256.append(first)
        same = claimed in (None, first)
        if self._sm3 is not None:
            second = leaf_hash(sm3, body)
            self._sm3.append(second)
            same = same and claimed_sm3 in (None, second)
        if not same:
            self.find(FindingKind.CHANGED, place)
        if self._witnessed:
            self._witness()
        return nodes

    def head(self, size: int, first: bytes, second: bytes | None) -> None:
        """Take a head that was kept for the leaves read so far."""
        if size != self.size:
            self._broken = True
            self.find(FindingKind.HEAD, min(size, self.size), max(size, self.size), f"size {size}")
            return
        same = self._sha256.root() == first and (second is None or self._sm3 is None or self._sm3.root() == second)
        if same:
            self._good, self._heads = size, self._heads + 1
        elif not self._broken:
            self._broken = True
            self.find(FindingKind.HEAD, self._good, max(size - 1, 0), f"size {size}")

    def end(self, size: int | None) -> None:
        """Nothing more follows; ``size`` is how many leaves there should be (None: the file does not say)."""
        if size is None or self._expected < size:
            self.find(FindingKind.TRUNCATED, self._expected, max((size or 0) - 1, self._expected))
        for place in sorted(self._gone):
            self.find(FindingKind.MISSING, place)
        for seen in sorted(self._witnessed):
            self.find(FindingKind.TRUNCATED, self._expected, seen - 1, "witness")

    def report(self) -> Report:
        """What was read and found."""
        return Report(
            leaves=self.size,
            sha256=self._sha256.root().hex(),
            sm3=self._sm3.root().hex() if self._sm3 else None,
            heads=self._heads,
            witnesses=self._met,
            findings=tuple(self._findings),
            more=self._more,
        )

    def _place(self, number: int | None, place: int) -> None:
        """Compare the place a leaf names with the one it has, remembering what was skipped."""
        if number is None:
            self.find(FindingKind.INSERTED, place, what="no number")
        elif number == self._expected:
            self._expected += 1
        elif number > self._expected:
            self._skip(number)
        elif number in self._gone:
            self._gone.discard(number)
            self.find(FindingKind.REORDERED, number, place)
        else:
            self.find(FindingKind.INSERTED, place, what=f"number {number}")

    def _skip(self, number: int) -> None:
        missing = range(self._expected, number)
        if len(missing) + len(self._gone) <= MAX_FINDINGS:
            self._gone.update(missing)
        else:
            self.find(FindingKind.MISSING, missing[0], missing[-1])
        self._expected = number + 1

    def _witness(self) -> None:
        root = self._witnessed.pop(self.size, None)
        if root is None:
            return
        if root == self._sha256.root():
            self._met += 1
        else:
            self.find(FindingKind.WITNESS, 0, self.size - 1)
