"""Tables of other systems read by SQL: read-only, by a watermark that only grows, each row once.

A query names the columns as docs/business-events.md names the fields (or renames them) and holds ``:watermark``; its
rows come in order of the watermark column. Rows that share the last watermark are remembered, so that a row written
later with the same value is neither lost nor doubled; ``overlap_s`` looks back further for systems whose clocks
disagree.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec
import orjson
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from collectors.business.account import Account, Counting
from collectors.delivery import deliver
from collectors.parsers.business import refused_line
from collectors.sources.business.drop_folder import write_whole
from infra.errors import AppError, ErrorKind
from infra.events.business.rows import row_object
from infra.events.seams import EventSink
from infra.ids import stable_id

_log = logging.getLogger(__name__)
MAX_ROWS = 50_000
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
_READ_ONLY = {
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}


class Pull(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One query. ``url`` is a SQLAlchemy URL or ``file:PATH`` of a file that holds it (it may hold a password);
    ``zone`` is the offset of times that carry none."""

    name: str
    url: str
    query: str
    watermark: str
    start: str | int | float = ""
    kind: str = ""
    system: str = ""
    columns: dict[str, str] = {}
    interval_s: float = 60.0
    overlap_s: float = 0.0
    most: int = 10_000
    zone: Annotated[str, msgspec.Meta(pattern=r"^[+-]\d{2}:\d{2}$")] = "+08:00"


class Pulls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of all pulls: ``[[pull]]`` tables in TOML."""

    pull: tuple[Pull, ...] = ()


class Reached(msgspec.Struct):
    """How far a pull has come: the watermark, and the rows that were read at it or since the overlap."""

    watermark: Any = None
    rows: dict[str, str] = {}


def read_pulls(path: Path) -> tuple[Pull, ...]:
    """The pulls of a file, none where it is absent; ``AppError(INVALID)`` names the place."""
    if not path.exists():
        return ()
    try:
        pulls = msgspec.toml.decode(path.read_bytes(), type=Pulls).pull
    except msgspec.DecodeError as problem:
        raise AppError(ErrorKind.INVALID, "infra.setting_invalid", place=str(path), problem=str(problem)) from None
    for pull in pulls:
        if ":watermark" not in pull.query or not 1 <= pull.most <= MAX_ROWS:
            wrong = "the query needs :watermark, and `most` lies between 1 and 50000"
            raise AppError(ErrorKind.INVALID, "infra.setting_invalid", place=f"{path}: {pull.name}", problem=wrong)
    return pulls


class SqlPull:
    """Reads one query again and again. ``state`` keeps how far it came."""

    def __init__(self, pull: Pull, state: Path) -> None:
        self.pull, self._path = pull, state
        self._reached = _load(state)
        self._engine: Engine | None = None

    async def run(self, sink: EventSink) -> None:
        """Until cancelled; a database that is away is tried again at the next turn."""
        while True:
            more = False
            try:
                more = (await self.turn(sink)).records >= self.pull.most
            except SQLAlchemyError as problem:
                kind = type(problem).__name__
                _log.warning("business.sql_failed", extra={"pull": self.pull.name, "problem": kind})
            if not more:
                await asyncio.sleep(self.pull.interval_s)

    async def turn(self, sink: EventSink) -> Account:
        """Read what is new and hand it over; how far it came is written afterwards."""
        rows, reached = await asyncio.to_thread(self._read)
        now = datetime.now(UTC)
        counting = Counting(f"business-sql:{self.pull.name}", now, lax=True)
        frames = list(counting.frames(self._lines(rows)))
        if frames:
            await deliver(sink, frames)
        if reached is not self._reached:
            self._reached = reached
            await asyncio.to_thread(write_whole, self._path, msgspec.json.encode(reached))
        return counting.account

    def _read(self) -> tuple[list[dict[str, Any]], Reached]:
        pull, reached = self.pull, self._reached
        known = reached.watermark is not None
        since = self._floor(reached.watermark) if known else pull.start
        with self._connected() as connection:
            result = connection.execution_options(stream_results=True).execute(text(pull.query), {"watermark": since})
            rows = [dict(row) for row in result.mappings().fetchmany(pull.most + len(reached.rows))]
            result.close()
        new = [row for row in rows if _key(row) not in reached.rows]
        if known:
            new = [row for row in new if _rank(self._mark(row)) >= _rank(since)]
        new = new[: pull.most]
        return new, self._advance(new)

    def _floor(self, mark: Any) -> Any:
        """From where on rows are read again: the mark, or so much before it as clocks may disagree."""
        if self.pull.overlap_s and isinstance(mark, str) and (moment := _moment(mark)):
            earlier = (moment - timedelta(seconds=self.pull.overlap_s)).isoformat(sep="T" if "T" in mark else " ")
            return earlier.replace("+00:00", "Z") if mark.endswith("Z") else earlier
        return mark

    def _advance(self, new: list[dict[str, Any]]) -> Reached:
        if not new:
            return self._reached
        marks = {_key(row): str(self._mark(row)) for row in new}
        tops = [self._mark(row) for row in new]
        if self._reached.watermark is not None:
            tops.append(self._reached.watermark)
        top = max(tops, key=_rank)
        floor = _rank(self._floor(top))
        kept = {key: mark for key, mark in {**self._reached.rows, **marks}.items() if _like(mark, top) >= floor}
        return Reached(top, kept)

    def _mark(self, row: Mapping[str, Any]) -> Any:
        return _plain(row.get(self.pull.watermark))

    def _lines(self, rows: list[dict[str, Any]]) -> Iterator[bytes]:
        for row in rows:
            yield self._line(row)

    def _line(self, row: Mapping[str, Any]) -> bytes:
        plain = {name: self._zoned(value) for name, value in row.items()}
        if self.pull.kind:
            plain.setdefault("kind", self.pull.kind)
        if self.pull.system:
            plain.setdefault("system", self.pull.system)
        made = row_object(plain, self.pull.columns)
        made.setdefault("id", f"{self.pull.name}/{_key(row)}")
        try:
            return orjson.dumps(made)
        except TypeError as problem:
            return refused_line("value", "", str(problem)[:200], repr(plain)[:2000].encode())

    def _zoned(self, value: Any) -> Any:
        """A plain value; a time without an offset gets that of the pull."""
        naive = isinstance(value, datetime) and value.tzinfo is None
        return value.isoformat() + self.pull.zone if naive else _plain(value)

    def close(self) -> None:
        """Give the connection back."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _connected(self) -> Any:
        if self._engine is None:
            self._engine = _engine(self.pull)
        return self._engine.connect()


def _engine(pull: Pull) -> Engine:
    written = Path(pull.url[5:]).read_text(encoding="utf-8").strip() if pull.url.startswith("file:") else pull.url
    url = make_url(written)
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    engine = create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True)
    statement = _READ_ONLY.get(engine.dialect.name)
    if statement is None:
        raise AppError(ErrorKind.INVALID, "collectors.business.database", place=pull.name, database=engine.dialect.name)

    @event.listens_for(engine, "connect")
    def only_read(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        connection.commit()  # else the rollback of a pooled connection would take the setting back

    return engine


def _key(row: Mapping[str, Any]) -> str:
    return stable_id(*(f"{name}={_plain(row[name])}" for name in sorted(row)))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _rank(mark: Any) -> tuple[int, Any]:
    """What marks are compared by: numbers, times, then text."""
    if isinstance(mark, int | float):
        return (0, mark)
    moment = _moment(str(mark))
    return (1, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) if moment else (2, str(mark))


def _like(mark: str, top: Any) -> tuple[int, Any]:
    """The rank of a mark that was kept as text beside a watermark like ``top``."""
    return _rank(float(mark)) if isinstance(top, int | float) else _rank(mark)


def _moment(mark: str) -> datetime | None:
    try:
        return datetime.fromisoformat(mark)
    except ValueError:
        return None


def _load(path: Path) -> Reached:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Reached)
    except FileNotFoundError:
        return Reached()
