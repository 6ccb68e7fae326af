"""From the columns of a file to numbers and back: numeric columns as they are, words by how rare they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.anomaly.detector import Floats

_NUMERIC_SHARE = 0.9
_MOST_WORDS = 10_000
_ID_SHARE = 0.5
_FEWEST_IDS = 20
MISSING = frozenset(("na", "n/a", "nan", "null", "none", "nil", "-", "--", "?", "无", "空", "缺失"))
"""Words for a missing value in a column of numbers."""
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Column:
    """``rarity`` is None for a numeric column; else the surprise of each known word, ``unknown`` of any other."""

    name: str
    rarity: dict[str, float] | None
    usual_word: str
    unknown: float

    @classmethod
    def fit(cls, name: str, cells: Sequence[str]) -> Column:
        """Numeric where nine of ten filled cells are numbers. Words of which most occur once (ids, moments) say nothing
        of other rows: they count for nothing."""
        filled = [cell for cell in cells if cell]
        told = [cell for cell in filled if cell.casefold() not in MISSING]
        if sum(not np.isnan(number(cell)) for cell in told) >= _NUMERIC_SHARE * len(told):
            return cls(name, None, "", 0.0)
        counts = Counter(filled)
        if len(filled) >= _FEWEST_IDS and len(counts) > _ID_SHARE * len(filled):
            return cls(name, {}, counts.most_common(1)[0][0], 0.0)
        total = len(filled) + 1
        rarity = {word: -float(np.log(count / total)) for word, count in counts.most_common(_MOST_WORDS)}
        return cls(name, rarity, counts.most_common(1)[0][0], float(np.log(2 * total)))

    def encode(self, cells: Sequence[str]) -> Floats:
        """The column as numbers; an empty cell, or one that is no number in a numeric column, is NaN."""
        if self.rarity is None:
            return np.array([number(cell) for cell in cells])
        return np.array([self.rarity.get(cell, self.unknown) if cell else np.nan for cell in cells])

    def shown(self, cell: str) -> float | str | None:
        """The cell as a reader expects it."""
        if not cell:
            return None
        value = number(cell)
        return cell if self.rarity is not None or np.isnan(value) else value


def number(cell: str) -> float:
    """The number a cell holds (``1,234.5`` and ``12%`` too), NaN where it holds none."""
    try:
        return float(cell)
    except ValueError:
        if cell.endswith("%") and not cell.endswith("%%"):
            return number(cell[:-1]) / 100
        return float(cell.replace(",", "")) if _GROUPED.fullmatch(cell) else float("nan")


def encode(columns: Sequence[Column], table: Sequence[Sequence[str]]) -> Floats:
    """The matrix of a table given column by column."""
    return np.column_stack([column.encode(cells) for column, cells in zip(columns, table, strict=True)])
