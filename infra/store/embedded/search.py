"""Pages of events: find the keys of the page first, newest segments first, then fetch only its rows."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from infra.errors import AppError, ErrorKind
from infra.events.table import FieldType
from infra.store.embedded.engine import Engine
from infra.store.embedded.picked import MOST, SPARSE, pick, picked_rows, weight
from infra.store.embedded.relation import relation
from infra.store.embedded.rows import fetch_rows, sliced
from infra.store.embedded.segment import Segment
from infra.store.embedded.window import in_window
from infra.store.query.cursor import read_cursor, write_cursor
from infra.store.query.names import Place, place
from infra.store.query.sql import Sql
from infra.store.query.tree import Page, Query, Sort

_FIRST_ROWS = 32_768
_GROWTH = 4
_FEW = 1_000
"""Where the index leaves little to read, so many rows more than a page are taken, which spares counting them."""


class Search:
    """One search over the segments the manifest chose, newest first."""

    def __init__(self, engine: Engine, root: Path, query: Query, segments: Sequence[Segment]) -> None:
        self.engine, self.root, self.query = engine, root, query
        self.segments = segments
        self.indexed = frozenset(segment.path for segment in segments if segment.ranges is not None)
        self.keys = [*query.sort, Sort("event.id", descending=False)]
        self.found: list[tuple[Any, ...]] = []
        self.total = 0
        self.whole = True

    def page(self) -> Page:
        """The page, its total and the cursor behind it."""
        begun = time.monotonic()
        for group, later in self._groups():
            self._look(group)
            if later is not None and self._enough(later):
                self.whole = False
                break
        wanted = [(row[-2], row[-1]) for row in self.found]
        events = fetch_rows(self.engine, self.root, self.segments, wanted, self.query.fields)
        more = len(self.found) == self.query.limit and self.query.limit > 0
        after = write_cursor(self.keys, self.found[-1][: len(self.keys)]) if more else None
        took = (time.monotonic() - begun) * 1000
        return Page(tuple(events), self.total, after, total_is_lower_bound=not self.whole, took_ms=took)

    def _groups(self) -> Iterator[tuple[list[Segment], int | None]]:
        """Segments to look at together, and the newest time of those not yet looked at. The rows of a group that are
        to be picked one by one are never more than can be."""
        if not self._newest_first():
            yield list(self.segments), None
            return
        group: list[Segment] = []
        rows, picked, enough = 0, 0, _FIRST_ROWS
        pieces = sliced(self.root, self.segments, _FIRST_ROWS)
        for at, segment in enumerate(pieces):
            group.append(segment)
            rows += segment.rows if segment.ranges is None else weight(segment.ranges)
            picked += picked_rows(segment)
            rest = pieces[at + 1 :]
            if not rest or rows >= enough or picked > MOST - SPARSE:
                yield group, rest[0].t1 if rest else None
                group, rows, picked, enough = [], 0, 0, enough * _GROWTH

    def _newest_first(self) -> bool:
        return bool(self.query.sort) and self.query.sort[0] == Sort("@timestamp", descending=True)

    def _enough(self, later: int) -> bool:
        """True where no segment from ``later`` on can change the page, and the total is known well enough."""
        if self.total < self.query.count_up_to:
            return False
        if len(self.found) < self.query.limit:
            return False
        return not self.found or self.found[-1][0] > later

    def _look(self, group: list[Segment]) -> None:
        compiled = Sql()
        condition = f"{in_window(compiled, self.query.window, group)} AND {compiled.where(self.query.filter)}"
        filtered = set(compiled.columns)
        expressions = [sort_expression(compiled, key.field, key.descending) for key in self.keys]
        rest, tables = pick(self.engine, self.root, group, compiled.columns)
        source = relation(self.root, rest, filtered, tables=tables)
        counted = f"SELECT count(*) FROM ({source}) WHERE {condition}"
        few = all(segment.path in self.indexed for segment in group)
        most = self.query.limit + (_FEW if few and self.query.limit else 0)
        if self._settled(group):
            most = found = 0
        else:
            source = relation(self.root, rest, compiled.columns, rows=True, tables=tables)
            found = self._top(compiled, source, tables, condition, expressions, most) if most else 0
        if found < most and not self.query.after:
            self.total += found
        elif self.total < self.query.count_up_to or not self._newest_first():
            self.total += self.engine.rows(counted, compiled.parameters, tables)[0][0]
        else:
            self.total += found
            self.whole = False

    def _settled(self, group: Sequence[Segment]) -> bool:
        """True where the page is full of events newer than any of ``group``: those are only counted."""
        full = 0 < self.query.limit <= len(self.found)
        return full and self._newest_first() and self.found[-1][0] > max(segment.t1 for segment in group)

    def _top(
        self, compiled: Sql, source: str, tables: Mapping[str, pa.Table], condition: str, expressions: Sequence[str],
        most: int,
    ) -> int:  # fmt: skip
        """Take the best rows of ``source`` in; how many it had, at most ``most``. Fewer are all there are, which spares
        counting them."""
        if self.query.after:
            condition += f" AND {_behind(compiled, self.keys, expressions, read_cursor(self.keys, self.query.after))}"
        ordered = ", ".join(
            f"{expression} {'DESC' if key.descending else 'ASC'} NULLS LAST"
            for key, expression in zip(self.keys, expressions, strict=True)
        )
        text = (
            f"SELECT {', '.join(map(_plain, self.keys, expressions))}, file, row FROM ({source}) WHERE {condition}"
            f" ORDER BY {ordered} LIMIT {most}"
        )
        rows = self.engine.rows(text, compiled.parameters, tables)
        self.found = sorted([*self.found, *rows], key=_order(self.keys))[: self.query.limit]
        return len(rows)


def sort_expression(compiled: Sql, name: str, descending: bool) -> str:
    """What a field sorts by: the least or greatest of many values, addresses by number. Words have no order."""
    where = place(name)
    if where.words or where.type is FieldType.BINARY:
        raise AppError(ErrorKind.INVALID, "infra.query_unsortable", place=name)
    pick = "list_max" if descending else "list_min"
    if not (where.many or where.flat):
        return ordered_expression(where, compiled.column(where.column))
    values = compiled.values(where)
    if where.type is FieldType.IP:
        values = f"list_transform({values}, lambda v: yd_ip(v))"
    return f"{pick}({values})"


def ordered_expression(where: Place, expression: str) -> str:
    """``expression`` in the form that orders as the field orders."""
    return f"yd_ip({expression})" if where.type is FieldType.IP else expression


def _plain(key: Sort, expression: str) -> str:
    return f"epoch_us({expression})" if place(key.field).type is FieldType.DATE else expression


def _order(keys: Sequence[Sort]) -> Any:
    """A key function that sorts rows like SQL: each key in its direction, missing last."""

    def key(row: tuple[Any, ...]) -> list[Any]:
        return [
            (True, 0) if value is None else (False, _Reversed(value) if one.descending else value)
            for one, value in zip(keys, row, strict=False)
        ]

    return key


class _Reversed:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Reversed) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(self.value)


def _behind(compiled: Sql, keys: Sequence[Sort], expressions: Sequence[str], values: Sequence[Any]) -> str:
    """The condition of rows that come after ``values`` in the order of ``keys``."""
    condition = "false"
    for key, expression, value in reversed(list(zip(keys, expressions, values, strict=True))):
        if value is None:
            condition = f"({expression} IS NULL AND {condition})"
            continue
        bound = compiled.bind(value)
        if place(key.field).type is FieldType.DATE:
            bound = f"make_timestamp({bound})"
        beyond = "<" if key.descending else ">"
        further = f"({expression} {beyond} {bound} OR {expression} IS NULL)"
        condition = f"({further} OR ({expression} = {bound} AND {condition}))"
    return condition
