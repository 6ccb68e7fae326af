"""One look at a page: who, where, in which language, at what time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from dashboards.rooms import Rooms
from infra.errors import AppError, ErrorKind
from infra.store.query.tree import Window
from infra.web.seams import Actor, current_actor

HOME = "/ui"
RANGES = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
DEFAULT_RANGE = "24h"
LONGEST = timedelta(days=3660)
_LENGTH = re.compile(r"([1-9][0-9]{0,4})(m|h|d)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page is asked for. ``path`` is below ``/ui``; ``params`` are the address's query, one value of each."""

    rooms: Rooms
    path: str
    params: Mapping[str, str]
    actor: Actor
    now: datetime
    asked: dict[Hashable, asyncio.Future[Any]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def zone(self) -> timedelta:
        return self.rooms.zone

    def param(self, name: str, default: str = "") -> str:
        """One value of the address."""
        return self.params.get(name, default)

    def many(self, name: str) -> tuple[str, ...]:
        """A comma-separated value of the address as its parts."""
        return tuple(part for part in self.param(name).split(",") if part)

    def here(self, **changes: str | None) -> str:
        """The address of this page with some values changed; None or ``""`` removes one."""
        params = {**self.params, **{name: value or "" for name, value in changes.items()}}
        return address(self.path, **params)

    def window(self) -> Window:
        """The time range of the address: a length (``24h``) or ``start..end`` in RFC 3339."""
        return window_of(self.param("tr", DEFAULT_RANGE), self.now)

    def may(self, action: str, thing: str = "") -> bool:
        """Whether the viewer may do it; pages hide or lock what they may not."""
        return self.rooms.authorizer.decide(self.actor, action, thing).allowed

    async def ask(self, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask a room in a thread, at most ``rooms.wait_s`` long; ``AppError(UNAVAILABLE)`` says it timed out."""
        return await self._within(asyncio.ensure_future(asyncio.to_thread(question, *args, **kwargs)))

    async def shared(self, question: Callable[[], T]) -> T:
        """Ask what several parts of this page ask: they share one answer. For reading only."""
        if question not in self.asked:
            self.asked[question] = asyncio.ensure_future(asyncio.to_thread(question))
        return await self._within(asyncio.shield(self.asked[question]))

    async def _within(self, answer: asyncio.Future[T]) -> T:
        try:
            return await asyncio.wait_for(answer, self.rooms.wait_s)
        except TimeoutError:
            raise AppError(
                ErrorKind.UNAVAILABLE, "dashboards.error.timeout", seconds=f"{self.rooms.wait_s:g}"
            ) from None


def visit(rooms: Rooms, pathname: str | None, search: str | None) -> Visit:
    """The visit of an address as the browser tells it."""
    path = (pathname or HOME).removeprefix(HOME).rstrip("/") or "/"
    params = dict(parse_qsl((search or "").removeprefix("?"), keep_blank_values=False, max_num_fields=60))
    return Visit(rooms=rooms, path=path, params=params, actor=current_actor.get(), now=rooms.clock.now())


def address(path: str, /, **params: str) -> str:
    """An address below ``/ui``; empty values are left out."""
    query = urlencode({name: value for name, value in params.items() if value}, quote_via=quote, safe=",:*.")
    base = HOME + (path if path != "/" else "/")
    return f"{base}?{query}" if query else base


def window_of(text: str, now: datetime) -> Window:
    """The window a range means at ``now``; what cannot be read is the default range."""
    length = _LENGTH.fullmatch(text)
    if length:
        return Window(now - min(int(length[1]) * _UNITS[length[2]], LONGEST), now)
    start, _, end = text.partition("..")
    try:
        window = Window(datetime.fromisoformat(start), datetime.fromisoformat(end))
    except ValueError:
        return Window(now - RANGES[DEFAULT_RANGE], now)
    aware = window.start.tzinfo is not None and window.end.tzinfo is not None
    return window if aware and window.start < window.end else Window(now - RANGES[DEFAULT_RANGE], now)
