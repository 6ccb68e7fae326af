"""Opening the records database, reading from it, and writing to it through one writer per process."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

T = TypeVar("T")


class Records:
    """The records database of one process.

    ``read`` runs on the caller's thread. ``write`` hands the work to the one writer thread, which runs it inside
    ``BEGIN IMMEDIATE`` and returns only when the commit is durable; an exception rolls the whole work back.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._work: queue.SimpleQueue[tuple[Callable[[Session], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def read(self, work: Callable[[Session], T]) -> T:
        """The answer of ``work`` in a read-only session."""
        with Session(self.engine, expire_on_commit=False) as session:
            answer = work(session)
            session.rollback()
            return answer

    def write(self, work: Callable[[Session], T]) -> T:
        """The answer of ``work`` after its changes are durable."""
        self._start()
        done: Future[T] = Future()
        self._work.put((work, done))
        return done.result()

    def close(self) -> None:
        """Finish waiting writes and let go of the database."""
        if self._thread is not None:
            self._work.put(None)
            self._thread.join()
        self.engine.dispose()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="records-writer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            work, done = item
            try:
                with Session(self.engine, expire_on_commit=False) as session, session.begin():
                    answer = work(session)
                    session.flush()
            except BaseException as error:  # noqa: BLE001 - handed to the caller who waits
                done.set_exception(error)
            else:
                done.set_result(answer)


def open_records(url: str | Path) -> Records:
    """Records at a SQLite path or a ``postgresql+psycopg://`` URL."""
    text = f"sqlite:///{url}" if isinstance(url, Path) else url
    if not text.startswith("sqlite"):
        return Records(create_engine(text, pool_pre_ping=True))
    engine = create_engine(text, connect_args={"timeout": 30, "check_same_thread": False})
    event.listen(engine, "connect", _tune_sqlite)
    event.listen(engine, "begin", _begin)
    return Records(engine)


def _tune_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    writer = threading.current_thread().name == "records-writer"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")
