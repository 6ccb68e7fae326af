"""Words of this room: ``t("overview.title")`` says ``dashboards.overview.title`` in the viewer's language."""

from __future__ import annotations

from typing import Any

from infra.text import Language, language, say


def t(key: str, **detail: Any) -> str:
    """The words of ``dashboards.<key>``."""
    return say(f"dashboards.{key}", **detail)


def counted(key: str, count: int) -> str:
    """``key`` for many, ``key_one`` for one."""
    return t(f"{key}_one" if count == 1 else key, count=count)


def chinese() -> bool:
    """Whether the viewer reads Chinese."""
    return language() is Language.ZH
