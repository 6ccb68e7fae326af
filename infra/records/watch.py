"""Has anything been committed since I looked? A question that costs microseconds on SQLite, so that what was read can
be kept for as long as the answer is no.

SQLite's ``data_version`` changes on a connection whenever another one commits; the connection here never writes, so it
sees every commit of every process at once. On PostgreSQL there is no such number: the answer is None, ask the tables.
"""

from __future__ import annotations

import sqlite3
import threading

from sqlalchemy import Engine


class Watch:
    """The version of one database, as one reader sees it."""

    def __init__(self, engine: Engine) -> None:
        place = engine.url.database
        self._file = place if engine.dialect.name == "sqlite" and place and place != ":memory:" else None
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def version(self) -> int | None:
        """Two equal numbers: nothing was committed in between. None: not known."""
        if self._file is None:
            return None
        with self._lock:
            if self._connection is None:
                self._connection = sqlite3.connect(self._file, check_same_thread=False)
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __del__(self) -> None:
        self.close()
