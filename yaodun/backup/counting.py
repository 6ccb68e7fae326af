"""Counting what a backup holds, the same way when it is taken and when it comes back."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, func, inspect, select, table

from infra.ledger.rows import HeadRow
from infra.records import Records, open_records
from infra.store.embedded.segment import Segment
from yaodun.backup.inventory import Day
from yaodun.backup.inventory import Records as Counted


def count_days(live: Sequence[Segment]) -> tuple[Day, ...]:
    """Events of each stream and day, and the hash over the hashes of its segments."""
    days: dict[tuple[str, str], list[Segment]] = defaultdict(list)
    for segment in live:
        days[segment.stream, segment.day].append(segment)
    return tuple(_day(stream, day, segments) for (stream, day), segments in sorted(days.items()))


def _day(stream: str, day: str, segments: Sequence[Segment]) -> Day:
    lines = "".join(f"{one.path} {one.sha256}\n" for one in sorted(segments, key=lambda one: one.path))
    return Day(stream, day, sum(one.rows for one in segments), hashlib.sha256(lines.encode()).hexdigest())


def count_records(connection: Connection) -> Counted:
    """Rows of every table that ``connection`` sees, and the head of the ledger among them."""
    names = sorted(inspect(connection).get_table_names())
    tables = {name: int(connection.scalar(select(func.count()).select_from(table(name))) or 0) for name in names}
    head = connection.execute(select(HeadRow.size, HeadRow.sha256).order_by(HeadRow.size.desc()).limit(1)).first()
    return Counted(tables, *((head[0], head[1].hex()) if head else ()))


@contextmanager
def readable(where: str | Path) -> Iterator[Records]:
    """The records at ``where`` for reading; a file is not changed by a single byte."""
    if isinstance(where, Path):
        records = Records(create_engine(f"sqlite:///file:{where}?mode=ro&immutable=1&uri=true", hide_parameters=True))
    else:
        records = open_records(where)
    try:
        yield records
    finally:
        records.close()
