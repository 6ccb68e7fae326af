"""What of graded protection waits for a person: legal clocks, filings and gradings to review, findings to mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from infra.exchange import Level, Todo
from infra.text import say
from infra.web.seams import Actor, Authorizer
from ops.calendar.deadlines import Timer
from ops.calendar.todos import todos as clock_todos
from ops.evaluation.rectification import Finding, Risk
from ops.filing.lifecycle import State as FilingState
from ops.filing.service import Filing
from ops.grading.service import KeptGrading
from ops.grading.service import State as GradingState

BEIJING = ZoneInfo("Asia/Shanghai")
LEVEL_OF = {Risk.HIGH: Level.HIGH, Risk.MEDIUM: Level.MEDIUM, Risk.LOW: Level.LOW}
NEXT = {FilingState.GRADED: "review", FilingState.REVIEWED: "approve", FilingState.APPROVED: "submit"}


class Clocks(Protocol):
    """Timers of all objects (``ops.calendar.clocks.Clocks``)."""

    def timers(self) -> Sequence[Timer]: ...


class FilingBook(Protocol):
    """Filings (``ops.filing.service.Filings``)."""

    def find(self, unit: str = "", states: Sequence[FilingState] = ()) -> Sequence[Filing]: ...


class GradingBook(Protocol):
    """Gradings (``ops.grading.service.Gradings``)."""

    def all_latest(self) -> Mapping[str, KeptGrading]: ...


class FindingBook(Protocol):
    """Findings (``ops.evaluation.rectification.Rectification``)."""

    def find(self) -> Sequence[Finding]: ...


class GradedTodos:
    """A ``TodoSource``: everybody sees what their rights let them do, owners what is theirs."""

    def __init__(
        self, clocks: Clocks, filings: FilingBook, gradings: GradingBook, findings: FindingBook, access: Authorizer
    ) -> None:
        self._clocks = clocks
        self._filings = filings
        self._gradings = gradings
        self._findings = findings
        self._access = access

    def todos(self, actor: Actor) -> list[Todo]:
        """What waits for ``actor``."""
        found: list[Todo] = []
        if self._access.decide(actor, "filing.write").allowed:
            found += [each for each in clock_todos(self._clocks.timers()) if each.assignee in (None, actor.id)]
        return [*found, *self._gradings_of(actor), *self._filings_of(actor), *self._findings_of(actor)]

    def _gradings_of(self, actor: Actor) -> list[Todo]:
        if not self._access.decide(actor, "grading.review").allowed:
            return []
        return [
            _todo(f"grading/{kept.id}", "grading", kept.thing.name, f"/filing/grade?object={kept.object_id}")
            for kept in self._gradings.all_latest().values()
            if kept.state is GradingState.PROPOSED and kept.by != actor.id
        ]

    def _filings_of(self, actor: Actor) -> list[Todo]:
        waiting = self._filings.find(states=tuple(NEXT))
        return [
            _todo(f"filing/{each.id}", f"filing_{NEXT[each.state]}", each.id, f"/filing/{each.id}")
            for each in waiting
            if self._access.decide(actor, _action(NEXT[each.state]), f"filing:{each.id}").allowed
        ]

    def _findings_of(self, actor: Actor) -> list[Todo]:
        mine = [each for each in self._findings.find() if each.owner == actor.id]
        return [
            Todo(
                f"finding/{each.id}", each.title, actor.id,
                datetime.combine(each.due, time(23, 59, 59), BEIJING).astimezone(UTC) if each.due else None,
                LEVEL_OF[each.risk], f"/filing/findings?sel={each.id}", "ops/evaluation",
            )
            for each in mine
        ]  # fmt: skip


def _action(step: str) -> str:
    return {"review": "filing.review", "approve": "filing.approve"}.get(step, "filing.step")


def _todo(name: str, key: str, thing: str, href: str) -> Todo:
    return Todo(name, say(f"ops.portal.{key}", thing=thing), None, None, Level.MEDIUM, href, "ops/filing")
