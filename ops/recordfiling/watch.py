"""What is missing on record: systems seen without one, projects near go-live without grading, late reviews."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

import msgspec

from infra.text import say
from ops.recordfiling.service import State, SystemRecord, hosts_on_record

NEAR_GO_LIVE_DAYS = 60


class SeenHost(msgspec.Struct, frozen=True):
    """A government host that was seen serving, with how often and when last."""

    host: str
    requests: int
    last_seen: datetime


class Project(msgspec.Struct, frozen=True):
    """A project with the day it goes live, and whether its system is graded and on record."""

    id: str
    name: str
    go_live: date
    graded: bool
    on_record: bool


class Gap(msgspec.Struct, frozen=True):
    """One thing missing, said in words by ``text``."""

    kind: str
    subject: str
    detail: dict[str, str | int]

    @property
    def text(self) -> str:
        """What is missing and what to do."""
        return say(f"ops.recordfiling.gap.{self.kind}", subject=self.subject, **self.detail)


def gaps(
    found: list[SystemRecord], seen: Iterable[SeenHost], projects: Iterable[Project], today: date
) -> Iterator[Gap]:
    """Everything missing, the most requested unknown host first."""
    known = hosts_on_record(found)
    for host in sorted(seen, key=lambda each: -each.requests):
        if host.host not in known:
            yield Gap(
                "unrecorded_host", host.host, {"requests": host.requests, "last": host.last_seen.date().isoformat()}
            )
    for project in projects:
        near = project.go_live - timedelta(days=NEAR_GO_LIVE_DAYS) <= today
        if near and not project.graded:
            yield Gap("ungraded_project", project.name, {"go_live": project.go_live.isoformat()})
        if near and not project.on_record:
            yield Gap("unrecorded_project", project.name, {"go_live": project.go_live.isoformat()})
    for each in found:
        if each.review_due and each.review_due < today:
            yield Gap("review_overdue", each.application.name, {"due": each.review_due.isoformat()})
        if each.state is State.ACTIVE and each.nonconforming:
            yield Gap("nonconforming", each.application.name, {"rules": ", ".join(each.nonconforming)})
