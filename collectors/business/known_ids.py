"""Which ids a delivery has named before, in memory that grows by eight bytes an id however long they are.

Ids are known by 64 bits of their hash (SipHash with a key of this process): among ten million, two of them are taken
for one with a chance of three in a million.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RECENT = 1 << 16


class KnownIds:
    """A set of the newest ids, and sorted columns of the older ones; a column joins those that are no longer."""

    def __init__(self, recent: int = RECENT) -> None:
        self._most = recent
        self._recent: set[int] = set()
        self._older: list[NDArray[np.int64]] = []

    def repeated(self, ids: Sequence[str]) -> int:
        """How many of ``ids`` were named before, here or earlier in them; all of them are known afterwards."""
        fresh = {hash(each) for each in ids} - self._recent
        if self._older and fresh:
            fresh = self._not_older(fresh)
        self._recent |= fresh
        if len(self._recent) >= self._most:
            self._put_by()
        return len(ids) - len(fresh)

    def _not_older(self, wanted: set[int]) -> set[int]:
        import numpy as np

        left = np.fromiter(wanted, dtype=np.int64, count=len(wanted))
        for column in self._older:
            place = np.minimum(np.searchsorted(column, left), len(column) - 1)
            left = left[column[place] != left]
        return set(left.tolist())

    def _put_by(self) -> None:
        import numpy as np

        made = np.sort(np.fromiter(self._recent, dtype=np.int64, count=len(self._recent)))
        while self._older and len(self._older[-1]) <= len(made):
            made = np.sort(np.concatenate([self._older.pop(), made]), kind="stable")
        self._older.append(made)
        self._recent = set()
