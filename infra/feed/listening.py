"""Waiting on PostgreSQL: LISTEN/NOTIFY tells of a notice the moment it is committed."""

from __future__ import annotations

import logging

import psycopg

from infra.feed.notice import CHANNEL
from infra.feed.waker import Pause

log = logging.getLogger(__name__)


class Listening:
    """Waits on a PostgreSQL connection of its own; falls back to the pause while there is none."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None
        self._pause = Pause()

    def wait(self, seconds: float) -> None:
        try:
            connection = self._connected()
            for _ in connection.notifies(timeout=seconds, stop_after=1):
                pass
        except psycopg.Error:
            log.warning("feed.listen_failed", exc_info=True)
            self.close()
            self._pause.wait(seconds)

    def wake(self) -> None:
        self._pause.wake()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> psycopg.Connection[tuple[object, ...]]:
        if self._connection is None:
            self._connection = psycopg.connect(self._conninfo, autocommit=True)
            self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection
