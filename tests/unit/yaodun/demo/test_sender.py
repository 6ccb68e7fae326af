"""The sender of the demonstration: what it sends arrives at the doors whole, and a closed door is told in words."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import httpx
import pytest

from infra.errors import AppError
from yaodun.demo.everyday import readings
from yaodun.demo.label import labelled, process
from yaodun.demo.sender import PER_REQUEST, Sender
from yaodun.simulation.dice import Dice

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)


class Door:
    """Answers like the ingest service; ``busy`` of the first calls are told to come again."""

    def __init__(self, busy: int = 0) -> None:
        self.busy = busy
        self.bodies: list[tuple[str, bytes, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.busy:
            self.busy -= 1
            return httpx.Response(429)
        self.bodies.append((request.url.path, request.content, request.headers["authorization"]))
        lines = request.content.strip().count(b"\n") + 1
        if request.url.path == "/_bulk":
            return httpx.Response(200, json={"errors": False, "items": []})
        return httpx.Response(200, json={"records": lines, "accepted": lines, "quarantined": 0})


def _sender(door: Door) -> Sender:
    sender = Sender("http://door", "host-token", "business-token")
    sender.close()
    sender._client = httpx.Client(base_url="http://door", transport=httpx.MockTransport(door))
    return sender


def test_documents_and_events_go_to_their_doors_with_their_tokens() -> None:
    door = Door(busy=2)
    sender = _sender(door)
    documents = [labelled("demo-std-web", NOW, "entry", "r", process("/bin/id", "id"))] * (PER_REQUEST + 3)
    assert sender.documents(documents) == PER_REQUEST + 3
    count = sender.events(readings(Dice(1, "x"), NOW, "r"))
    assert [(path, token) for path, _, token in door.bodies] == [
        ("/_bulk", "Bearer host-token"),
        ("/_bulk", "Bearer host-token"),
        *[("/api/v1/business", "Bearer business-token")] * math.ceil(count / PER_REQUEST),
    ]
    assert sender.sent == {"host_events": PER_REQUEST + 3, "business_events": count, "quarantined": 0}
    sender.close()


def test_a_closed_door_is_told_with_what_to_do() -> None:
    sender = Sender("http://127.0.0.1:9", "a", "b")
    with pytest.raises(AppError, match="yaodun up"):
        sender.documents([labelled("demo-std-web", NOW, "entry", "r", process("/bin/id", "id"))])
    sender.close()
