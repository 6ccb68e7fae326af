"""The one writer thread of a process: works wait in a queue, several share one durable commit."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

T = TypeVar("T")

BEGIN = "yaodun_begin"
"""Execution option: the statement that opens a transaction on SQLite."""
IMMEDIATE = {BEGIN: "BEGIN IMMEDIATE"}
"""Execution options of a connection that is going to write."""

Work = tuple[Callable[[Session], Any], Future[Any]]


class Writer:
    """Runs works one after the other; up to ``batch`` of them share one commit."""

    def __init__(self, engine: Engine, batch: int) -> None:
        self._engine = engine
        self._batch = batch
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._lock = threading.Lock()

    def put(self, work: Callable[[Session], T]) -> Future[T]:
        """A future that is done once the changes of ``work`` are durable, or with its error."""
        done: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the records database is closed")
            if threading.current_thread() is self._thread:
                raise RuntimeError("write() inside write(): use the session at hand")
            self._start()
            self._queue.put((work, done))
        return done

    def close(self) -> None:
        """Finish what waits; later works are refused."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
            self._queue.put(None)
        if thread is not None:
            thread.join()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="records-writer", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            works, last = self._gather(first)
            self._commit(works)
            if last:
                return

    def _gather(self, first: Work) -> tuple[list[Work], bool]:
        works = [first]
        while len(works) < self._batch:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is None:
                return works, True
            works.append(item)
        return works, False

    def _commit(self, works: list[Work]) -> None:
        answers: list[tuple[Future[Any], Any]] = []
        try:
            with self._engine.connect() as raw:
                connection = raw.execution_options(**IMMEDIATE)
                with connection.begin():
                    answers = [(done, _attempt(connection, work, done)) for work, done in works]
        except BaseException as error:  # noqa: BLE001 - handed to the callers who wait
            for _, done in works:
                if not done.done():
                    done.set_exception(error)
            return
        for done, answer in answers:
            if not done.done():
                done.set_result(answer)


def _attempt(connection: Connection, work: Callable[[Session], Any], done: Future[Any]) -> Any:
    """The answer of one work inside a savepoint; its error goes to its own caller and undoes only its own changes."""
    try:
        with (
            Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session,
            session.begin(),
        ):
            answer = work(session)
            session.flush()
            return answer
    except BaseException as error:  # noqa: BLE001 - handed to the caller who waits
        done.set_exception(error)
        return None
