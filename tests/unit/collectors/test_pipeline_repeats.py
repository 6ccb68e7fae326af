"""The same line again and again takes a short way: what comes out is what the long way gives, event by event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.rules import Engine, load_rules
from analytics.rules.load import shipped_rules
from collectors.frames import pack_records
from collectors.parsers.seams import Parsed, Refused
from collectors.parsers.shipped import ShippedParsers
from collectors.pipeline import Pipeline
from infra.events import Event, Frame, Signal, Stream
from infra.spool import SpoolPosition
from infra.store.embedded.columns import to_arrow, to_events
from tests.unit.collectors.test_pipeline import Kept

RULES = load_rules([shipped_rules()])
NS = int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp() * 1e9)
LINES = (
    b"<38>Nov 24 11:59:%02d gate sshd[900]: Failed password for root from 203.0.113.7 port 40022 ssh2",
    b"<38>Nov 24 11:59:%02d gate sshd[900]: Accepted password for root from 203.0.113.7 port 40022 ssh2",
    b"<86>Nov 24 11:59:%02d gate sudo: web : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/cat /etc/shadow",
    b"<13>Nov 24 11:59:%02d gate app: \xe8\x8d\xaf\xe5\x93\x81 unknown words %%d",
    b"nothing of that",
)


class OneFrameEach:
    """A reader that gives frames one turn at a time."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._left = [(frame, SpoolPosition(1, 100 * (at + 1))) for at, frame in enumerate(frames)]

    def read(self, max_bytes: int, max_frames: int) -> list[tuple[Frame, SpoolPosition]]:
        taken, self._left = self._left[:2], self._left[2:]
        return taken

    def release(self, position: SpoolPosition) -> int:
        return 0


class LongWay:
    """The same parsers, no two answers the same object: nothing to recognise."""

    def parse(self, frame: Frame) -> list[Parsed | Refused]:
        return [
            Parsed(item.stream, dict(item.document), item.identity, item.records) if isinstance(item, Parsed) else item
            for item in ShippedParsers().parse(frame)
        ]


class OneByOne:
    """The same engine, never told which events are alike."""

    def __init__(self) -> None:
        self._engine = Engine(RULES)

    def match(self, events: Sequence[Event], twins: Sequence[int] | None = None) -> list[Signal]:
        return self._engine.match(events)


def tag(event: Event) -> None:
    """An enrichment."""
    event.setdefault("yaodun.system", "cloud")


def outcome(frames: Sequence[Frame], parsers: Any, detector: Any) -> tuple[list[Event], list[Signal]]:
    store, signals = Kept(), list[Signal]()
    pipeline = Pipeline(
        spool="t", reader=OneFrameEach(frames), parsers=parsers, enrich=tag,
        detector=detector, hand_over=signals.extend, store=store,  # type: ignore[arg-type]
    )  # fmt: skip
    while pipeline.turn():
        pass
    return [event for stream in Stream for event in store.events(stream)], signals


lines = st.lists(st.tuples(st.sampled_from(LINES), st.integers(0, 2)), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(st.lists(lines, min_size=1, max_size=4))
def test_the_short_way_gives_what_the_long_way_gives(batches: list[list[tuple[bytes, int]]]) -> None:
    frames = []
    for number, batch in enumerate(batches):
        raws = [line % second if b"%02d" in line else line for line, second in batch]
        frames.append(Frame("syslog:gate", "syslog", len(raws), NS + number, pack_records(raws), "192.0.2.1"))
    fast, fast_signals = outcome(frames, ShippedParsers(), Engine(RULES))
    slow, slow_signals = outcome(frames, LongWay(), OneByOne())
    assert fast == slow
    assert fast_signals == slow_signals
    assert len({event["event.id"] for event in fast}) == len(fast)


@settings(max_examples=40, deadline=None)
@given(lines.filter(bool))
def test_a_store_told_who_says_the_same_keeps_every_event(batch: list[tuple[bytes, int]]) -> None:
    raws = [line % second if b"%02d" in line else line for line, second in batch]
    frames = [Frame("syslog:gate", "syslog", len(raws), NS, pack_records(raws), "192.0.2.1")]
    kept = Kept()
    pipeline = Pipeline(
        spool="t", reader=OneFrameEach(frames), parsers=ShippedParsers(), enrich=tag,
        detector=Engine(RULES), hand_over=lambda signals: None, store=kept,  # type: ignore[arg-type]
    )  # fmt: skip
    pipeline.turn()
    (told,) = kept.batches
    made = {
        event["event.id"]: event for event in to_events(to_arrow(told.events[Stream.LOGS], told.twins.get(Stream.LOGS)))
    }
    assert made == {event["event.id"]: event for event in told.events[Stream.LOGS]}


def test_columns_of_many_alike_and_a_few_others_hold_every_event() -> None:
    alike = [
        {"event.id": f"a{n}", "@timestamp": datetime(2026, 11, 24, tzinfo=UTC), "message": "m"} for n in range(200)
    ]
    other = [{"event.id": f"b{n}", "source.port": n, "yaodun.flat": {"k": {"n": n}}} for n in range(3)]
    odd = [{"event.id": f"c{n}", "no.such.name": n} for n in range(70)]
    given_events = [*alike[:100], *other, *odd, *alike[100:]]
    made = {event["event.id"]: event for event in to_events(to_arrow(given_events))}
    assert len(made) == len(given_events)
    assert all(made[event["event.id"]] == event for event in [*alike, *other])
    assert made["c7"]["yaodun.flat"] == {"no.such.name": 7}
