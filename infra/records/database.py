"""Opening the records database, reading from it, and writing to it through one writer per process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session

from infra.records.writer import BEGIN, Writer

T = TypeVar("T")


class Records:
    """The records database of one process.

    ``read`` runs on the caller's thread and sees one snapshot. ``write`` hands the work to the one writer thread, which
    runs it inside ``BEGIN IMMEDIATE`` and returns only when the commit is durable; an exception rolls the whole work
    back. Waiting writes share one commit on SQLite (group commit), each in a savepoint of its own.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = Writer(engine, batch=64 if engine.dialect.name == "sqlite" else 1)

    def read(self, work: Callable[[Session], T]) -> T:
        """The answer of ``work`` in a read-only session; a change left in it is a mistake and raises."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            answer = work(session)
            if session.new or session.deleted or any(session.is_modified(row) for row in session.dirty):
                raise RuntimeError("a change was made inside read(); use write()")
            session.expunge_all()  # a rollback would expire what is handed out
            return answer

    def write(self, work: Callable[[Session], T]) -> T:
        """The answer of ``work`` after its changes are durable. Not from inside another ``write``."""
        return self.submit(work).result()

    def submit(self, work: Callable[[Session], T]) -> Future[T]:
        """Like ``write`` but answers at once with a future (``asyncio.wrap_future`` awaits it)."""
        return self._writer.put(work)

    def close(self) -> None:
        """Finish waiting writes and let go of the database."""
        self._writer.close()
        self.engine.dispose()


def open_records(url: str | Path) -> Records:
    """Records at a SQLite path or a ``postgresql+psycopg://`` URL (``postgresql://`` is read as that)."""
    text = f"sqlite:///{url}" if isinstance(url, Path) else url
    if text.startswith("postgresql://"):
        text = "postgresql+psycopg://" + text.removeprefix("postgresql://")
    if not text.startswith("sqlite"):
        return Records(create_engine(text, pool_pre_ping=True, hide_parameters=True))
    engine = create_engine(text, connect_args={"timeout": 30, "check_same_thread": False}, hide_parameters=True)
    event.listen(engine, "connect", _tune_sqlite)
    event.listen(engine, "begin", _begin)
    return Records(engine)


def _tune_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(BEGIN, "BEGIN"))
