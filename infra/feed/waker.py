"""Waiting for the next look: a pause, cut short by LISTEN/NOTIFY on PostgreSQL."""

from __future__ import annotations

import logging
import threading
from typing import Protocol

import psycopg
from sqlalchemy import Engine

from infra.feed.notice import CHANNEL

log = logging.getLogger(__name__)


class Waker(Protocol):
    """``wait`` returns after at most ``seconds``, sooner when something may be new or ``wake`` is called."""

    def wait(self, seconds: float) -> None: ...

    def wake(self) -> None: ...

    def close(self) -> None: ...


class Pause:
    """Waits the whole time, unless woken by its own process."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def wait(self, seconds: float) -> None:
        self._event.wait(seconds)
        self._event.clear()

    def wake(self) -> None:
        self._event.set()

    def close(self) -> None:
        return None


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


def waker_of(engine: Engine) -> Waker:
    """The quickest way to wait on that database."""
    if engine.dialect.name != "postgresql":
        return Pause()
    url = engine.url.set(drivername="postgresql")
    return Listening(url.render_as_string(hide_password=False))
