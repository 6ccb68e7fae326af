"""The states of a filing and what leads from one to the next. Plain data, no engine."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from infra.errors import AppError, ErrorKind


class State(StrEnum):
    """Where a filing stands."""

    DRAFT = "draft"
    GRADED = "graded"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    CERTIFIED = "certified"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


class Step(msgspec.Struct, frozen=True):
    """One step. ``other_person`` names earlier steps whose doer may not do this one; ``needs`` what must come along."""

    action: str
    sources: frozenset[State]
    target: State
    other_person: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    complete: bool = False


def _step(action: str, sources: str, target: State, **rest: object) -> Step:
    return Step(action, frozenset(State(source) for source in sources.split()), target, **rest)  # type: ignore[arg-type]


STEPS: dict[str, Step] = {
    step.action: step
    for step in (
        _step("grade", "draft changed returned", State.GRADED),
        _step("review", "graded", State.REVIEWED, other_person=("grade",), needs=("file",)),
        _step("approve", "reviewed", State.APPROVED, other_person=("grade", "review"), complete=True),
        _step("submit", "approved", State.SUBMITTED, complete=True, needs=("file",)),
        _step("return", "graded reviewed approved submitted", State.RETURNED, needs=("reason",)),
        _step("accept", "submitted", State.ACCEPTED),
        _step("certify", "accepted", State.CERTIFIED, needs=("number", "date")),
        _step("renew", "certified", State.CERTIFIED, needs=("date",)),
        _step("change", "certified", State.CHANGED, needs=("reason",)),
        _step("regrade", "certified changed", State.DRAFT, needs=("reason",)),
        _step("withdraw", "draft graded returned certified changed", State.WITHDRAWN, needs=("reason",)),
    )
}
EDITABLE = frozenset({State.DRAFT, State.RETURNED, State.CHANGED})


def possible(state: State) -> list[str]:
    """Actions that lead on from ``state``."""
    return [step.action for step in STEPS.values() if state in step.sources]


def step_from(filing_id: str, state: State, action: str) -> Step:
    """The step ``action`` from ``state``; ``AppError(CONFLICT)`` lists what is possible."""
    step = STEPS.get(action)
    if step is None or state not in step.sources:
        listed = ", ".join(possible(state)) or "—"
        raise AppError(
            ErrorKind.CONFLICT, "ops.filing.illegal_move", id=filing_id, action=action, state=state, possible=listed
        )
    return step
