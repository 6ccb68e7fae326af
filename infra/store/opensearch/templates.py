"""Index templates made from the event table: one data stream for each stream and day, nothing guessed by the server."""

from __future__ import annotations

from typing import Any

from infra.events.table import Field, FieldType, table
from infra.store.query.tokens import TOKEN_JAVA

PREFIX = "yaodun"
WORDS = "yaodun_words"
IGNORE_ABOVE = 8191
"""Longest keyword that is indexed, in characters: four bytes each stay below Lucene's limit of 32,766."""

_PRECISE = frozenset({"@timestamp", "event.created", "event.ingested", "event.start", "event.end"})
"""Dates kept to the nanosecond; the others may lie outside the years 1970 to 2262 that ``date_nanos`` can hold."""
_BULKY = frozenset({"event.original"})
_WORDS_FIELD = {"type": "match_only_text", "analyzer": WORDS}
_PLAIN: dict[FieldType, dict[str, Any]] = {
    FieldType.KEYWORD: {"type": "keyword", "ignore_above": IGNORE_ABOVE},
    FieldType.WILDCARD: {
        "type": "wildcard",
        "fields": {"words": _WORDS_FIELD, "exact": {"type": "keyword", "ignore_above": IGNORE_ABOVE}},
    },
    FieldType.LONG: {"type": "long"},
    FieldType.DOUBLE: {"type": "double"},
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.IP: {"type": "ip"},
    FieldType.FLAT: {"type": "flat_object"},
    FieldType.BINARY: {"type": "binary"},
}


def mapping_of(field: Field) -> dict[str, Any]:
    """How OpenSearch keeps ``field``."""
    if field.type is FieldType.DATE:
        return {"type": "date_nanos" if field.name in _PRECISE else "date"}
    if field.type is FieldType.TEXT:
        whole = {} if field.name in _BULKY else {"fields": {"whole": {"type": "wildcard"}}}
        return {**_WORDS_FIELD, **whole}
    return _PLAIN[field.type]


def properties() -> dict[str, Any]:
    """The table as a nested ``properties`` object."""
    root: dict[str, Any] = {}
    for field in table():
        *parents, leaf = field.name.split(".")
        level = root
        for parent in parents:
            level = level.setdefault(parent, {"properties": {}})["properties"]
        level[leaf] = mapping_of(field)
    return root


def component_name(prefix: str) -> str:
    """Name of the component template of ``prefix``."""
    return f"{prefix}_fields"


def component_template() -> dict[str, Any]:
    """Settings and mappings that every data stream of ours shares."""
    return {
        "template": {
            "settings": {
                "index": {
                    "codec": "best_compression",
                    "mapping": {"total_fields": {"limit": 2000}},
                    "sort": {"field": "@timestamp", "order": "desc"},
                },
                "analysis": {
                    "tokenizer": {WORDS: {"type": "pattern", "pattern": TOKEN_JAVA, "group": 0}},
                    "analyzer": {WORDS: {"type": "custom", "tokenizer": WORDS, "filter": ["lowercase"]}},
                },
            },
            "mappings": {"dynamic": False, "properties": properties()},
        },
        "_meta": {"owner": PREFIX},
    }


def index_template(prefix: str, shards: int, replicas: int, refresh_s: int) -> dict[str, Any]:
    """The template of all data streams of ours."""
    return {
        "index_patterns": [f"{prefix}-*"],
        "data_stream": {},
        "priority": 500,
        "composed_of": [component_name(prefix)],
        "template": {
            "settings": {
                "index": {
                    "number_of_shards": shards,
                    "number_of_replicas": replicas,
                    "refresh_interval": f"{refresh_s}s",
                }
            }
        },
    }
