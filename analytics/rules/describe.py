"""What people read about a rule, taken from pySigma's object and our own ``yaodun`` section."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from analytics.rules.documents import Document
from analytics.rules.rule import LogSource, Rule
from infra.exchange import Dimension, Level
from infra.ids import stable_id


def describe(rule: Any, document: Document) -> Rule:
    """The description of a detection or correlation rule."""
    tags = tuple(f"{tag.namespace}.{tag.name}" for tag in rule.tags)
    own = rule.custom_attributes.get("yaodun") or {}
    return Rule(
        id=str(rule.id) if rule.id else stable_id(document.path, str(document.index)),
        name=rule.name or "",
        title=rule.title or document.path,
        level=_level(rule.level),
        author=rule.author or "",
        status=str(rule.status.name).lower() if rule.status else "",
        description=(rule.description or "").strip(),
        references=tuple(str(item) for item in rule.references or ()),
        tags=tags,
        techniques=tuple(_technique(tag) for tag in tags if _technique(tag)),
        falsepositives=tuple(str(item) for item in rule.falsepositives or ()),
        logsource=_logsource(getattr(rule, "logsource", None)),
        path=document.path,
        entity=str(own.get("entity", "")),
        dimension=_dimension(own.get("dimension")),
        fields=tuple(str(item) for item in rule.fields or ()),
        canary=bool(own.get("canary", False)),
    )


def _level(level: Any) -> Level:
    return Level(level.name.lower()) if level else Level.MEDIUM


def _technique(tag: str) -> str:
    name = tag.removeprefix("attack.")
    return name.upper() if name != tag and name[:1] == "t" and name[1:5].isdigit() else ""


def _logsource(source: Any) -> LogSource:
    if source is None:
        return LogSource()
    return LogSource(source.product or "", source.category or "", source.service or "")


def _dimension(value: Any) -> Dimension | None:
    with suppress(ValueError):
        return Dimension(str(value))
    return None
