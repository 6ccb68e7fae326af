"""The states of an incident and the moves between them that are allowed."""

from __future__ import annotations

from enum import StrEnum

from infra.errors import AppError, ErrorKind


class State(StrEnum):
    """Where an incident stands, in the order of the work (NIST SP 800-61 cut finer)."""

    NEW = "new"
    TRIAGE = "triage"
    CONTAIN = "contain"
    ERADICATE = "eradicate"
    RECOVER = "recover"
    REVIEW = "review"
    CLOSED = "closed"
    REOPENED = "reopened"


class Verdict(StrEnum):
    """What a closed incident turned out to be."""

    TRUE_POSITIVE = "true_positive"
    BENIGN = "benign"
    FALSE_POSITIVE = "false_positive"
    UNDETERMINED = "undetermined"


STEPS = (State.NEW, State.TRIAGE, State.CONTAIN, State.ERADICATE, State.RECOVER, State.REVIEW, State.CLOSED)
"""The way of an incident as a page draws it."""

MOVES: dict[State, tuple[State, ...]] = {
    State.NEW: (State.TRIAGE, State.CLOSED),
    State.TRIAGE: (State.CONTAIN, State.CLOSED),
    State.CONTAIN: (State.ERADICATE, State.TRIAGE),
    State.ERADICATE: (State.RECOVER, State.CONTAIN),
    State.RECOVER: (State.REVIEW, State.ERADICATE),
    State.REVIEW: (State.CLOSED, State.RECOVER),
    State.CLOSED: (State.REOPENED,),
    State.REOPENED: (State.TRIAGE, State.CONTAIN, State.ERADICATE, State.RECOVER, State.CLOSED),
}
NEEDS_REASON = frozenset({State.CLOSED, State.REOPENED})


def check_move(was: State, to: State, verdict: str, reason: str, *, reviewed: bool) -> None:
    """``AppError(CONFLICT)`` for a move that does not exist; ``AppError(INVALID)`` where words or a verdict lack.

    A true incident is closed only after its review; anything else may be closed from where it is found out.
    """
    if to not in MOVES[was]:
        known = ", ".join(MOVES[was])
        raise AppError(ErrorKind.CONFLICT, "ops.incidents.no_such_move", place="to", was=was, to=to, known=known)
    if to in NEEDS_REASON and not reason.strip():
        raise AppError(ErrorKind.INVALID, "ops.words_missing", place="reason")
    if to is not State.CLOSED:
        return
    if verdict not in tuple(Verdict):
        known = ", ".join(Verdict)
        raise AppError(ErrorKind.INVALID, "ops.incidents.verdict_missing", place="verdict", known=known)
    if verdict == Verdict.TRUE_POSITIVE and not reviewed:
        raise AppError(ErrorKind.CONFLICT, "ops.incidents.review_first", place="review")
