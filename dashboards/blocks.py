"""Blocks of a grid over rows that are reached by cursor: the grid asks by row number, the room by "after"."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

KEPT = 1000
T = TypeVar("T")
Fetch = Callable[[int, str | None], Awaitable[tuple[T, str | None]]]
_cursors: OrderedDict[tuple[str, ...], str] = OrderedDict()


async def block(key: tuple[str, ...], start: int, size: int, fetch: Fetch[T]) -> T:
    """The block from row ``start`` on: from the nearest cursor known, walking on from there.

    ``key`` names the question; where the first block is asked again, what was known of it is forgotten.
    """
    if start == 0:
        _forget(key)
    place, after = _nearest(key, start, size)
    while True:
        found, following = await fetch(size, after)
        if following is not None:
            _remember((*key, str(place + size)), following)
        if place >= start or following is None:
            return found
        place, after = place + size, following


def _nearest(key: tuple[str, ...], start: int, size: int) -> tuple[int, str | None]:
    for place in range(start, 0, -size):
        known = _cursors.get((*key, str(place)))
        if known is not None:
            return place, known
    return 0, None


def _remember(key: tuple[str, ...], cursor: str) -> None:
    _cursors[key] = cursor
    while len(_cursors) > KEPT:
        _cursors.popitem(last=False)


def _forget(key: tuple[str, ...]) -> None:
    for known in [each for each in _cursors if each[:-1] == key]:
        del _cursors[known]
