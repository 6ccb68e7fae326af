"""Events as Arrow columns and back. The columns are those of the event table that a batch really has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
import pyarrow as pa

from infra.clock import parse_rfc3339
from infra.errors import AppError, ErrorKind
from infra.events.stream import Event
from infra.events.table import OVERFLOW, Field, FieldType, table
from infra.store.query.predicate import flatten
from infra.store.query.sql import FLAT_PATHS

_STORED = pa.timestamp("us")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BLOCK = 1000
_ALIKE = 64
"""So many events with the same names are turned into columns by themselves."""
_ARROW: dict[FieldType, pa.DataType] = {
    FieldType.KEYWORD: pa.string(),
    FieldType.TEXT: pa.string(),
    FieldType.WILDCARD: pa.string(),
    FieldType.IP: pa.string(),
    FieldType.LONG: pa.int64(),
    FieldType.DOUBLE: pa.float64(),
    FieldType.BOOLEAN: pa.bool_(),
    FieldType.DATE: _STORED,
    FieldType.FLAT: pa.string(),
    FieldType.BINARY: pa.binary(),
}


@cache
def arrow_type(column: str) -> pa.DataType:
    """The Arrow type that ``column`` has in every segment."""
    field = table().get(column.removesuffix(FLAT_PATHS))
    assert field is not None, column
    return pa.list_(_ARROW[field.type]) if field.array else _ARROW[field.type]


@cache
def _order() -> dict[str, int]:
    return {field.name: place for place, field in enumerate(table())}


def to_arrow(events: Sequence[Event], twins: Sequence[int] | None = None) -> pa.Table:
    """``events`` as columns in the order of the table; their own order may change. Names the table does not know go
    into the overflow field. Where ``twins`` tells (as of ``infra.events.Detector``) that many say the same, that is
    turned into columns once.

    Raises ``AppError(INVALID)`` naming the field where a value does not fit its type.
    """
    if twins is not None and 2 * len(distinct := sorted(set(twins))) <= len(events):
        return _repeated(events, twins, distinct)
    shapes: dict[tuple[str, ...], list[Event]] = {}
    for event in events:
        shapes.setdefault(tuple(event), []).append(event)
    tables = [_table(group, alike=True) for group in shapes.values() if len(group) >= _ALIKE]
    mixed = [event for event in events if len(shapes[tuple(event)]) < _ALIKE] if tables else events
    if mixed or not tables:
        tables.append(_table(mixed, alike=False))
    return joined(tables)


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """All rows of ``tables``, with the columns that any of them has, in the order of the table of fields."""
    if len(tables) == 1:
        return tables[0]
    whole = pa.concat_tables(tables, promote_options="default").combine_chunks()
    order = _order()
    return whole.select(sorted(whole.column_names, key=lambda name: order[name.removesuffix(FLAT_PATHS)]))


def _repeated(events: Sequence[Event], twins: Sequence[int], distinct: Sequence[int]) -> pa.Table:
    once = to_arrow([events[at] for at in distinct])
    rows = {name: row for row, name in enumerate(once.column("event.id").to_pylist())}
    places = {at: rows[events[at]["event.id"]] for at in distinct}
    whole = once.take(pa.array([places[twin] for twin in twins], pa.int64()))
    names = pa.array([event["event.id"] for event in events], pa.string())
    return whole.set_column(whole.column_names.index("event.id"), "event.id", names)


def _table(events: Sequence[Event], *, alike: bool) -> pa.Table:
    names = set(events[0]) if alike else set().union(*events) if events else set()
    order = _order()
    if unknown := names - order.keys():
        events = [_stowed(event, unknown) for event in events]
        names, alike = (names - unknown) | {OVERFLOW}, False
    wanted = sorted(names, key=order.__getitem__)
    values: Mapping[str, Sequence[Any]] = _transposed(events, wanted) if alike else _gathered(events, wanted)
    columns: dict[str, pa.Array] = {}
    for name, found in values.items():
        field = table().get(name)
        assert field is not None
        columns.update(_columns(field, found))
    return pa.table(columns)


def _transposed(events: Sequence[Event], names: Sequence[str]) -> dict[str, Sequence[Any]]:
    """The values of each name where all events have the same names in the same order: no look-up at all."""
    columns = dict(zip(events[0], zip(*map(dict.values, events), strict=True), strict=True))
    return {name: columns[name] for name in names}


def _gathered(events: Sequence[Event], names: Sequence[str]) -> dict[str, list[Any]]:
    """The values of each name. In blocks that stay in the processor's cache: column by column over all events is three
    times as slow, for every look-up then waits for memory."""
    values: dict[str, list[Any]] = {name: [] for name in names}
    for start in range(0, len(events), _BLOCK):
        block = events[start : start + _BLOCK]
        for name, found in values.items():
            found += [event.get(name) for event in block]
    return values


def _stowed(event: Event, unknown: set[str]) -> Event:
    if unknown.isdisjoint(event):
        return event
    kept = {name: value for name, value in event.items() if name not in unknown}
    kept[OVERFLOW] = {**event.get(OVERFLOW, {}), **{name: event[name] for name in event.keys() & unknown}}
    return kept


def _columns(field: Field, values: Sequence[Any]) -> Iterable[tuple[str, pa.Array]]:
    try:
        if field.type is FieldType.FLAT:
            yield from _flat_columns(field.name, values)
        elif field.type is FieldType.DATE:
            yield field.name, _dates(values, many=field.array)
        else:
            yield field.name, pa.array(values, arrow_type(field.name))
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise AppError(
            ErrorKind.INVALID, "infra.store_value_unfit", place=field.name, problem=str(error)[:200]
        ) from None


def _dates(values: Sequence[Any], many: bool) -> pa.Array:
    if many:
        return pa.array([value and [_moment(item) for item in value] for value in values], pa.list_(_STORED))
    try:
        since = [value if value is None else value - _EPOCH for value in values]
    except TypeError:
        return pa.array([value and _moment(value) for value in values], _STORED)
    return pa.array(since, pa.duration("us")).view(_STORED)


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else parse_rfc3339(value)
    return moment.astimezone(UTC).replace(tzinfo=None)


def _flat_columns(name: str, values: Sequence[Any]) -> Iterable[tuple[str, pa.Array]]:
    distinct = {id(value): value for value in values if value is not None}  # repeated events share their objects
    written = {key: _json(value) for key, value in distinct.items()}
    yield name, pa.array([written.get(id(value)) for value in values], pa.string())
    nested = {key: _json(flatten(value)) for key, value in distinct.items() if _is_nested(value)}
    if nested:
        opened = [nested.get(id(value)) for value in values]
        yield name + FLAT_PATHS, pa.array(opened, pa.string())


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()  # several times as fast as with what few values need
    except TypeError:
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _is_nested(value: Mapping[str, Any]) -> bool:
    for item in value.values():
        if item.__class__ is dict or (item.__class__ is list and any(isinstance(one, dict | list) for one in item)):
            return True
    return False


def to_events(columns: pa.Table) -> list[Event]:
    """The events in ``columns``: absent values left out, dates aware UTC, flat fields as objects."""
    names = [name for name in columns.column_names if not name.endswith(FLAT_PATHS)]
    readers = [_reader(name) for name in names]
    lists = [columns.column(name).to_pylist() for name in names]
    return [
        {name: read(value) for name, read, value in zip(names, readers, row, strict=True) if value is not None}
        for row in zip(*lists, strict=True)
    ]


@cache
def _reader(name: str) -> Callable[[Any], Any]:
    field = table().get(name)
    if field is None:
        return _same
    if field.type is FieldType.FLAT:
        return orjson.loads
    if field.type is FieldType.DATE:
        return _aware_list if field.array else _aware
    return _same


def _same(value: Any) -> Any:
    return value


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC)


def _aware_list(value: list[datetime]) -> list[datetime]:
    return [_aware(item) for item in value]
