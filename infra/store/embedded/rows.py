"""Whole events by file and row number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from infra.events.stream import Event
from infra.store.embedded.columns import to_events
from infra.store.embedded.engine import Engine
from infra.store.embedded.relation import relation
from infra.store.embedded.segment import Segment
from infra.store.query.names import place
from infra.store.query.projection import ALWAYS, project


def fetch_rows(
    engine: Engine, root: Path, segments: Sequence[Segment], wanted: Sequence[tuple[str, int]], fields: Sequence[str]
) -> list[Event]:
    """The events at ``wanted`` (path, row), in that order; only ``fields`` of them where any are named."""
    if not wanted:
        return []
    by_file: dict[str, list[int]] = defaultdict(list)
    for file, row in wanted:
        by_file[file].append(row)
    chosen = [segment for segment in segments if str(root / segment.path) in by_file]
    source = relation(root, chosen, _columns(chosen, fields), rows=True)
    conditions = [f"(file = {_literal(file)} AND row IN ({_listed(rows)}))" for file, rows in by_file.items()]
    answer = engine.columns(f"SELECT * FROM ({source}) WHERE {' OR '.join(conditions)}", {})
    places = zip(answer.column("file").to_pylist(), answer.column("row").to_pylist(), strict=True)
    found = dict(zip(places, to_events(answer.drop_columns(["file", "row"])), strict=True))
    return [project(found[file, row], fields) for file, row in wanted]


def _columns(chosen: Sequence[Segment], fields: Sequence[str]) -> set[str]:
    if not fields:
        return set().union(*(segment.columns for segment in chosen))
    return {place(name).column for name in fields} | set(ALWAYS)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _listed(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows))
