"""All network detectors behind one ``infra.events.Detector``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analytics.network.beacon import BeaconWatch
from analytics.network.claims import ClaimWatch
from analytics.network.finding import Finding, signal_of
from analytics.network.lasting import LastingWatch
from analytics.network.names import NameWatch
from analytics.network.scan import ScanTest
from infra.events import Event, Signal

FLOWS, NAMES, CLAIMS = "network_flow", "dns", "arp"


class NetworkDetector:
    """Sees what the stream ``flows`` holds; for one thread. What it knows begins anew with each start."""

    def __init__(self) -> None:
        self._scans, self._claims, self._names = ScanTest(), ClaimWatch(), NameWatch()
        self._beacons, self._lasting = BeaconWatch(), LastingWatch()

    def match(self, events: Sequence[Event], twins: Sequence[int] | None = None) -> list[Signal]:
        """The signals of the findings that each event completes."""
        signals: list[Signal] = []
        for event in events:
            if event.get("yaodun.stream") == "flows":
                signals += [signal_of(finding, event) for finding in self._findings(event)]
        return signals

    def _findings(self, event: Event) -> Iterator[Finding]:
        if event.get("event.action") == FLOWS:
            for watch in (self._scans, self._beacons, self._lasting):
                if found := watch.see(event):
                    yield found
        elif event.get("network.protocol") == CLAIMS:
            if claim := self._claims.see(event):
                yield claim
        elif event.get("network.protocol") == NAMES:
            yield from self._names.see(event)
