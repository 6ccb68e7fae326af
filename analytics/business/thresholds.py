"""Thresholds as data: one versioned TOML; a site may put its own values over it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

Thresholds = dict[str, dict[str, float]]


@cache
def _shipped() -> dict[str, Any]:
    return tomllib.loads(files("analytics.business").joinpath("thresholds.toml").read_text(encoding="utf-8"))


def version() -> str:
    """Version of the shipped thresholds; kept with every signal."""
    return str(_shipped()["version"])


def thresholds(over: Thresholds | None = None) -> Thresholds:
    """The shipped values with ``over`` put over them; an unknown group or name is a ``KeyError``."""
    merged = {name: dict(group) for name, group in _shipped().items() if isinstance(group, dict)}
    for group, values in (over or {}).items():
        for name, value in values.items():
            if name not in merged[group]:
                raise KeyError(f"{group}.{name}")
            merged[group][name] = value
    return merged
