"""Waiting for the next look: a pause, cut short where the database can tell of news."""

from __future__ import annotations

import threading
from typing import Protocol

from sqlalchemy import Engine


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


def waker_of(engine: Engine) -> Waker:
    """The quickest way to wait on that database."""
    if engine.dialect.name != "postgresql":
        return Pause()
    from infra.feed.listening import Listening  # the driver is loaded only where PostgreSQL is

    url = engine.url.set(drivername="postgresql")
    return Listening(url.render_as_string(hide_password=False))
