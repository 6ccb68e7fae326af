"""The usual paths of a Linux host, from ``usual_paths.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec


class UsualPaths(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Patterns of log files a syslog daemon writes, of other log files, and of files whose integrity matters."""

    syslog: tuple[str, ...]
    logs: tuple[str, ...]
    watched: tuple[str, ...]


@cache
def usual_paths() -> UsualPaths:
    """The paths of this version."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), UsualPaths)
