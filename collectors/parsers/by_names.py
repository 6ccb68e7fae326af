"""What is worked out of the names of a document, kept: most documents of a source have the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")
Names = tuple[str, ...]
MOST = 2_048
LONGEST = 16_384
"""Characters of the names of one document that is kept: a sender who makes up names must not fill the memory."""


def by_names(make: Callable[[Names], Made]) -> Callable[[Names], Made]:
    """``make``, asked once for each of the latest documents that differ in their names."""
    known: dict[Names, Made] = {}

    def look(names: Names) -> Made:
        try:
            return known[names]
        except KeyError:
            made = make(names)
        if sum(map(len, names)) <= LONGEST:
            if len(known) >= MOST:
                known.clear()
            known[names] = made
        return made

    return look
