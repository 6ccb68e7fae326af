"""The tape of a world: every event as it is recorded, and the truth about what was hidden among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from infra.events.business import Bill, BusinessEvent, Subject, Truth, encode_lines
from infra.events.business.envelope import Envelope
from yaodun.simulation.almanac import Almanac

CHUNK = 20_000
Kind = TypeVar("Kind", bound=Envelope)


class Tape:
    """Collects events and truths; gives identities, which begin with their kind and ``label``."""

    def __init__(self, almanac: Almanac, label: str) -> None:
        self.almanac, self._label = almanac, label
        self._events: list[BusinessEvent] = []
        self._dropped: set[str] = set()
        self.truths: list[Truth] = []
        self._number = 0

    @property
    def codes(self) -> int:
        """How many codes of every level were born."""
        return sum(
            len(event.codes) for event in self.events_of(Bill) if event.bill_type == "101" and event.attempt == 1
        )

    def __len__(self) -> int:
        return len(self._events)

    def name(self, kind: str) -> str:
        """A new event id."""
        self._number += 1
        return f"{kind}-{self._label}-{self._number:07d}"

    def add(self, event: BusinessEvent) -> None:
        """Record one event."""
        self._events.append(event)

    def replace(self, event: BusinessEvent) -> None:
        """Another reading of an event with the same id, such as a later upload."""
        place = next(place for place in range(len(self._events) - 1, -1, -1) if self._events[place].id == event.id)
        self._events[place] = event

    def events_of(self, kind: type[Kind]) -> list[Kind]:
        """The events of one kind so far."""
        return [event for event in self._events if isinstance(event, kind)]

    def drop(self, events: Iterable[Envelope]) -> None:
        """Forget events: they were never uploaded."""
        self._dropped.update(event.id for event in events)

    def repeat(self, event: BusinessEvent, after_s: float) -> BusinessEvent:
        """Deliver ``event`` once more, later, with the same id."""
        later = event.recorded.timestamp() + after_s
        again = msgspec.structs.replace(event, recorded=self.almanac.moment(self.seconds(later)))
        self._events.append(again)
        return again

    def seconds(self, timestamp: float) -> float:
        """Seconds of the world from a Unix time."""
        return timestamp - self.almanac.moment(0).timestamp()

    def tell(
        self, detector: str, kind: str, subject: tuple[str, str], events: Sequence[Envelope],
        *, look_alike: bool = False, also: Sequence[str] = (), knob: Mapping[str, float] | None = None, note: str = "",
    ) -> None:  # fmt: skip
        """State the truth about ``events``; a story that did not fit into the world has none and is not told."""
        if not events:
            return
        times = [event.time for event in events]
        truth = Truth(
            detector=detector, kind=kind, subject=Subject(kind=subject[0], value=subject[1]), begins=min(times),
            ends=max(times), events=tuple(event.id for event in events), knob=dict(knob or {}), look_alike=look_alike,
            also=tuple(also), note=note,
        )  # fmt: skip
        self.truths.append(truth)

    def write(self, folder: Path) -> tuple[int, list[Truth]]:
        """``events.ndjson`` in order of recording and ``truth.ndjson``; how many events, and the truths."""
        folder.mkdir(parents=True, exist_ok=True)
        events = self.recorded()
        with (folder / "events.ndjson").open("wb") as file:
            for start in range(0, len(events), CHUNK):
                file.write(encode_lines(events[start : start + CHUNK]))
        truths = self.settled(events)
        (folder / "truth.ndjson").write_bytes(encode_lines(truths))
        return len(events), truths

    def recorded(self) -> list[BusinessEvent]:
        """The events as the centre has them at the end of the world."""
        end = self.almanac.moment(self.almanac.end)
        kept = [event for event in self._events if event.recorded < end and event.id not in self._dropped]
        kept.sort(key=_order)
        return kept

    def settled(self, events: Sequence[BusinessEvent]) -> list[Truth]:
        """The truths all of whose events are on the tape."""
        ids = {event.id for event in events}
        return [truth for truth in self.truths if ids.issuperset(truth.events)]


def _order(event: BusinessEvent) -> tuple[float, str]:
    return event.recorded.timestamp(), event.id
