"""Rooms that are made when somebody enters: most tests of pages look into two of them, and each costs a second."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any


class Late:
    """Stands for what ``make`` makes, which happens at the first look at it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Any:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._made, name)


def whole(room: Any) -> Any:
    """The room itself, made if it was not."""
    return room._made if isinstance(room, Late) else room
