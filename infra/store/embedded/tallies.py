"""Counts over whole segments, kept: a dashboard asked again reads only what came since, and the edges of its window.

Segments never change, and counts, least, greatest and sum add up. So what a segment says to a question is worked out
once; the answers of all segments of a question are also kept joined. Questions with too many different keys are left
to be read anew each time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from infra.store.embedded.segment import Segment

MOST_KEYS = 1 << 16
"""Of one segment; a question with more of them is not kept."""
MOST_BYTES = 96 << 20
_FEW_KEYS = 1_024
LEAST_ROWS = 50_000
"""Smaller segments are read faster than they are kept, and will be compacted soon."""

Signature = tuple[str, str]
"""The statement over no segment, and its parameters: what is asked, whatever the segments."""
Ask = Callable[[Sequence[Segment], int], dict[str, pa.Table] | None]
"""The answer of each segment by its path; None where they have more than so many rows together."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What is worked out for each key: in rows of events, and in rows of such answers."""

    made: str
    joined: str
    names: str


COUNTED = Measures("count(*) AS n", "sum(n)::BIGINT AS n", "n")
SUMMED = Measures(
    "count(x0) AS c, min(x0) AS low, max(x0) AS high, sum(x0) AS s",
    "sum(c)::BIGINT AS c, min(low) AS low, max(high) AS high, sum(s) AS s",
    "c, low, high, s",
)


class Tallies:
    """A bounded memory of answers. Safe to use from several threads."""

    def __init__(self, least_rows: int = LEAST_ROWS, most_keys: int = MOST_KEYS, most_bytes: int = MOST_BYTES) -> None:
        self.least_rows = least_rows
        self._most_keys, self._most_bytes = most_keys, most_bytes
        self._kept: OrderedDict[tuple[Signature, tuple[str, ...]], pa.Table | None] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes remembered."""
        return self._bytes

    def over(
        self, segments: Sequence[Segment], signature: Signature, ask: Ask, join: Callable[[pa.Table], pa.Table]
    ) -> pa.Table | None:
        """The joined answers of ``segments``; None where one of them has too many keys."""
        names = tuple(segment.sha256 for segment in segments)
        known, joined = self._take((signature, names))
        if known:
            return joined
        if not self._complete(segments, signature, ask):
            return None
        parts = [part for one in segments if (part := self._take((signature, (one.sha256,)))[1]) is not None]
        if len(parts) < len(segments):
            return None
        made = join(pa.concat_tables(parts))
        self._keep((signature, names), made)
        return made

    def _complete(self, segments: Sequence[Segment], signature: Signature, ask: Ask) -> bool:
        """Ask those that were not asked yet: one, which tells how many keys there are, and then all others at once."""
        missing = [one for one in segments if not self._take((signature, (one.sha256,)))[0]]
        most = self._most_keys
        for group in (missing[:1], missing[1:]):
            if not group:
                continue
            found = ask(group, most * len(group))
            for one in group:
                self._keep((signature, (one.sha256,)), found[one.path] if found is not None else None)
            if found is None:
                return False
            most = min(most, max(_FEW_KEYS, 4 * found[group[0].path].num_rows))
        return True

    def _take(self, name: tuple[Signature, tuple[str, ...]]) -> tuple[bool, pa.Table | None]:
        with self._lock:
            if name not in self._kept:
                return False, None
            self._kept.move_to_end(name)
            return True, self._kept[name]

    def _keep(self, name: tuple[Signature, tuple[str, ...]], made: pa.Table | None) -> None:
        with self._lock:
            self._bytes += _size(made) - _size(self._kept.pop(name, None))
            self._kept[name] = made
            while self._bytes > self._most_bytes and self._kept:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= _size(gone)


def _size(table: pa.Table | None) -> int:
    return 64 if table is None else int(table.nbytes) + 256
