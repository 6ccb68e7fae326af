"""Paths into JSON as decoders write them: ``$.a.b[0].c``; ``[*]`` goes through all items of a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from infra.errors import AppError, ErrorKind

_STEP = re.compile(r"\.([A-Za-z0-9_@:-]+)|\[(\d{1,6}|\*)\]|\['([^']{1,100})'\]")
MAX_STEPS = 16
MISSING: Any = object()


@lru_cache(maxsize=1_024)
def steps_of(path: str) -> tuple[str | int | None, ...]:
    """The steps of ``path``: names, indices, None for all; ``AppError(INVALID)`` on a text that is no path."""
    steps: list[str | int | None] = []
    position = 1
    while path[:1] == "$" and position < len(path) and (found := _STEP.match(path, position)):
        name, index, quoted = found.groups()
        steps.append(name or quoted or (None if index == "*" else int(index)))
        position = found.end()
    if path[:1] != "$" or position != len(path) or len(steps) > MAX_STEPS:
        raise AppError(ErrorKind.INVALID, "collectors.sensing.path", place=path[:80])
    return tuple(steps)


def value_at(tree: Any, path: str) -> Any:
    """The value at ``path``, ``MISSING`` where there is none."""
    return next(_values(tree, steps_of(path)), MISSING)


def values_at(tree: Any, path: str) -> list[Any]:
    """All values at ``path``."""
    return list(_values(tree, steps_of(path)))


def _values(tree: Any, steps: tuple[str | int | None, ...]) -> Iterator[Any]:
    for number, step in enumerate(steps):
        if step is None:
            if isinstance(tree, list):
                for item in tree:
                    yield from _values(item, steps[number + 1 :])
            return
        if isinstance(step, int):
            if not isinstance(tree, list) or step >= len(tree):
                return
            tree = tree[step]
        elif isinstance(tree, dict) and step in tree:
            tree = tree[step]
        else:
            return
    yield tree
