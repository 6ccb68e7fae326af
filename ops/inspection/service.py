"""Running check lists: results with evidence, a hash over them, orders for anomalies, and closing what is mended."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.web.seams import Actor
from ops.alerts.service import Audit
from ops.inspection.facts import SiteFacts
from ops.inspection.lists import CheckList, Item
from ops.inspection.probes import Look, look_at
from ops.inspection.record import InspectionRow
from ops.inspection.result import Found, Result, Verdict
from ops.numbering import next_number
from ops.work import Changes, Orders

MOST = 200
LOOKED_BACK = 5


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run as people and scripts see it; ``hash`` is SHA-256 over the canonical JSON of everything else."""

    id: str
    list: str
    version: str
    list_sha256: str
    title: dict[str, str]
    actor: str
    started: datetime
    ended: datetime
    results: tuple[Result, ...]
    plan: str = ""
    due: datetime | None = None
    scope: tuple[str, ...] = ()
    hash: str = ""

    def count(self, verdict: Verdict) -> int:
        """How many results have this verdict."""
        return sum(result.found.verdict is verdict for result in self.results)

    @property
    def state(self) -> str:
        """``clean``, ``anomalies``, or ``unknown`` where something could not be seen and nothing was wrong."""
        if self.count(Verdict.ANOMALY):
            return "anomalies"
        return "unknown" if self.count(Verdict.UNKNOWN) else "clean"


class Inspections:
    """The inspections of the site. Whoever calls has checked the right to."""

    def __init__(
        self, records: Records, clock: Clock, audit: Audit, lists: Mapping[str, CheckList], facts: SiteFacts,
        orders: Orders, changes: Changes,
    ) -> None:  # fmt: skip
        self._records, self._clock, self._audit, self._facts = records, clock, audit, facts
        self._orders, self._changes = orders, changes
        self.lists = lists

    def list(self, name: str) -> CheckList:
        """One list; ``AppError(NOT_FOUND)`` names those there are."""
        found = self.lists.get(name)
        if found is None:
            raise AppError(
                ErrorKind.NOT_FOUND, "ops.inspection.no_list", place=name[:40], known=", ".join(sorted(self.lists))
            )
        return found

    def run(
        self, actor: Actor, name: str, *, scope: Sequence[str] = (), plan: str = "", due: datetime | None = None,
        only: Sequence[str] = (),
    ) -> Run:  # fmt: skip
        """Look at every item of a list (or those named). A due time of a plan is run once; again gives that run."""
        chosen = self.list(name)
        if plan and due and (known := self._of_plan(plan, due)):
            return known
        started = self._clock.now()
        items = [item for item in chosen.items if not only or item.id in only]
        looks = [(item, found) for item in items for found in self._look(chosen, item, scope)]
        results = tuple(self._follow(actor, chosen, item, found) for item, found in looks)

        def work(session: Session) -> Run:
            made = sealed(
                Run(
                    id=next_number(session, "XJ", started), list=name, version=chosen.version, title=chosen.title,
                    list_sha256=chosen.sha256, actor=actor.name, started=started, ended=self._clock.now(),
                    results=results, plan=plan, due=due, scope=tuple(scope),
                )
            )  # fmt: skip
            self._keep(session, actor, made)
            return made

        return self._records.write(work)

    def get(self, run: str) -> Run:
        """One run; ``AppError(NOT_FOUND)``."""
        row = self._records.read(lambda session: session.get(InspectionRow, run.replace("\0", "")))
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "ops.inspection.no_run", place=run[:40])
        return msgspec.convert(row.body, Run)

    def runs(self, name: str = "", since: datetime | None = None, limit: int = MOST) -> Sequence[Run]:
        """Runs, newest first."""
        question = select(InspectionRow).order_by(InspectionRow.started.desc(), InspectionRow.id.desc())
        if name:
            question = question.where(InspectionRow.list == name.replace("\0", ""))
        if since:
            question = question.where(InspectionRow.started >= since)
        return self._records.read(
            lambda session: [msgspec.convert(row.body, Run) for row in session.scalars(question.limit(limit))]
        )

    def whole(self, run: Run) -> bool:
        """Whether a run is still what its hash says."""
        return sealed(run).hash == run.hash

    def ran(self, plan: str, due: datetime) -> bool:
        """Whether a due time of a plan was run."""
        return self._of_plan(plan, due) is not None

    def _of_plan(self, plan: str, due: datetime) -> Run | None:
        question = select(InspectionRow).where(InspectionRow.plan == plan, InspectionRow.due == due)
        row = self._records.read(lambda session: session.scalars(question).first())
        return msgspec.convert(row.body, Run) if row is not None else None

    def _look(self, chosen: CheckList, item: Item, scope: Sequence[str]) -> Sequence[Found]:
        targets = (*item.targets, *scope) if item.scoped else item.targets
        look = Look(
            args=item.args, targets=targets, facts=self._facts, now=self._clock.now(),
            before=self._before(chosen.list, item.id), approved=self._changes.may_change,
        )  # fmt: skip
        return look_at(item, look)

    def _before(self, name: str, item: str) -> Mapping[str, Mapping[str, Any]]:
        """Evidence by target of the last run that looked at the item."""
        for run in self.runs(name, limit=LOOKED_BACK):
            seen = {each.found.target: each.found.evidence for each in run.results if each.item == item}
            if seen:
                return seen
        return {}

    def _follow(self, actor: Actor, chosen: CheckList, item: Item, found: Found) -> Result:
        """An anomaly opens an order (or joins the open one), a good look closes it."""
        key = f"inspection:{chosen.list}:{item.id}:{found.target}"[:400]
        result = Result(item=item.id, check=item.check, level=item.level, found=found)
        if found.verdict is Verdict.ANOMALY:
            title = item.name if found.target == "—" else f"{item.name}: {found.target}"
            order = self._orders.open(
                actor, title[:200], level=item.level, description=result.words, key=key, source="inspection",
                href="/ui/inspections",
            )  # fmt: skip
            return msgspec.structs.replace(result, order=order.id)
        if found.verdict is Verdict.OK:
            closed = self._orders.close_by_key(actor, key, f"{found.value} ({found.limit})" if found.limit else "ok")
            return msgspec.structs.replace(result, closed=closed.id if closed else "")
        return result

    def _keep(self, session: Session, actor: Actor, run: Run) -> None:
        session.add(
            InspectionRow(
                id=run.id, list=run.list, version=run.version, plan=run.plan, state=run.state, actor=actor.name,
                hash=run.hash, due=run.due, started=run.started, ended=run.ended, checked=len(run.results),
                anomalies=run.count(Verdict.ANOMALY), unknown=run.count(Verdict.UNKNOWN), body=msgspec.to_builtins(run),
            )
        )  # fmt: skip
        detail = {"list": run.list, "version": run.version, "hash": run.hash, "anomalies": run.count(Verdict.ANOMALY)}
        self._audit(session, actor=actor, action="ops.inspection.run", thing=f"inspection:{run.id}", detail=detail)


def sealed(run: Run) -> Run:
    """The run with the hash over the rest of it."""
    bare = msgspec.to_builtins(msgspec.structs.replace(run, hash=""))
    return msgspec.structs.replace(run, hash=hashlib.sha256(msgspec.json.encode(bare, order="sorted")).hexdigest())


GRACE = timedelta(minutes=30)
"""An inspection that has not run so long after its due time was missed."""
