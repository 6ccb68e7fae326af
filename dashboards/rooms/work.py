"""Work: incidents, what waits for a person, playbooks that can be started from a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from infra.exchange import Todo
from infra.web.seams import Actor
from ops.incidents.desk import Desk
from ops.incidents.service import Incidents
from ops.inspection import Inspections
from ops.inspection.plans import Plans
from ops.reports import Reports
from ops.runs import RunDesk
from ops.work import Changes, Drills, Duty, Orders
from playbooks.room import PlaybookRoom


class Waiting(Protocol):
    """What waits for a person, the most urgent first (``ops.portal.Portal``)."""

    def todos(self, actor: Actor) -> Sequence[Todo]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The services of work; ``runs`` is None where no playbook engine is wired."""

    incidents: Incidents
    desk: Desk
    portal: Waiting
    orders: Orders
    changes: Changes
    duty: Duty
    drills: Drills
    inspections: Inspections
    plans: Plans
    reports: Reports
    runs: RunDesk | None = None
    playbooks: PlaybookRoom | None = None
