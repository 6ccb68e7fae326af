"""What the web process measures of itself, and how ``/metrics`` says it (Prometheus text format 0.0.4)."""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

Sample = tuple[str, dict[str, str], float]
"""Name, labels, value."""


class Measures:
    """Counts requests by method and status, and how long they took; other rooms add samples of their own."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._buckets: Counter[float] = Counter()
        self._seconds = 0.0
        self._count = 0
        self._sources: list[Callable[[], Iterable[Sample]]] = []
        self.sockets = 0

    def add(self, source: Callable[[], Iterable[Sample]]) -> None:
        """Ask ``source`` for samples whenever somebody reads the metrics."""
        self._sources.append(source)

    def note(self, method: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests[method if method in _METHODS else "other", status] += 1
        self._count += 1
        self._seconds += seconds
        for bound in BOUNDS_S:
            if seconds <= bound:
                self._buckets[bound] += 1

    def text(self) -> str:
        """Everything in the text format."""
        lines = [f"{_line(name, labels)} {value:g}" for name, labels, value in self._samples()]
        return "\n".join(lines) + "\n"

    def _samples(self) -> Iterable[Sample]:
        for (method, status), count in sorted(self._requests.items()):
            yield "yaodun_http_requests_total", {"method": method, "status": str(status)}, count
        for bound in BOUNDS_S:
            yield "yaodun_http_request_seconds_bucket", {"le": f"{bound:g}"}, self._buckets[bound]
        yield "yaodun_http_request_seconds_bucket", {"le": "+Inf"}, self._count
        yield "yaodun_http_request_seconds_sum", {}, self._seconds
        yield "yaodun_http_request_seconds_count", {}, self._count
        yield "yaodun_http_websockets", {}, self.sockets
        usage = resource.getrusage(resource.RUSAGE_SELF)
        yield "process_cpu_seconds_total", {}, usage.ru_utime + usage.ru_stime
        for source in self._sources:
            yield from source()


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _line(name: str, labels: dict[str, str]) -> str:
    if not labels:
        return name
    inner = ",".join(f'{key}="{_escape(value)}"' for key, value in labels.items())
    return f"{name}{{{inner}}}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


class Measured:
    """Notes every answer, whatever layer gave it."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app = app
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, start = 500, time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._measures.note(scope["method"], status, time.perf_counter() - start)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._measures.sockets += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._measures.sockets -= 1
