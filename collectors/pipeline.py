"""The pipeline: spooled frames in, conformed, enriched, matched events and their signals out, exactly once.

One turn reads some frames, makes their events, hands signals over durably, then lets the store take events, counts and
the spool position in one transaction. A crash anywhere repeats the turn: events have the same ids, signals too.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Protocol

import orjson

from collectors.parsers.seams import Parsed, Parsers, Refused
from collectors.seen import Seen
from infra.events import Conformer, Detector, Event, Frame, Rejection, Signal, Stream, table
from infra.events.frame import SKEW
from infra.events.table import ECS_VERSION
from infra.ids import NumberedIds, event_id
from infra.spool import SpoolPosition
from infra.store.seams import Batch, EventStore, SourceCount
from infra.uncollected import uncollected

log = logging.getLogger(__name__)
MATCHED = frozenset({Stream.LOGS, Stream.INVENTORY, Stream.FLOWS, Stream.BUSINESS})
MAX_QUARANTINED_TEXT = 64 * 1024


class FrameReader(Protocol):
    """The reading end of the spool."""

    def read(self, max_bytes: int, max_frames: int) -> list[tuple[Frame, SpoolPosition]]: ...

    def release(self, position: SpoolPosition) -> int: ...


Enrich = Callable[[Event], None]
"""Adds unit, system, asset and dimension to an event in place."""

HandOver = Callable[[Sequence[Signal]], None]
"""Makes signals durable for whoever correlates them."""


class Pipeline:
    """Turns frames into stored events. One per spool, on one thread."""

    def __init__(
        self, *, spool: str, reader: FrameReader, parsers: Parsers, enrich: Enrich, detector: Detector,
        hand_over: HandOver, store: EventStore,
        sensing: Detector | None = None,
    ) -> None:  # fmt: skip
        self._spool, self._reader, self._parsers, self._enrich = spool, reader, parsers, enrich
        self._detector, self._hand_over, self._store = detector, hand_over, store
        self._sensing = sensing
        self._seen = Seen(store)
        self._conformer = Conformer(table())
        self.totals: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        """Records received since the start, per source."""
        self.newest_ns = 0

    def recall(self, now: datetime) -> None:
        """Learn, after a start, which events of this hour and the one before are stored."""
        self._seen.load((now - timedelta(hours=1)).strftime("%Y%m%d%H"))

    def turn(self, max_bytes: int = 4 << 20, max_frames: int = 500) -> int:
        """Take what is there, at most so much; returns how many frames were taken."""
        with uncollected():  # a turn makes a million containers, none of which is part of a cycle
            return self._turn(max_bytes, max_frames)

    def _turn(self, max_bytes: int, max_frames: int) -> int:
        taken = self._reader.read(max_bytes, max_frames)
        if not taken:
            return 0
        turn = _Turn()
        start = self._store.committed(self._spool)
        for frame, position in taken:
            if position > start:
                turn.receive(frame)
                self._take(frame, position, turn)
        self._drop_repeated(turn)
        signals = self._match(turn)
        position = taken[-1][1]
        self._store.append(turn.batch(self._spool, position))
        self._seen.remember(turn.named)
        self._reader.release(position)
        self._count(taken, turn, signals)
        return len(taken)

    def _take(self, frame: Frame, position: SpoolPosition, turn: _Turn) -> None:
        hour, records = frame.arrival_hour, 0
        places = NumberedIds(hour, frame.source, f"{position.segment}.{position.offset}")
        answer = self._parsers.parse(frame)
        found, made = self._conformed(frame, answer), dict[int, Event]()
        for index, item in enumerate(answer):
            records += item.records
            own = item.identity if isinstance(item, Parsed) else frame.identity and f"{frame.identity}#{index}"
            name = event_id(hour, frame.source, own) if own else places.of(index)
            if own and not turn.name(name):
                turn.duplicates[frame.source] += item.records
            elif not isinstance(item, Parsed):
                turn.quarantine(frame, quarantined(frame, item.rejection, item.original), name, item.records)
            elif (first := made.get(id(item))) is not None:
                turn.repeat(frame, item.stream, first, name, item.records)
            elif isinstance(event := found[id(item)], Rejection):
                refusal = quarantined(frame, event, orjson.dumps(item.document, default=_plain))
                turn.quarantine(frame, refusal, name, item.records)
            else:
                made[id(item)] = finished(event, frame, item.stream, name, self._enrich)
                turn.keep(frame, item.stream, event, item.records)
        if records != frame.count:
            log.error("pipeline.count", extra={"source": frame.source, "stated": frame.count, "parsed": records})

    def _conformed(self, frame: Frame, answer: Sequence[Parsed | Refused]) -> dict[int, Event | Rejection]:
        """What conforming makes of each understood record."""
        records = {id(item): item.document for item in answer if isinstance(item, Parsed)}
        found = self._conformer.take_all(list(records.values()), frame.received, frame.collected)
        return dict(zip(records, found, strict=True))

    def _drop_repeated(self, turn: _Turn) -> None:
        repeated = self._seen.repeated(list(turn.named))
        if repeated:
            turn.drop(repeated)
            self.totals["duplicates"] += len(repeated)

    def _match(self, turn: _Turn) -> list[Signal]:
        matched = [event for stream, events in turn.events.items() if stream in MATCHED for event in events]
        signals = self._detector.match(matched, turn.twins(matched))
        if self._sensing is not None:
            sensed = [event for events in turn.events.values() for event in events if "yaodun.sensor.id" in event]
            signals += self._sensing.match(sensed) if sensed else []
            matched += sensed
        if signals:
            self._hand_over(signals)
            sources = {event["event.id"]: event["yaodun.source"] for event in matched}
            turn.events[Stream.SIGNALS].extend(signal_event(signal, sources) for signal in signals)
        return signals

    def _count(self, taken: Sequence[tuple[Frame, SpoolPosition]], turn: _Turn, signals: Sequence[Signal]) -> None:
        self.totals["frames"] += len(taken)
        self.totals["records"] += turn.received.total()
        self.received += turn.received
        self.totals["bytes"] += sum(len(frame.body) for frame, _ in taken)
        self.totals["signals"] += len(signals)
        self.totals["stored"] += turn.stored.total()
        self.totals["quarantined"] += turn.quarantined.total()
        self.newest_ns = taken[-1][0].received_ns


class _Turn:
    """What one turn makes."""

    def __init__(self) -> None:
        self.events: dict[Stream, list[Event]] = defaultdict(list)
        self.stored: Counter[str] = Counter()
        self.quarantined: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self.newest_ns: dict[str, int] = {}
        self.duplicates: Counter[str] = Counter()
        self.named: dict[str, int] = {}
        self._first: dict[int, int] = {}

    def name(self, name: str) -> bool:
        """Take note of an id the source gave; False where this turn has it already."""
        if name in self.named:
            return False
        self.named[name] = 1
        return True

    def drop(self, repeated: Set[str]) -> None:
        """Take out events that are stored already."""
        for stream, events in self.events.items():
            again = [event for event in events if event["event.id"] in repeated]
            if again:
                self.events[stream] = [event for event in events if event["event.id"] not in repeated]
                counts = self.quarantined if stream is Stream.QUARANTINE else self.stored
                for event in again:
                    records = self.named[event["event.id"]]
                    counts[event["yaodun.source"]] -= records
                    self.duplicates[event["yaodun.source"]] += records

    def receive(self, frame: Frame) -> None:
        self.received[frame.source] += frame.count
        self.newest_ns[frame.source] = max(frame.received_ns, self.newest_ns.get(frame.source, 0))

    def keep(self, frame: Frame, stream: Stream, event: Event, records: int) -> None:
        self.events[stream].append(event)
        self.stored[frame.source] += records
        self._weigh(event, records)

    def repeat(self, frame: Frame, stream: Stream, first: Event, name: str, records: int) -> None:
        """Keep an event that says the same as ``first``."""
        event = first.copy()
        event["event.id"] = name
        self._first[id(event)] = id(first)
        self.keep(frame, stream, event, records)

    def twins(self, events: Sequence[Event]) -> list[int] | None:
        """For each event the place of the first that says the same; None where all differ."""
        if not self._first:
            return None
        places: dict[int, int] = {}
        return [places.setdefault(self._first.get(id(event), id(event)), at) for at, event in enumerate(events)]

    def quarantine(self, frame: Frame, event: Event, name: str, records: int) -> None:
        event["event.id"] = name
        self.events[Stream.QUARANTINE].append(event)
        self.quarantined[frame.source] += records
        self._weigh(event, records)

    def _weigh(self, event: Event, records: int) -> None:
        if self.named and event["event.id"] in self.named:
            self.named[event["event.id"]] = records

    def batch(self, spool: str, position: SpoolPosition) -> Batch:
        """All of it, for the store."""
        twins = {stream: told for stream, events in self.events.items() if (told := self.twins(events)) is not None}
        return Batch(spool=spool, position=position, events=self.events, counts=self.counts(), twins=twins)

    def counts(self) -> dict[str, SourceCount]:
        return {
            source: SourceCount(
                self.stored[source], self.quarantined[source], received, self.newest_ns[source], self.duplicates[source]
            )
            for source, received in self.received.items()
        }


def finished(event: Event, frame: Frame, stream: Stream, name: str, enrich: Enrich) -> Event:
    """A conformed event with its identity, source, stream and place in the register."""
    event["event.id"] = name
    event["ecs.version"] = ECS_VERSION
    event["yaodun.source"] = frame.source
    event["yaodun.stream"] = stream.value
    if skew := frame.meta.get(SKEW):
        event["yaodun.skew_ms"] = int(skew)
        event["yaodun.corrected"] = event["@timestamp"] + timedelta(milliseconds=int(skew))
    enrich(event)
    return event


def quarantined(frame: Frame, rejection: Rejection, original: bytes) -> Event:
    """The quarantine event of a record: why, where, and its bytes, so that it can be replayed."""
    text = original[:MAX_QUARANTINED_TEXT].decode("utf-8", "replace")
    event: Event = {
        "@timestamp": frame.received,
        "event.ingested": frame.received,
        "event.kind": "event",
        "event.original": text,
        "ecs.version": ECS_VERSION,
        "yaodun.source": frame.source,
        "yaodun.stream": Stream.QUARANTINE.value,
        "yaodun.quarantine.reason": rejection.reason,
        "yaodun.quarantine.field": rejection.field,
        "yaodun.quarantine.detail": rejection.detail,
        "yaodun.quarantine.frame": frame.kind,
    }
    if text.encode() != original:
        event["yaodun.raw.bytes"] = original
    return event


def signal_event(signal: Signal, sources: Mapping[str, str]) -> Event:
    """The event a signal is kept as in the signals stream; ``sources`` gives the source of an event id."""
    event: Event = {
        "@timestamp": signal.time,
        "event.id": event_id(signal.time.strftime("%Y%m%d%H"), "signal", signal.id),
        "event.kind": "signal",
        "ecs.version": ECS_VERSION,
        "rule.id": signal.rule_id,
        "rule.name": signal.rule_name,
        "rule.author": [signal.author] if signal.author else [],
        "threat.technique.id": list(signal.techniques),
        "yaodun.stream": Stream.SIGNALS.value,
        "yaodun.signal.id": signal.id,
        "yaodun.source": sources.get(signal.event_ids[-1], "") if signal.event_ids else "",
        "yaodun.signal.level": signal.level.value,
        "yaodun.signal.event_id": list(signal.event_ids),
        "yaodun.signal.entity.type": signal.entity_type,
        "yaodun.signal.entity.value": signal.entity_value,
        "yaodun.signal.why": {why.field: why.value for why in signal.why},
        "yaodun.signal.detector": signal.detector,
        "yaodun.dimension": signal.dimension.value,
    }
    if signal.system:
        event["yaodun.system"] = signal.system
    if signal.asset:
        event["yaodun.asset"] = signal.asset
    return event


def _plain(value: object) -> object:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
