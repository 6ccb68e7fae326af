"""Playbooks that answer alerts by themselves: those the site names, signed, once per alert.

Signing such a playbook and naming it in the settings is the approval given beforehand; its limits and what the site
protects still hold.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

from infra.clock import Clock
from infra.errors import AppError
from infra.web.seams import Actor
from ops.alerts import Alerts
from ops.alerts.query import AlertQuery
from ops.alerts.service import Alert
from playbooks.library.shelf import fitting
from playbooks.room import PlaybookRoom

log = logging.getLogger(__name__)
ACTOR = Actor(id="service:responder", name="responder", kind="service")
LOOK_BACK = timedelta(minutes=10)
PAUSE_S = 0.5
_MANY = 200


class Responder:
    """Looks at new alerts and starts what is named for them."""

    def __init__(self, room: PlaybookRoom, alerts: Alerts, clock: Clock, named: Sequence[str]) -> None:
        self._room, self._alerts, self._clock = room, alerts, clock
        self._named = frozenset(named)
        self._seen: dict[str, None] = {}

    def serve(self, stop: threading.Event, started: Callable[[], None] = lambda: None) -> None:
        """Look until told to stop; without named playbooks there is nothing to do."""
        while self._named and not stop.wait(PAUSE_S):
            try:
                if self.look():
                    started()
            except Exception:
                log.exception("playbooks.responder_failed")

    def look(self) -> int:
        """Start what new alerts call for; how many runs."""
        query = AlertQuery(only={"state": ("new",)}, since=self._clock.now() - LOOK_BACK, order="newest", limit=_MANY)
        fresh = [alert for alert in self._alerts.search(query).alerts if alert.id not in self._seen]
        return sum(self._answer(alert) for alert in fresh)

    def _answer(self, alert: Alert) -> int:
        self._seen[alert.id] = None
        while len(self._seen) > 10_000:
            del self._seen[next(iter(self._seen))]
        cause = f"alert:{alert.id}"
        rule, entity = alert.rule, alert.entity
        fits = fitting([rule["id"], rule["name"]], [(entity["type"], entity["value"])])
        wanted = next((fit for fit in fits if fit.rule and fit.shelved.name in self._named), None)
        if wanted is None or self._room.reading.runs(cause=cause, limit=1):
            return 0
        try:
            self._room.start(ACTOR, wanted.shelved.playbook.id, wanted.inputs, simulate=False, cause=cause)
        except AppError as error:
            log.error("playbooks.no_answer", extra={"alert": cause, "problem": str(error)})
            return 0
        return 1
