"""Cutting long lists into pieces a database statement can take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def chunked(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Pieces of at most ``size`` items, in order."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
