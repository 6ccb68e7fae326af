"""``SensingJudge``: readings against the device register, as the detector of the sensing devices in the stream.

A thing that stays wrong is one episode: its first reading gives a signal, and so does one reading an hour while it
lasts, so that the alert shows that it goes on. What is remembered is bounded and kept in one file.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from collectors.parsers.readings import CONFLICT, FORGED, RETAINED, UNSIGNED
from collectors.sensing.device import Device, Limit
from collectors.sensing.track import Known, Track, Verdict
from infra.durable import replace_file
from infra.events import Signal, Why
from infra.events.stream import Event
from infra.exchange import Dimension, Level
from infra.ids import stable_id

DETECTOR = "sensing"
MAX_KNOWN = 50_000
MAX_KINDS = 16
PLACES_MS = 600_000
AGAIN_MS = 3_600_000
_FRESH_MS = 1_800_000
SAVE_S = 60.0
RULES: dict[str, tuple[str, Level, Dimension]] = {
    "silent": ("Sensing device is silent", Level.MEDIUM, Dimension.INFRASTRUCTURE),
    "out-of-range": ("Reading outside what the device can measure", Level.MEDIUM, Dimension.INFRASTRUCTURE),
    "stuck": ("Sensor is stuck", Level.LOW, Dimension.INFRASTRUCTURE),
    "drifting": ("Sensor drifts away from its neighbours", Level.LOW, Dimension.INFRASTRUCTURE),
    "replayed": ("Reading was replayed", Level.HIGH, Dimension.DATA),
    "forged": ("Identity of a sensing device is forged", Level.CRITICAL, Dimension.DATA),
    "two-places": ("Sensing device speaks from two places at once", Level.HIGH, Dimension.DATA),
    "unregistered": ("Sensing device is not in the register", Level.LOW, Dimension.INFRASTRUCTURE),
    "excursion": ("Cold chain: outside storage limits too long", Level.HIGH, Dimension.BUSINESS),
    "door-open": ("Cold chain: door open too long", Level.MEDIUM, Dimension.BUSINESS),
    "mean-kinetic": ("Cold chain: mean kinetic temperature too high", Level.HIGH, Dimension.BUSINESS),
}
_NO_LIMIT = Limit(stuck_minutes=0)
_BAD = {FORGED: "code of authentication is wrong", UNSIGNED: "no code of authentication", CONFLICT: "topic of another"}


class SensingJudge:
    """Implements ``Detector`` over events that carry ``yaodun.sensor.id``. ``book`` gives the register as it is now."""

    def __init__(self, book: Callable[[], Mapping[str, Device]], path: Path | None = None) -> None:
        self._book, self._path = book, path
        self._known: dict[str, Known] = _load(path)
        self._told: dict[tuple[str, str, str], int] = {}
        self._places: dict[tuple[str, str], dict[str, tuple[int, float]]] = defaultdict(dict)
        self._saved_s = time.monotonic()

    def match(self, events: Sequence[Event], twins: Sequence[int] | None = None) -> list[Signal]:
        """Signals of a batch, in its order; every reading counts, ``twins`` are no matter here."""
        signals: list[Signal] = []
        book = self._book()
        for event in events:
            name = event.get("yaodun.sensor.id")
            if name is None:
                continue
            device = book.get(name)
            for verdict in self._judge(name, device, event):
                signals += self._tell(name, device, event, verdict)
        if self._path and time.monotonic() - self._saved_s > SAVE_S:
            self.save()
        return signals

    def heard(self) -> dict[str, int]:
        """When each device was heard last, epoch milliseconds of arrival."""
        return {name: known.heard_ms for name, known in list(self._known.items())}

    def save(self) -> None:
        """Keep what is remembered."""
        self._saved_s = time.monotonic()
        if self._path:
            replace_file(self._path, msgspec.msgpack.encode(self._known))

    def _judge(self, name: str, device: Device | None, event: Event) -> list[Verdict]:
        if event.get("event.action") == "sensor-silent":
            since = int(event["event.start"].timestamp() * 1000)
            return [Verdict("silent", since, str(event.get("message", ""))[:200], "a reading")]
        if event.get("event.module") != "sensing" or event.get("event.kind") != "metric":
            return []
        moment = int(event["@timestamp"].timestamp() * 1000)
        quality = event.get("yaodun.sensor.quality", "")
        if quality in _BAD:
            return [Verdict("forged", moment // AGAIN_MS * AGAIN_MS, _BAD[quality], "the device's own")]
        if quality == RETAINED:
            return []
        known = self._of(name)
        found = self._credible(known, event, moment)
        if known.replayed < 0 or event.get("yaodun.sensor.sequence") != known.replayed:
            known.heard_ms = int(event["event.ingested"].timestamp() * 1000)
            found += self._measured(known, name, device, event, moment)
        if device is None:
            found.append(Verdict("unregistered", 0, str(event.get("event.dataset", "")), "an entry in the register"))
        elif device.gateways and event.get("yaodun.sensor.via") not in device.gateways:
            found.append(Verdict("two-places", 0, str(event.get("yaodun.sensor.via")), ", ".join(device.gateways)))
        return found

    def _of(self, name: str) -> Known:
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= MAX_KNOWN:
                del self._known[next(iter(self._known))]
            known = self._known[name] = Known()
        return known

    def _credible(self, known: Known, event: Event, moment: int) -> list[Verdict]:
        found = []
        sequence = event.get("yaodun.sensor.sequence")
        first = "event.original" in event
        if first:
            known.replayed = -1
        if sequence is not None and first and known.window.replayed(sequence, moment):
            known.replayed = sequence
            found.append(Verdict("replayed", moment, f"sequence {sequence}", f"> {known.window.top}"))
        return found + (self._moves(known, str(event.get("yaodun.sensor.via", "")), moment) if first else [])

    def _moves(self, known: Known, via: str, moment: int) -> list[Verdict]:
        """Handing over to another gateway is life; coming back to the first within minutes is two devices."""
        if not known.via or known.via[-1][0] != via:
            known.via = [*known.via[-3:], (via, moment)]
        else:
            known.via[-1] = (via, moment)
        recent = [each for each, at in known.via if moment - at <= PLACES_MS]
        if len(recent) < 4 or len(set(recent)) < 2 or recent[-1] != recent[-3]:
            return []
        return [Verdict("two-places", known.via[0][1], ", ".join(sorted(set(recent))), "one place at a time")]

    def _measured(self, known: Known, name: str, device: Device | None, event: Event, moment: int) -> list[Verdict]:
        kind, value = event["yaodun.sensor.kind"], event["yaodun.sensor.value"]
        limit = (device.limits.get(kind) if device else None) or _NO_LIMIT
        track = known.tracks.get(kind)
        if track is None:
            if len(known.tracks) >= MAX_KINDS:
                return []
            track = known.tracks[kind] = Track()
        neighbours = self._neighbours(device, kind, name, moment, value)
        return track.take(kind, moment, value, limit, neighbours)

    def _neighbours(self, device: Device | None, kind: str, name: str, moment: int, value: float) -> float | None:
        """The median of the other devices in the same place; None below two of them."""
        if device is None or not device.place:
            return None
        fresh = self._places[device.place, kind]
        others = [each for other, (at, each) in fresh.items() if other != name and moment - at <= _FRESH_MS]
        fresh[name] = (moment, value)
        return statistics.median(others) if len(others) >= 2 else None

    def _tell(self, name: str, device: Device | None, event: Event, verdict: Verdict) -> list[Signal]:
        moment = int(event["@timestamp"].timestamp() * 1000)
        key = (name, verdict.what, str(event.get("yaodun.sensor.kind", "")))
        since = verdict.since_ms // 1000
        step = (moment - verdict.since_ms) // AGAIN_MS if verdict.since_ms else 0
        mark = hash((since, step))
        if self._told.get(key) == mark:
            return []
        if len(self._told) >= MAX_KNOWN:
            self._told.clear()
        self._told[key] = mark
        return [self._signal(name, device, event, verdict, f"{since}.{step}")]

    def _signal(self, name: str, device: Device | None, event: Event, verdict: Verdict, episode: str) -> Signal:
        title, level, dimension = RULES[verdict.what]
        kind = str(event.get("yaodun.sensor.kind", ""))
        why = [Why(f"sensor.{kind}" if kind else "sensor", verdict.seen, verdict.expected)]
        if device and device.place:
            why.append(Why("place", device.place, "place of the device"))
        rule = f"sensing-{verdict.what}"
        return Signal(
            id=stable_id(rule, name, kind, episode), time=event["@timestamp"], rule_id=rule, rule_name=title,
            detector=DETECTOR, level=level, event_ids=(event["event.id"],), entity_type="device", entity_value=name,
            why=tuple(why), author="Yaodun", dimension=dimension, system=device.system if device else "",
        )  # fmt: skip


def _load(path: Path | None) -> dict[str, Known]:
    if path is not None:
        with contextlib.suppress(FileNotFoundError, msgspec.MsgspecError):
            return msgspec.msgpack.decode(path.read_bytes(), type=dict[str, Known])
    return {}
