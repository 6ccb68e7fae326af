"""The pipeline: exact counts, stable identities, quarantine, and a crash at any point repeats without doubling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.parsers.seams import Parsed, Refused
from collectors.pipeline import Pipeline
from infra.events import Event, Frame, Rejection, Signal, Stream, Why
from infra.exchange import Level
from infra.spool import SpoolPosition
from infra.store.seams import Batch

RECEIVED = datetime(2026, 11, 18, 6, tzinfo=UTC)
RECEIVED_NS = int(RECEIVED.timestamp() * 1e9)


def frame(body: bytes, count: int, source: str = "s", identity: str = "") -> Frame:
    return Frame(source=source, kind="test", count=count, received_ns=RECEIVED_NS, body=body, identity=identity)


class Words:
    """A parser for tests: one record a word; ``bad`` is refused, ``1.5`` gives a port of a wrong type."""

    def parse(self, frame: Frame) -> list[Parsed | Refused]:
        return [self._one(frame, number, word) for number, word in enumerate(frame.body.split())]

    def _one(self, frame: Frame, number: int, word: bytes) -> Parsed | Refused:
        if word == b"bad":
            return Refused(Rejection("malformed", "", "bad word"), word)
        document: Event = {"message": word.decode(), "source.port": word.decode() if b"." in word else None}
        identity = f"{frame.identity}:{number}" if frame.identity else ""
        return Parsed(Stream.LOGS, document, identity)


class Frames:
    """Frames in memory, read from a position as the spool's reader does."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.frames = [(item, SpoolPosition(1, number + 1)) for number, item in enumerate(frames)]
        self.at = 0
        self.released = SpoolPosition()

    def read(self, max_bytes: int, max_frames: int) -> list[tuple[Frame, SpoolPosition]]:
        taken = self.frames[self.at : self.at + max_frames]
        self.at += len(taken)
        return taken

    def release(self, position: SpoolPosition) -> int:
        self.released = position
        return 0


class Kept:
    """A store for tests that keeps batches and can be told to break before it commits."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.break_next = False

    def committed(self, spool: str) -> SpoolPosition:
        return self.batches[-1].position if self.batches else SpoolPosition()

    def append(self, batch: Batch) -> None:
        if self.break_next:
            self.break_next = False
            raise OSError("disk")
        self.batches.append(batch)

    def present(self, ids: Sequence[str]) -> set[str]:
        return set(ids) & set(self.ids_since(""))

    def ids_since(self, hour: str) -> Iterator[str]:
        every = (event["event.id"] for batch in self.batches for part in batch.events.values() for event in part)
        return (name for name in every if name >= hour)

    def events(self, stream: Stream) -> list[Event]:
        return [event for batch in self.batches for event in batch.events.get(stream, ())]

    def counts(self) -> Mapping[str, tuple[int, int]]:
        totals: dict[str, tuple[int, int]] = {}
        for batch in self.batches:
            for source, count in batch.counts.items():
                stored, quarantined = totals.get(source, (0, 0))
                totals[source] = (stored + count.stored, quarantined + count.quarantined)
        return totals


class Alarm:
    """A detector that fires on the word ``attack``."""

    def match(self, events: Sequence[Event], twins: Sequence[int] | None = None) -> list[Signal]:
        return [
            Signal(
                id="sig-" + event["event.id"], time=event["@timestamp"], rule_id="r", rule_name="attack", detector="t",
                level=Level.HIGH, event_ids=(event["event.id"],), entity_type="host", entity_value="h",
                why=(Why("message", "attack", "attack"),),
            )
            for event in events
            if event.get("message") == "attack"
        ]  # fmt: skip


def pipeline(frames: Frames, store: Kept, handed: list[Signal]) -> Pipeline:
    def enrich(event: Event) -> None:
        event["yaodun.system"] = "cloud"

    return Pipeline(
        spool="ingest", reader=frames, parsers=Words(), enrich=enrich, detector=Alarm(),
        hand_over=lambda signals: handed.extend(signals), store=store,  # type: ignore[arg-type]
    )  # fmt: skip


def test_what_was_received_is_counted_from_the_frames() -> None:
    store = Kept()
    pipeline(Frames([frame(b"a bad", 2)]), store, []).turn()
    (count,) = store.batches[0].counts.values()
    assert (count.received, count.newest_ns) == (2, RECEIVED_NS)


def test_every_record_is_stored_or_quarantined_and_counted() -> None:
    frames, store = Frames([frame(b"a b bad 1.5", 4), frame(b"c", 1, "other")]), Kept()
    assert pipeline(frames, store, []).turn() == 2
    assert store.counts() == {"s": (2, 2), "other": (1, 0)}
    reasons = {event["yaodun.quarantine.reason"] for event in store.events(Stream.QUARANTINE)}
    assert reasons == {"malformed", "type_conflict"}
    assert frames.released == SpoolPosition(1, 2)


def test_an_event_carries_identity_source_stream_and_system() -> None:
    store = Kept()
    pipeline(Frames([frame(b"hello", 1)]), store, []).turn()
    (event,) = store.events(Stream.LOGS)
    assert event["event.id"].startswith("2026111806-")
    wanted = {"yaodun.source": "s", "yaodun.stream": "logs", "yaodun.system": "cloud", "ecs.version": "9.4.0"}
    assert wanted.items() <= event.items()


def test_two_equal_lines_are_two_events() -> None:
    store = Kept()
    pipeline(Frames([frame(b"x x", 2)]), store, []).turn()
    assert len({event["event.id"] for event in store.events(Stream.LOGS)}) == 2


@pytest.mark.parametrize("restart", [False, True])
def test_a_delivery_repeated_with_its_identity_is_stored_once_and_counted(restart: bool) -> None:
    store = Kept()
    first = pipeline(Frames([frame(b"x y", 2, identity="agent/7"), frame(b"x y", 2, identity="agent/7")]), store, [])
    first.turn(max_frames=1)
    again = Frames([frame(b"p", 1), frame(b"x y z", 3, identity="agent/7")])
    again.frames = [(item, SpoolPosition(2, number + 1)) for number, (item, _) in enumerate(again.frames)]
    second = pipeline(again, store, []) if restart else first
    if restart:
        second.recall(RECEIVED)
    second.turn()
    assert sorted(event["message"] for event in store.events(Stream.LOGS)) == (
        ["p", "x", "y", "z"] if restart else ["x", "y"]
    )
    totals = [count for batch in store.batches for count in batch.counts.values()]
    assert sum(count.duplicates for count in totals) == 2
    assert all(count.received == count.stored + count.quarantined + count.duplicates for count in totals)


def test_a_repeat_within_one_turn_is_stored_once() -> None:
    store = Kept()
    repeated = frame(b"x bad", 2, identity="agent/7")
    pipeline(Frames([repeated, repeated]), store, []).turn()
    (count,) = store.batches[0].counts.values()
    assert [event["message"] for event in store.events(Stream.LOGS)] == ["x"]
    assert (count.received, count.stored, count.quarantined, count.duplicates) == (4, 1, 1, 2)


def test_a_signal_is_handed_over_before_the_store_commits_and_repeats_with_the_same_id() -> None:
    frames, store, handed = Frames([frame(b"attack", 1)]), Kept(), list[Signal]()
    line = pipeline(frames, store, handed)
    store.break_next = True
    with pytest.raises(OSError, match="disk"):
        line.turn()
    assert len(handed) == 1
    assert store.batches == []
    frames.at = 0
    line.turn()
    assert {signal.id for signal in handed} == {handed[0].id}
    (kept,) = store.events(Stream.SIGNALS)
    assert kept["rule.id"] == "r"
    assert kept["yaodun.signal.event_id"] == list(handed[0].event_ids)


def test_frames_already_in_the_store_are_not_taken_again() -> None:
    frames, store = Frames([frame(b"a", 1), frame(b"b", 1)]), Kept()
    pipeline(frames, store, []).turn(max_frames=1)
    frames.at = 0
    pipeline(frames, store, []).turn()
    assert [event["message"] for event in store.events(Stream.LOGS)] == ["a", "b"]


def test_bytes_that_are_not_text_stay_exact_in_quarantine() -> None:
    class Refuser:
        def parse(self, frame: Frame) -> list[Any]:
            return [Refused(Rejection("malformed", "", "not text"), frame.body)]

    store = Kept()
    line = Pipeline(
        spool="ingest", reader=Frames([frame(b"\xff\xfe", 1)]), parsers=Refuser(), enrich=lambda event: None,
        detector=Alarm(), hand_over=lambda signals: None, store=store,  # type: ignore[arg-type]
    )  # fmt: skip
    line.turn()
    assert store.events(Stream.QUARANTINE)[0]["yaodun.raw.bytes"] == b"\xff\xfe"
