"""What the pages need from the rooms below, as Protocols; the wiring fills ``Rooms`` once per process.

In: nothing.  Out: ``Rooms`` and the values its members answer with.
All members may block (pages call them in a thread) and say words in the language of the context.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from dashboards.rooms.alerts import Alerts
from dashboards.rooms.audit import Audit
from dashboards.rooms.connecting import Connecting
from dashboards.rooms.data import Data
from dashboards.rooms.devices import Devices
from dashboards.rooms.fleet import Fleet
from dashboards.rooms.graded import Graded
from dashboards.rooms.health import Health
from dashboards.rooms.insight import Insight
from dashboards.rooms.intelligence import Intelligence
from dashboards.rooms.people import People
from dashboards.rooms.pki import Pki
from dashboards.rooms.posture import Posture
from dashboards.rooms.register import Register
from dashboards.rooms.systems import Systems
from dashboards.rooms.weighting import Weighting
from dashboards.rooms.work import Work
from infra.clock import Clock, SystemClock
from infra.store.seams import EventStore
from infra.web.seams import Authorizer

if TYPE_CHECKING:
    from analytics.rules.desk import RuleDesk
    from analytics.rules.suppressing import SuppressionDesk


class Pulse(Protocol):
    """Tells cheaply what has changed: a growing number per topic (``alerts``, ``posture``, ``health``, ``events``,
    ``people``, ``audit``, ``graded``). Asked every quarter of a second by one task per process."""

    def versions(self) -> dict[str, int]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """Everything the pages read and change. ``zone`` is the offset times are shown in (UTC+8 by default);
    ``wait_s`` bounds one read before a page says "timed out" and keeps its last good value."""

    alerts: Alerts
    events: EventStore
    posture: Posture
    health: Health
    people: People
    audit: Audit
    register: Register
    fleet: Fleet
    devices: Devices
    connecting: Connecting
    pki: Pki
    work: Work
    authorizer: Authorizer
    pulse: Pulse
    graded: Graded | None = None
    insight: Insight | None = None
    intelligence: Intelligence | None = None
    rules: Callable[[], RuleDesk] | None = None
    suppressions: Callable[[], SuppressionDesk] | None = None
    systems: Systems | None = None
    data: Data | None = None
    weighting: Weighting | None = None
    clock: Clock = field(default_factory=SystemClock)
    zone: timedelta = timedelta(hours=8)
    wait_s: float = 10.0
