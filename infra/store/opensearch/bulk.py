"""Our own bulk sender: lines built once, few requests in flight, and a right answer to every status.

429 and 5xx wait with growing, jittered pauses and fewer requests in flight; 413 halves the request; 409 on ``create``
means the document is there already, which is success; 400 is a document the server will never take, so it is handed
back.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson

from infra.errors import AppError, ErrorKind

_RETRY = frozenset({429, 502, 503, 504})
_FILTER = "errors,items.*.status,items.*.error.type,items.*.error.reason"


@dataclass(frozen=True, slots=True)
class Document:
    """One document to create: where, under which id, and its JSON."""

    index: str
    id: str
    body: bytes

    def lines(self) -> bytes:
        """Action and source line."""
        return orjson.dumps({"create": {"_index": self.index, "_id": self.id}}) + b"\n" + self.body + b"\n"


@dataclass(frozen=True, slots=True)
class Refused:
    """A document the server will never take, and why."""

    document: Document
    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How the sender behaves. ``patience_s`` is how long trouble may last before the batch is given up for now."""

    most_bytes: int = 5 << 20
    most_documents: int = 2_000
    most_in_flight: int = 3
    first_pause_s: float = 0.5
    longest_pause_s: float = 15.0
    patience_s: float = 60.0


Post = Callable[[bytes], tuple[int, bytes]]
"""Sends one bulk body; returns status and body, status 0 where the server cannot be reached."""


@dataclass(slots=True)
class Sending:
    """What became of a batch."""

    created: int = 0
    known: int = 0
    refused: list[Refused] = field(default_factory=list)
    requests: int = 0
    retries: int = 0


class BulkSender:
    """Sends documents until each is created, known or refused; ``AppError(UNAVAILABLE)`` when patience is over.

    Where a reply was lost, ``known`` tells which documents came in nevertheless before they are sent again: the server
    itself would not know them any more once somebody rolled over meanwhile.
    """

    def __init__(
        self,
        post: Post,
        pace: Pace | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        known: Callable[[Sequence[str]], Set[str]] | None = None,
    ) -> None:
        self._post, self.pace, self._known = post, pace or Pace(), known
        self._sleep, self._monotonic = sleep, monotonic
        self._window = self.pace.most_in_flight
        self._pool = ThreadPoolExecutor(self.pace.most_in_flight, thread_name_prefix="bulk")

    def send(self, documents: Iterable[Document]) -> Sending:
        """What became of ``documents``."""
        waiting = self._chunks(list(documents))
        done = Sending()
        pause, trouble_since = self.pace.first_pause_s, None
        lost = False
        while waiting:
            waiting, status = self._turn(waiting, done, look_first=lost)
            lost = status is not None and (status == 0 or status >= 500)
            if status is None:
                self._window = min(self.pace.most_in_flight, self._window + 1)
                pause, trouble_since = self.pace.first_pause_s, None
                continue
            self._window = max(1, self._window // 2)
            trouble_since = trouble_since or self._monotonic()
            if self._monotonic() - trouble_since > self.pace.patience_s:
                raise AppError(ErrorKind.UNAVAILABLE, "infra.opensearch_unavailable", status=status, retry_after_s=15)
            self._sleep(pause * random.uniform(0.5, 1.0))
            pause = min(self.pace.longest_pause_s, pause * 2)
        return done

    def _turn(
        self, waiting: list[list[Document]], done: Sending, *, look_first: bool
    ) -> tuple[list[list[Document]], int | None]:
        """One round; what is left, and the status where that needs a pause."""
        if look_first and self._known is not None:
            try:
                waiting = self._surely_new(waiting, self._known, done)
            except AppError:
                return waiting, 0
        now, later = waiting[: self._window], waiting[self._window :]
        again, status = self._round(now, done)
        return again + later, status

    def _surely_new(
        self, waiting: list[list[Document]], known: Callable[[Sequence[str]], Set[str]], done: Sending
    ) -> list[list[Document]]:
        there = known([document.id for chunk in waiting for document in chunk])
        done.known += len(there)
        rest = [[document for document in chunk if document.id not in there] for chunk in waiting]
        return [chunk for chunk in rest if chunk]

    def _chunks(self, documents: Sequence[Document]) -> list[list[Document]]:
        chunks: list[list[Document]] = []
        size = 0
        for document in documents:
            length = len(document.body) + 100
            full = not chunks or len(chunks[-1]) >= self.pace.most_documents or size + length > self.pace.most_bytes
            if full:
                chunks.append([])
                size = 0
            chunks[-1].append(document)
            size += length
        return chunks

    def _round(self, chunks: list[list[Document]], done: Sending) -> tuple[list[list[Document]], int | None]:
        """Send ``chunks`` at once; what has to be sent again, and the status where that needs a pause."""
        bodies = [b"".join(document.lines() for document in chunk) for chunk in chunks]
        again: list[list[Document]] = []
        trouble: int | None = None
        for chunk, (status, body) in zip(chunks, self._pool.map(self._post, bodies), strict=True):
            done.requests += 1
            rest, wait = self._judge(chunk, status, body, done)
            again += [part for part in rest if part]
            if wait:
                trouble = status
                done.retries += 1
        return again, trouble

    def _judge(
        self, chunk: list[Document], status: int, body: bytes, done: Sending
    ) -> tuple[list[list[Document]], bool]:
        if status == 200:
            later = self._items(chunk, orjson.loads(body), done)
            return [later], bool(later)
        if status == 413:
            return self._halves(chunk, done), False
        if status == 0 or status in _RETRY or status >= 500:
            return [chunk], True
        if status in (401, 403):
            raise AppError(ErrorKind.UNAVAILABLE, "infra.opensearch_denied", status=status, retry_after_s=60)
        raise AppError(
            ErrorKind.INTERNAL, "infra.opensearch_refused", status=status, problem=body[:200].decode(errors="replace")
        )

    def _halves(self, chunk: list[Document], done: Sending) -> list[list[Document]]:
        if len(chunk) == 1:
            done.refused.append(Refused(chunk[0], "too_large", f"{len(chunk[0].body)} bytes"))
            return []
        middle = len(chunk) // 2
        return [chunk[:middle], chunk[middle:]]

    def _items(self, chunk: list[Document], answer: dict[str, Any], done: Sending) -> list[Document]:
        if not answer.get("errors"):
            done.created += len(chunk)
            return []
        later = []
        for document, item in zip(chunk, answer["items"], strict=True):
            (found,) = item.values()
            status = found["status"]
            if status in (200, 201):
                done.created += 1
            elif status == 409:
                done.known += 1
            elif status in _RETRY or status >= 500:
                later.append(document)
            else:
                error = found.get("error", {})
                done.refused.append(Refused(document, error.get("type", str(status)), error.get("reason", "")[:1000]))
        return later

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


FILTER_PATH = _FILTER
