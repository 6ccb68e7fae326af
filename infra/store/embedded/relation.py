"""From chosen segments to a table expression: files that have the same of the wanted columns are read together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence, Set
from pathlib import Path

from infra.store.embedded.segment import STRETCH_ROWS, Segment
from infra.store.embedded.spans import rounded
from infra.store.query.sql import absent, known_columns, quoted

Ranges = Sequence[tuple[int, int]]
_FEW_RANGES = 8


def relation(
    root: Path, segments: Sequence[Segment], columns: Set[str], rows: bool = False, tables: Collection[str] = ()
) -> str:
    """SQL that yields ``columns`` of all ``segments``, and of ``tables`` that have them; absent columns are NULL.

    With ``rows``, also ``file`` (path) and ``row`` (number in the file).
    """
    wanted = sorted(known_columns(columns))
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    parts: list[str] = []
    for segment in segments:
        present = tuple(name for name in wanted if name in segment.columns)
        if segment.ranges is None:
            groups[present].append(str(root / segment.path))
        else:
            parts.append(_part(wanted, set(present), [str(root / segment.path)], rows, _bounded(segment)))
    parts += [_part(wanted, set(present), files, rows) for present, files in groups.items()]
    parts += [f"SELECT {_listed(wanted, rows)} FROM {name}" for name in tables]
    return " UNION ALL ".join(parts) if parts else _nothing(wanted, rows)


def _bounded(segment: Segment) -> Ranges:
    """The ranges of ``segment``; of a great many the blocks, which are at most 64 of a full one."""
    ranges = segment.ranges or ()
    return ranges if len(ranges) <= _FEW_RANGES else rounded(ranges, STRETCH_ROWS, segment.rows)


def _listed(wanted: Sequence[str], rows: bool) -> str:
    return ", ".join([*map(quoted, wanted), *(["file", "row"] if rows else [])]) or "1 AS one"


def _part(
    wanted: Sequence[str], present: set[str], files: Sequence[str], rows: bool, ranges: Ranges | None = None
) -> str:
    shown = [quoted(name) if name in present else f"{absent(name)} AS {quoted(name)}" for name in wanted]
    options = ""
    condition = ""
    if rows:
        shown += ["filename AS file", "file_row_number AS row"]
        options = ", filename=true, file_row_number=true"
    if ranges is not None:  # the engine leaves out row groups by the numbers of their rows
        options = options or ", file_row_number=true"
        parts = [f"file_row_number BETWEEN {start} AND {end - 1}" for start, end in ranges]
        condition = f" WHERE ({' OR '.join(parts)})"
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    return f"SELECT {', '.join(shown) or '1 AS one'} FROM read_parquet([{listed}]{options}){condition}"


def _nothing(wanted: Sequence[str], rows: bool) -> str:
    shown = [f"{absent(name)} AS {quoted(name)}" for name in wanted]
    if rows:
        shown += ["NULL::VARCHAR AS file", "NULL::BIGINT AS row"]
    return f"SELECT {', '.join(shown) or '1 AS one'} WHERE false"
