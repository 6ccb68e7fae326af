"""Numbers of entities, facets of behaviour and kinds of nodes in words."""

from __future__ import annotations

import re

from infra.text import known

_NOT_WORD = re.compile(r"[^a-z0-9]+")


def feature(name: str) -> str:
    """A number or field in words; a field nobody has words for keeps its own name."""
    return known(f"dashboards.feature.{_NOT_WORD.sub('_', name.lower()).strip('_')}") or name


def named(family: str, value: str) -> str:
    """``dashboards.<family>.<value>``, or the value itself."""
    return known(f"dashboards.{family}.{value}") or value
