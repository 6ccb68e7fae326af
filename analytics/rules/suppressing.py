"""Suppressions as pages, API and scripts make them: proven, previewed, put in force, ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from analytics.rules.backtest import Preview, preview_store
from analytics.rules.desk import BACKTEST_S, MAX_DAYS, MAX_NOTE, MAX_TEXT, RuleDesk
from analytics.rules.rule import RuleSet
from analytics.rules.suppression import Pair, Proof, Suppression, pair_of, prove
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.store.query.tree import Window
from infra.store.seams import EventStore
from infra.web.seams import Actor

LONGEST = timedelta(days=366)


class SuppressionDesk:
    """Suppressions over the rules of a desk. Blocks."""

    def __init__(self, rules: Callable[[], RuleDesk], store: EventStore, clock: Clock) -> None:
        self._rules, self._store, self._clock = rules, store, clock

    def all(self) -> list[Suppression]:
        """Every suppression, newest first, those that ended too."""
        return self._rules().book.suppressions()

    def prove(self, source: str) -> Proof:
        """Which rules a filter applies to, and whether all their positive tests still fire."""
        return prove(source, self._pair(source), self._rules().tests)

    def preview(self, source: str, days: int) -> Preview:
        """What it would have hidden of the stored events of the last ``days`` days."""
        if not 1 <= days <= MAX_DAYS:
            raise AppError(ErrorKind.INVALID, "analytics.rules.days", place="days", most=MAX_DAYS)
        pair, now = self._pair(source), self._clock.now()
        window = Window(now - timedelta(days=days), now + timedelta(minutes=5))
        if not pair.rules:
            return Preview(start=window.start, end=window.end, rows=(), events=0)
        concerned = {pair.without.rules[number].id for number in pair.rules}
        both = [_concerned(one, concerned) for one in (pair.without, pair.filtered)]
        return preview_store(both[0], both[1], self._store, window, BACKTEST_S)

    def make(self, actor: Actor, source: str, owner: str, reason: str, expires: datetime) -> str:
        """Put a filter in force; its id. ``AppError(CONFLICT)`` where it would silence a positive test."""
        for value, place in ((owner, "owner"), (reason, "reason")):
            if not value.strip() or len(value) > MAX_NOTE:
                raise AppError(ErrorKind.INVALID, "analytics.rules.suppression_words", place=place)
        now = self._clock.now()
        if not now < expires <= now + LONGEST:
            raise AppError(ErrorKind.INVALID, "analytics.rules.suppression_expiry", place="expires", days=LONGEST.days)
        proof = self.prove(source)
        if not proof.ready:
            raise AppError(ErrorKind.CONFLICT, "analytics.rules.not_proven", place="filter", problem=_problem(proof))
        return self._rules().book.suppress(actor, source, proof, owner.strip(), reason.strip(), expires)

    def end(self, actor: Actor, suppression: str, note: str) -> None:
        """End one before its time."""
        if not note.strip() or len(note) > MAX_NOTE:
            raise AppError(ErrorKind.INVALID, "analytics.rules.suppression_words", place="note")
        self._rules().book.end_suppression(actor, suppression, note.strip())

    def _pair(self, source: str) -> Pair:
        if len(source) > MAX_TEXT:
            raise AppError(ErrorKind.TOO_LARGE, "analytics.rules.text_too_large", place="filter", limit=MAX_TEXT)
        desk = self._rules()
        return pair_of(source, desk.texts, desk.placeholders())


def _concerned(ruleset: RuleSet, wanted: set[str]) -> RuleSet:
    """The set where all but the rules concerned raise no signal; those fed by others still need them."""
    rules = [msgspec.structs.replace(rule, canary=rule.id not in wanted) for rule in ruleset.rules]
    return msgspec.structs.replace(ruleset, rules=rules)


def _problem(proof: Proof) -> str:
    if proof.lost:
        return "; ".join(f"{rule}: {case}" for rule, case in proof.lost[:5])
    return "; ".join(f"{one.place}: {one.problem}" for one in proof.findings[:3])
