"""Through the front door: documents by ``_bulk``, business events by their own door, with tokens of their own."""

from __future__ import annotations

import ssl
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import httpx
import orjson

from infra.errors import AppError, ErrorKind
from infra.events.business import BusinessEvent, encode_event
from yaodun.demo.label import Document

PER_REQUEST = 1000
TRIES = 60
INDEX = b'{"create":{"_index":"demo-hosts"}}\n'


class Sender:
    """Sends to the ingest service at ``base``; ``tokens`` are those of the two sources. Counts what was answered."""

    def __init__(self, base: str, host_token: str, business_token: str, ca: str = "") -> None:
        verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=ca) if ca else True
        if isinstance(verify, ssl.SSLContext):
            verify.check_hostname = False
        self._client = httpx.Client(base_url=base, timeout=60.0, verify=verify, trust_env=False)
        self._host, self._business = {"authorization": f"Bearer {host_token}"}, business_token
        self.sent: Counter[str] = Counter()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def documents(self, documents: Iterable[Document]) -> int:
        """Host and network events; how many."""
        total = 0
        for part in _parts(documents):
            body = b"".join(INDEX + orjson.dumps(document) + b"\n" for document in part)
            answer = self._post("/_bulk", body, {**self._host, "content-type": "application/x-ndjson"})
            if answer.get("errors"):
                raise AppError(ErrorKind.INTERNAL, "yaodun.demo.refused", place="_bulk", problem=str(answer)[:200])
            total += len(part)
        self.sent["host_events"] += total
        return total

    def events(self, events: Iterable[BusinessEvent]) -> int:
        """Business events; how many."""
        total = 0
        headers = {"authorization": f"Bearer {self._business}", "content-type": "application/x-ndjson"}
        for part in _parts(events):
            answer = self._post("/api/v1/business", b"\n".join(map(encode_event, part)), headers)
            self.sent["quarantined"] += answer["quarantined"]
            total += answer["records"]
        self.sent["business_events"] += total
        return total

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        for attempt in range(TRIES):
            try:
                answer = self._client.post(path, content=body, headers=headers)
            except httpx.TransportError as problem:
                raise AppError(
                    ErrorKind.UNAVAILABLE, "yaodun.demo.no_door", place=str(self._client.base_url), problem=str(problem)
                ) from None
            if answer.status_code not in (429, 503):
                break
            time.sleep(min(2.0, 0.1 * (attempt + 1)))
        if answer.status_code != 200:
            raise AppError(ErrorKind.INTERNAL, "yaodun.demo.refused", place=path, problem=answer.text[:200])
        found: dict[str, Any] = orjson.loads(answer.content)
        return found


def _parts(items: Iterable[Any]) -> Iterator[list[Any]]:
    part: list[Any] = []
    for item in items:
        part.append(item)
        if len(part) == PER_REQUEST:
            yield part
            part = []
    if part:
        yield part
