"""Loads the catalogues once and says a key in the language of the context."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOMS = ("infra", "trust", "analytics", "collectors", "ops", "playbooks", "dashboards", "yaodun")


class Language(StrEnum):
    """Languages the product speaks; Chinese first."""

    ZH = "zh-CN"
    EN = "en"


LANGUAGES = tuple(Language)
_current: ContextVar[Language] = ContextVar("language", default=Language.ZH)


def language() -> Language:
    """Language of this context (request, page, terminal)."""
    return _current.get()


@contextmanager
def use_language(choice: Language) -> Iterator[None]:
    """Speak ``choice`` inside the block."""
    token = _current.set(choice)
    try:
        yield
    finally:
        _current.reset(token)


def set_language(choice: Language) -> None:
    """Speak ``choice`` from here on in this context."""
    _current.set(choice)


def text_folders() -> list[Path]:
    """The ``text`` folder of each room that has one."""
    found = []
    for room in ROOMS:
        spec = find_spec(room)
        for location in (spec.submodule_search_locations or []) if spec else []:
            folder = Path(location) / "text"
            if folder.is_dir():
                found.append(folder)
    return found


@cache
def catalogue(choice: Language) -> dict[str, str]:
    """All keys of one language, flat: ``room.key`` (tables of the TOML files are joined with dots)."""
    words: dict[str, str] = {}
    for folder in text_folders():
        for path in sorted(folder.glob(f"*{choice}.toml")):
            words.update(_flatten(tomllib.loads(path.read_text(encoding="utf-8"))))
    return words


def _flatten(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def say(key: str, _language: Language | None = None, /, **detail: Any) -> str:
    """The words of ``key``; an unknown key is shown as itself with its details, never an exception."""
    words = catalogue(_language or language()).get(key)
    if words is None:
        return f"{key} {detail}" if detail else key
    try:
        return words.format_map(_Details(detail))
    except (ValueError, IndexError):
        return words


def known(key: str) -> str | None:
    """The plain words of ``key`` in the language of the viewer; None where no catalogue has them."""
    return catalogue(language()).get(key)


class _Details(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"
