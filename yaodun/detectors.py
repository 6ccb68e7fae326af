"""What judges the stream: several detectors as one, in a fixed order."""

from __future__ import annotations

from collections.abc import Sequence

from infra.events import Detector, Event, Signal


class Together:
    """The signals of all of them (``infra.events.Detector``)."""

    def __init__(self, *detectors: Detector) -> None:
        self._detectors = detectors

    def match(self, events: Sequence[Event], twins: Sequence[int] | None = None) -> list[Signal]:
        """Each detector sees every event once."""
        return [signal for detector in self._detectors for signal in detector.match(events, twins)]
