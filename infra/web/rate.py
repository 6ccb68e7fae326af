"""A limit on requests per client: a bucket of tokens each, refilled steadily."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.web.seams import current_actor

_REMEMBERED = 20_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Buckets:
    """``take(key)`` is True ``per_s`` times a second, ``burst`` times at once."""

    def __init__(self, per_s: float, burst: int, clock: Clock | None = None) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock or SystemClock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str) -> bool:
        """May one more pass? Takes its token if so."""
        now = self._clock.monotonic()
        bucket = self._buckets.setdefault(key, _Bucket(float(self._burst), now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._per_s)
        bucket.at = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True


class RateLimit:
    """Stands inside authentication: who is known is counted by name, who is not by address."""

    def __init__(self, app: ASGIApp, buckets: Buckets) -> None:
        self._app = app
        self._buckets = buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not self._buckets.take(_key(scope)):
            raise AppError(ErrorKind.RATE_LIMITED, "infra.web.slow_down", place=scope["path"][:100], seconds=1)
        await self._app(scope, receive, send)


def _key(scope: Scope) -> str:
    actor = current_actor.get()
    return f"actor {actor.id}" if actor.id else f"address {client_address(scope)}"


def client_address(scope: Scope) -> str:
    """The address the connection comes from; headers that claim another are not believed."""
    client = scope.get("client")
    return str(client[0]) if client else ""
