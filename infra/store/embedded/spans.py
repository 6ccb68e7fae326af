"""Rows of a segment as ranges in order, first and behind the last: what an index answers and a filter joins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Spans = tuple[tuple[int, int], ...]
"""Ranges in order that do not touch. ``Spans | None``: None where it cannot be told, which is every row."""


def union(parts: Iterable[Spans | None]) -> Spans | None:
    """Rows of any of ``parts``."""
    found: list[tuple[int, int]] = []
    for part in parts:
        if part is None:
            return None
        found += part
    return joined(sorted(found))


def common(left: Spans | None, right: Spans | None) -> Spans | None:
    """Rows of both."""
    if left is None or right is None:
        return right if left is None else left
    found, first, second = [], 0, 0
    while first < len(left) and second < len(right):
        start = max(left[first][0], right[second][0])
        end = min(left[first][1], right[second][1])
        if start < end:
            found.append((start, end))
        if left[first][1] < right[second][1]:
            first += 1
        else:
            second += 1
    return tuple(found)


def joined(ordered: Iterable[tuple[int, int]]) -> Spans:
    """Ranges in order of their starts, those that touch made one."""
    made: list[tuple[int, int]] = []
    for start, end in ordered:
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return tuple(made)


def rounded(spans: Sequence[tuple[int, int]], width: int, rows: int) -> Spans:
    """``spans`` widened to whole blocks of ``width`` rows, of a segment of ``rows``."""
    return joined((start // width * width, min(-(-end // width) * width, rows)) for start, end in spans)


def size(spans: Sequence[tuple[int, int]]) -> int:
    """How many rows ``spans`` are."""
    return sum(end - start for start, end in spans)


def of_mask(mask: int, width: int) -> Spans:
    """The rows of the stretches whose bits are set in ``mask``."""
    found, at = [], 0
    while mask >> at:
        while not mask >> at & 1:
            at += 1
        start = at
        while mask >> at & 1:
            at += 1
        found.append((start * width, at * width))
    return tuple(found)
