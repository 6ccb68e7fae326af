"""The time window as a condition, left out where no segment reaches beyond it."""

from __future__ import annotations

from collections.abc import Sequence

from infra.store.embedded.segment import Segment
from infra.store.query.shaping import micros
from infra.store.query.sql import Sql
from infra.store.query.tree import Window


def in_window(compiled: Sql, window: Window, segments: Sequence[Segment]) -> str:
    """The condition of ``window``, or ``true`` where all ``segments`` lie inside it."""
    t0, t1 = micros(window.start), micros(window.end)
    if all(segment.t0 >= t0 and segment.t1 < t1 for segment in segments):
        return "true"
    column = compiled.column("@timestamp")
    return f"({column} >= {compiled.bind(window.start)} AND {column} < {compiled.bind(window.end)})"
