"""The sender against a server that does whatever the script says."""

from __future__ import annotations

import random
from collections.abc import Callable

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.errors import AppError, ErrorKind
from infra.store.opensearch.bulk import BulkSender, Document, Pace


class Server:
    """Keeps documents by id like ``create`` does; ``trouble`` may answer a request instead."""

    def __init__(self, trouble: Callable[[list[str]], tuple[int, bytes] | None] = lambda ids: None) -> None:
        self.kept: dict[str, bytes] = {}
        self.trouble = trouble
        self.requests: list[int] = []
        self.item_status: dict[str, list[int]] = {}

    def __call__(self, body: bytes) -> tuple[int, bytes]:
        lines = body.splitlines()
        ids = [orjson.loads(line)["create"]["_id"] for line in lines[::2]]
        self.requests.append(len(ids))
        if (answer := self.trouble(ids)) is not None:
            return answer
        items = [self._create(name, source) for name, source in zip(ids, lines[1::2], strict=True)]
        errors = any(item["create"]["status"] >= 300 for item in items)
        return 200, orjson.dumps({"errors": errors, "items": items} if errors else {"errors": False})

    def _create(self, name: str, source: bytes) -> dict[str, dict[str, object]]:
        if scripted := self.item_status.get(name):
            return {"create": {"status": scripted.pop(0), "error": {"type": "scripted", "reason": "because"}}}
        if name in self.kept:
            return {"create": {"status": 409, "error": {"type": "version_conflict_engine_exception"}}}
        self.kept[name] = source
        return {"create": {"status": 201}}


def documents(count: int, size: int = 10) -> list[Document]:
    return [Document("yaodun-logs-2026.11.24", f"d{n}", orjson.dumps({"n": n, "x": "y" * size})) for n in range(count)]


class Watch:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


def sender(server: Server, watch: Watch | None = None, **pace: float) -> BulkSender:
    watch = watch or Watch()
    return BulkSender(server, Pace(**pace), watch.sleep, watch.monotonic)  # type: ignore[arg-type]


def test_all_arrive_in_requests_of_bounded_size() -> None:
    server = Server()
    done = sender(server, most_documents=7).send(documents(50))
    assert (done.created, len(server.kept), max(server.requests)) == (50, 50, 7)


def test_what_is_there_already_is_success() -> None:
    server = Server()
    sender(server).send(documents(10))
    done = sender(server).send(documents(15))
    assert (done.created, done.known, done.refused) == (5, 10, [])


def test_an_overloaded_server_is_waited_for_with_growing_pauses_and_fewer_requests() -> None:
    left = [6]

    def busy(ids: list[str]) -> tuple[int, bytes] | None:
        left[0] -= 1
        return (429, b"") if left[0] >= 0 else None

    server, watch = Server(busy), Watch()
    done = sender(server, watch, most_documents=5).send(documents(40))
    assert (done.created, len(server.kept)) == (40, 40)
    assert len(watch.pauses) >= 3
    assert watch.pauses[2] > watch.pauses[0]


def test_single_items_that_were_pushed_back_are_sent_again_alone() -> None:
    server = Server()
    server.item_status["d3"] = [429, 503]
    done = sender(server).send(documents(10))
    assert (done.created, len(server.kept)) == (10, 10)
    assert server.requests == [10, 1, 1]


def test_a_request_too_large_is_halved_until_it_fits() -> None:
    server = Server(lambda ids: (413, b"") if len(ids) > 3 else None)
    done = sender(server).send(documents(20))
    assert (done.created, len(server.kept)) == (20, 20)


def test_a_document_too_large_by_itself_is_handed_back() -> None:
    server = Server(lambda ids: (413, b"") if "d4" in ids else None)
    done = sender(server).send(documents(8))
    assert [one.document.id for one in done.refused] == ["d4"]
    assert len(server.kept) == 7


def test_poison_is_handed_back_with_its_reason_and_blocks_nothing() -> None:
    server = Server()
    server.item_status["d2"] = [400]
    done = sender(server).send(documents(5))
    assert [(one.document.id, one.type, one.reason) for one in done.refused] == [("d2", "scripted", "because")]
    assert done.created == 4


def test_patience_ends_with_a_time_to_come_again() -> None:
    server, watch = Server(lambda ids: (0, b"")), Watch()
    with pytest.raises(AppError) as refused:
        sender(server, watch, patience_s=30).send(documents(3))
    assert refused.value.kind is ErrorKind.UNAVAILABLE
    assert refused.value.detail["retry_after_s"] > 0
    assert 30 < watch.now < 60


def test_denied_access_is_said_at_once() -> None:
    server, watch = Server(lambda ids: (403, b"")), Watch()
    with pytest.raises(AppError) as refused:
        sender(server, watch).send(documents(3))
    assert refused.value.message_key == "infra.opensearch_denied"
    assert watch.pauses == []


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_whatever_mood_the_server_is_in_every_document_is_accounted_for_once(seed: int, count: int) -> None:
    mood = random.Random(seed)

    def moody(ids: list[str]) -> tuple[int, bytes] | None:
        if mood.random() < 0.3:
            return mood.choice([(429, b""), (503, b""), (0, b"")])
        if mood.random() < 0.2 and len(ids) > 1:
            return 413, b""
        for name in ids:
            if mood.random() < 0.05 and name not in server.kept and name not in poison:
                server.item_status[name] = [mood.choice([429, 503])]
        return None

    poison = {f"d{n}" for n in range(count) if mood.random() < 0.1}
    server = Server(moody)
    for name in poison:
        server.item_status[name] = [400] * 50
    done = sender(server, most_documents=9, patience_s=1e9).send(documents(count))
    hurt = {one.document.id for one in done.refused}
    assert set(server.kept) | hurt == {f"d{n}" for n in range(count)}
    assert not set(server.kept) & hurt
    assert done.created + done.known + len(done.refused) == count
