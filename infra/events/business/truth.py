"""What a simulator hid in its events: one line per injected anomaly and per look-alike that must stay quiet."""

from __future__ import annotations

import msgspec

from infra.events.business.envelope import Id, Moment


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert or a truth is about; which kind each detector uses is in docs/business-events.md."""

    kind: str
    value: str


class Truth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One injected anomaly, or with ``look_alike`` something that resembles it and is right.

    ``also`` names further detectors that may rightly speak about the same events: their alerts are not false.
    """

    detector: str
    kind: str
    subject: Subject
    begins: Moment = msgspec.field(name="from")
    ends: Moment = msgspec.field(name="to")
    events: tuple[Id, ...]
    knob: dict[str, float] = {}
    look_alike: bool = False
    also: tuple[str, ...] = ()
    note: str = ""
