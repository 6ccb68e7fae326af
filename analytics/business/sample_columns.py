"""Rows of a sample as columns: how many are empty, which numbers, texts and lengths the others have.

A picture of many blocks is put together from the pictures of each, so that no row is looked at twice.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Rows = Sequence[dict[str, Any]]
Floats = NDArray[np.float64]
_NUMBERS = frozenset({int, float})
_DATE = re.compile(r"\d{4}[-/年]?\d{1,2}[-/月]?\d{1,2}")


class SampleColumn:
    """One column: its ``count`` values that are not empty; ``numbers`` (sorted) where all are, else ``texts``, counted
    where they are few, and their ``lengths`` (sorted)."""

    FEW: ClassVar[int] = 30
    __slots__ = ("_parts", "_present", "_steps", "count", "lengths", "numbers", "plain", "texts")

    def __init__(
        self, present: list[Any] | Sequence[SampleColumn], count: int, numbers: Floats | None,
        texts: Counter[str] | None, lengths: Floats, *, plain: bool, parted: bool = False,
    ) -> None:  # fmt: skip
        """``present`` are the values, or, ``parted``, the columns that hold them."""
        self._parts: Sequence[SampleColumn] = present if parted else ()
        self._present: list[Any] | None = None if parted else list(present)
        self._steps: tuple[Floats, Floats, Floats] | None = None
        self.count, self.numbers, self.texts, self.lengths, self.plain = count, numbers, texts, lengths, plain

    @property
    def present(self) -> list[Any]:
        """The values; those of a column put together are gathered when somebody asks."""
        if self._present is None:
            self._present = [value for part in self._parts for value in part.present]
            self._parts = ()
        return self._present

    @classmethod
    def of(cls, present: list[Any]) -> SampleColumn:
        """``present`` without nulls and empty texts; ``plain`` where every value came as text."""
        types = set(map(type, present))
        if types <= _NUMBERS:
            numbers = np.sort(np.array(present, dtype=float))
            return cls(present, len(present), numbers, Counter(), np.zeros(0), plain=False)
        plain = types == {str}
        texts = present if plain else [str(value) for value in present]
        lengths = np.sort(np.fromiter(map(len, texts), dtype=float, count=len(texts)))
        return cls(present, len(present), None, Counter(texts), lengths, plain=plain)

    @classmethod
    def together(cls, parts: Sequence[SampleColumn]) -> SampleColumn:
        """One of several."""
        full = [part for part in parts if part.count]
        if len(full) < 2:
            return full[0] if full else NOTHING
        numeric = {part.numbers is not None for part in full}
        if len(numeric) == 2:
            return cls.of([value for part in full for value in part.present])
        count = sum(part.count for part in full)
        if numeric == {True}:
            numbers = np.sort(np.concatenate([part.numbers for part in full if part.numbers is not None]))
            return cls(full, count, numbers, Counter(), np.zeros(0), plain=False, parted=True)
        lengths = np.sort(np.concatenate([part.lengths for part in full]))
        return cls(full, count, None, _few(full), lengths, plain=all(part.plain for part in full), parted=True)

    def steps(self) -> tuple[Floats, Floats, Floats]:
        """Sorted numbers (else lengths), and what share lies at or below each, and below each."""
        if self._steps is None:
            values = self.lengths if self.numbers is None else self.numbers
            up_to = np.searchsorted(values, values, side="right") / len(values)
            self._steps = values, up_to, np.searchsorted(values, values, side="left") / len(values)
        return self._steps

    def counted(self) -> Counter[str]:
        """How often each text comes, few or not."""
        return Counter(map(str, self.present)) if self.texts is None else self.texts

    def categorical(self) -> bool:
        """Whether few values come again and again."""
        return self.texts is not None and len(self.texts) <= min(self.FEW, self.count // 8)

    def dated(self) -> bool:
        """Dates and times run on; that they do is no drift. A few dozen of the texts tell."""
        if self.numbers is not None:
            return False
        if self.texts is not None and len(self.texts) <= self.FEW:
            return sum(many for text, many in self.texts.items() if _DATE.match(text)) > 0.9 * self.count
        some = self.present[:: max(1, self.count // 50)]
        return sum(bool(_DATE.match(str(value))) for value in some) > 0.9 * len(some)


def _few(parts: Sequence[SampleColumn]) -> Counter[str] | None:
    """The texts of all, counted; None once they are too many to be categories."""
    texts: dict[str, int] = {}
    for part in parts:
        if part.texts is None or len(part.texts) > SampleColumn.FEW:
            return None
        for text, many in part.texts.items():
            texts[text] = texts.get(text, 0) + many
        if len(texts) > SampleColumn.FEW:
            return None
    return Counter(texts)


NOTHING = SampleColumn([], 0, np.zeros(0), Counter(), np.zeros(0), plain=False)


@dataclass(frozen=True, slots=True)
class Picture:
    """Columns by name of so many ``rows``."""

    rows: int
    columns: dict[str, SampleColumn]

    @classmethod
    def of(cls, rows: Rows) -> Picture:
        """Of some rows."""
        names: dict[str, None] = {}
        for row in rows:
            names.update(dict.fromkeys(row))
        return cls(len(rows), {name: SampleColumn.of(_present(rows, name)) for name in names})

    @classmethod
    def together(cls, parts: Sequence[Picture]) -> Picture:
        """One of several."""
        names = dict.fromkeys(name for part in parts for name in part.columns)
        return cls(
            sum(part.rows for part in parts),
            {name: SampleColumn.together([p.columns[name] for p in parts if name in p.columns]) for name in names},
        )

    def column(self, name: str) -> SampleColumn:
        """The column; an empty one for a name no row has."""
        return self.columns.get(name, NOTHING)


def _present(rows: Rows, name: str) -> list[Any]:
    return [value for row in rows if (value := row.get(name)) is not None and value != ""]


class Past:
    """What a feed delivered so far: the newest blocks of about ``MOST`` rows. The picture of them is drawn again once
    a tenth of it is new, not with every block."""

    MOST = 3000

    def __init__(self) -> None:
        self._parts: deque[Picture] = deque()
        self._rows = self._new = 0
        self._fresh: list[Picture] = []
        self._whole = True
        self._picture = Picture(0, {})
        self._dated: dict[str, bool] = {}

    def add(self, part: Picture) -> None:
        """A block that was as it should be."""
        self._parts.append(part)
        self._fresh.append(part)
        self._rows += part.rows
        self._new += part.rows
        while self._rows - self._parts[0].rows >= self.MOST:
            self._rows -= self._parts.popleft().rows
            self._whole = False

    def picture(self) -> Picture:
        """Of all kept blocks: the picture before with what is new, where no block was given up meanwhile."""
        if not self._picture.columns or self._new * 10 >= self._rows:
            parts = [self._picture, *self._fresh] if self._whole and self._picture.columns else list(self._parts)
            self._picture = Picture.together(parts)
            self._fresh, self._new, self._whole, self._dated = [], 0, True, {}
        return self._picture

    def dated(self, name: str) -> bool:
        """Whether the column of the last picture holds dates."""
        if name not in self._dated:
            self._dated[name] = self._picture.column(name).dated()
        return self._dated[name]
