"""Who is behind a request: a session cookie, or a token as ``Bearer`` or as the password of ``Basic``."""

from __future__ import annotations

import asyncio
import base64
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from infra.clock import Clock, SystemClock
from infra.feed import Feed
from infra.records import Records
from infra.web.cookie import read_cookie
from infra.web.seams import ANONYMOUS, Actor
from trust.identity.credential import well_formed
from trust.identity.sessions import find_session, touch_session
from trust.identity.tokens import TokenKind, Tokens
from trust.settings import Identities

FRESH_S = 0.5
"""How long an answer of the database is used again: a session or token that was ended is cut within this time."""
PEOPLE = "people"
_REMEMBERED = 10_000

T = TypeVar("T")


class _Fresh(Generic[T]):
    """Answers of the last half second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[int, float, T]] = OrderedDict()
        self._turn = 0

    async def get(self, key: str, ask: Callable[[str], T]) -> T:
        kept, turn, now = self._kept.get(key), self._turn, self._clock.monotonic()
        if kept is not None and kept[0] == turn and now - kept[1] < FRESH_S:
            return kept[2]
        answer = await asyncio.to_thread(ask, key)
        self._kept[key] = (turn, now, answer)
        self._kept.move_to_end(key)
        while len(self._kept) > _REMEMBERED:
            self._kept.popitem(last=False)
        return answer

    def forget(self) -> None:
        """Believe nothing that was asked before now; from any thread."""
        self._turn += 1


class WebAuthenticator:
    """Implements ``infra.web.seams.Authenticator``. ``secure`` says whether the site is served over HTTPS."""

    def __init__(
        self,
        records: Records,
        tokens: Tokens,
        *,
        secure: bool,
        settings: Identities | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._records = records
        self._tokens = tokens
        self._secure = secure
        self._settings = settings or Identities()
        self._clock = clock or SystemClock()
        self._sessions: _Fresh[Actor] = _Fresh(self._clock)
        self._scripts: _Fresh[Actor] = _Fresh(self._clock)

    async def authenticate(self, headers: Mapping[str, str]) -> Actor:
        """The actor, or ``ANONYMOUS``. A request that shows a token is judged by the token alone."""
        if "authorization" in headers:
            secret = bearer_of(headers["authorization"])
            return await self._scripts.get(secret, self._script) if secret else ANONYMOUS
        secret = read_cookie(headers.get("cookie", ""), secure=self._secure)
        return await self._sessions.get(secret, self._person) if secret else ANONYMOUS

    def listen(self, feed: Feed) -> Callable[[], None]:
        """Forget whenever the feed tells of accounts, sessions or tokens; the answer ends it."""
        return feed.subscribe([PEOPLE], lambda notice: self.forget())

    def forget(self) -> None:
        """Ask the database again for everybody: something was ended."""
        self._sessions.forget()
        self._scripts.forget()

    def _person(self, secret: str) -> Actor:
        now = self._clock.now()
        found = self._records.read(lambda session: find_session(session, secret, now, self._settings))
        if found is None:
            return ANONYMOUS
        actor, touch = found
        if touch:
            self._records.submit(lambda session: touch_session(session, actor.session, now))
        return actor

    def _script(self, secret: str) -> Actor:
        token = self._tokens.find(secret)
        if token is None:
            return ANONYMOUS
        if token.kind is TokenKind.SOURCE:
            return Actor(id=token.id, name=token.name, kind="source", source=token.source)
        return Actor(id=token.id, name=token.name, kind="token", roles=token.roles)


class SourceTokens:
    """Says which source a shipper's credentials belong to (``collectors.receivers.SourceAuthenticator``)."""

    def __init__(self, tokens: Tokens, clock: Clock | None = None) -> None:
        self._tokens = tokens
        self._known: _Fresh[str | None] = _Fresh(clock or SystemClock())

    async def authenticate(self, headers: Mapping[str, str]) -> str | None:
        """The source, or None."""
        secret = bearer_of(headers.get("authorization", ""))
        return await self._known.get(secret, self._source) if secret else None

    def _source(self, secret: str) -> str | None:
        token = self._tokens.find(secret)
        return token.source if token is not None and token.kind is TokenKind.SOURCE else None


def bearer_of(authorization: str) -> str:
    """The token of an ``Authorization`` header: after ``Bearer``, after ``ApiKey``, or the password of ``Basic``
    (RFC 6750, RFC 7617); '' where it cannot be one."""
    scheme, _, rest = authorization[:1024].strip().partition(" ")
    secret = rest.strip()
    if scheme.lower() == "basic":
        secret = _basic_password(secret)
    elif scheme.lower() not in ("bearer", "apikey"):
        return ""
    return secret if well_formed(secret) else ""


def _basic_password(encoded: str) -> str:
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except ValueError:  # not base64, not ASCII, not UTF-8
        return ""
    return pair.partition(":")[2]
