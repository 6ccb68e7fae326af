"""B28: approval cases that leave the allowed path, overrun a limit, or put two separate stages in one hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analytics.business.calendar import HOUR_MS
from analytics.business.desk import Desk
from analytics.business.finding import Finding, finding
from infra.events.business import Step, Workflow


def deviating(desk: Desk) -> Iterator[Finding]:
    """B28: one finding a case, by its gravest fault."""
    by_case: defaultdict[tuple[str, str], list[Step]] = defaultdict(list)
    for step in desk.book.of(Step):
        by_case[(step.workflow, step.case)].append(step)
    for (name, case), steps in by_case.items():
        workflow = desk.book.masters.workflows.at(name, steps[0].time.timestamp() * 1000)
        if workflow is None:
            continue
        fault = _one_hand(workflow, steps) or _path(desk, workflow, steps) or _overrun(desk, workflow, steps)
        if fault:
            reason, evidence, stage = fault
            span = (steps[0].time.timestamp() * 1000, steps[-1].time.timestamp() * 1000)
            ids = [step.id for step in (*evidence, *steps)]
            yield finding(
                "B28", "case", case, span, ids, 0.95, f"case_{reason}", "services", case=case, stage=stage,
                workflow=name,
            )  # fmt: skip


Fault = tuple[str, list[Step], str]


def _one_hand(workflow: Workflow, steps: list[Step]) -> Fault | None:
    """One person on both stages of a pair that must be apart."""
    for one, two in workflow.separate:
        for first in (step for step in steps if step.stage == one):
            for second in (step for step in steps if step.stage == two and step.actor == first.actor):
                return "one_hand", [first, second], f"{one}, {two}"
    return None


def _path(desk: Desk, workflow: Workflow, steps: list[Step]) -> Fault | None:
    """A stage that may not follow the one before in its lane."""
    edges = {(edge.before, edge.after, edge.lane) for edge in workflow.edges}
    if not edges:
        return None
    before = None if _began_before(desk, workflow, steps[0]) else "start"
    for step in steps:
        if before is not None and not _allowed(edges, before, step.stage, step.lane):
            return "path", [step], step.stage
        before = step.stage
        if step.last and step.outcome == "passed" and not _allowed(edges, step.stage, "end", step.lane):
            return "path", [step], step.stage
    return None


def _allowed(edges: set[tuple[str, str, str | None]], before: str, after: str, lane: str) -> bool:
    return (before, after, None) in edges or (before, after, lane) in edges


def _began_before(desk: Desk, workflow: Workflow, step: Step) -> bool:
    """Whether the case may have had stages before the book begins."""
    hours = max(workflow.limits.values(), default=720.0)
    began = (step.began or step.time).timestamp() * 1000
    return began - desk.book.begin < min(hours, 168) * HOUR_MS


def _overrun(desk: Desk, workflow: Workflow, steps: list[Step]) -> Fault | None:
    """Hours of a stage or of the case beyond the statutory limit; waiting for the applicant does not count."""
    grace = desk.limits["case"]["grace_hours"]
    before = None
    for step in steps:
        began = step.began or before
        before = step.time
        limit = workflow.limits.get(step.stage)
        if began is not None and limit is not None:
            spent = (step.time - began).total_seconds() / 3600 - step.paused_h
            if spent > limit + grace:
                return "overrun", [step], step.stage
    total = workflow.limits.get("total")
    if total is None:
        return None
    first = steps[0].began or steps[0].time
    done = steps[-1].last
    ends = steps[-1].time.timestamp() if done else desk.book.end / 1000
    spent = (ends - first.timestamp()) / 3600 - sum(step.paused_h for step in steps)
    waiting = steps[-1].outcome == "returned" and not done
    return ("overrun", [steps[-1]], "total") if spent > total + grace and not waiting else None


DETECTORS = (deviating,)
