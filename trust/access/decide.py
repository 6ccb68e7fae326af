"""``decide()``: denied unless a role allows it, with the rule that decided; denials enter the ledger."""

from __future__ import annotations

import logging
from collections import OrderedDict

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor, Decision
from trust.access.roles import RoleBook, role_book

log = logging.getLogger(__name__)

QUIET_S = 60.0
_REMEMBERED = 4096


class Access:
    """Implements ``infra.web.seams.Authorizer`` over the role book.

    A denial of somebody who is known is written to the ledger, the same one at most once a minute (an attacker must not
    fill the disk with it); that of a stranger only to the log.
    """

    def __init__(self, records: Records | None, clock: Clock | None = None, book: RoleBook | None = None) -> None:
        self._records = records
        self._clock = clock or SystemClock()
        self._book = book or role_book()
        self._told: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def decide(self, actor: Actor, action: str, thing: str = "") -> Decision:
        """Would it be allowed, and by which rule? For drawing a page and explaining; nothing is recorded."""
        if rule := self._rule(actor, action):
            return Decision(allowed=True, rule=rule)
        reason = "trust.denied" if actor.id else "trust.sign_in_first"
        return Decision(allowed=False, rule="default: deny", reason_key=reason)

    def demand(self, actor: Actor, action: str, thing: str = "") -> None:
        """Before doing it: ``AppError(UNAUTHENTICATED or FORBIDDEN)`` unless it is allowed; a denial is recorded."""
        decision = self.decide(actor, action, thing)
        if not decision.allowed:
            self._denied(actor, action, thing)
            kind = ErrorKind.FORBIDDEN if actor.id else ErrorKind.UNAUTHENTICATED
            raise AppError(kind, decision.reason_key, place=thing or action, action=action)

    def _rule(self, actor: Actor, action: str) -> str:
        if actor.kind == "service" and actor.id:
            return "service: part of the platform"
        return self._book.rule(actor.roles, action) if actor.id and actor.kind != "source" else ""

    def _denied(self, actor: Actor, action: str, thing: str) -> None:
        log.warning("access.denied", extra={"actor": actor.id, "action": action, "thing": thing})
        records = self._records
        if records is None or not actor.id or self._recently(actor.id, action, thing):
            return
        detail = {"action": action, "roles": list(actor.roles)}
        records.submit(
            lambda session: record(
                session,
                actor=actor,
                action="trust.access.denied",
                thing=thing or f"action:{action}",
                detail=detail,
                at=self._clock.now(),
            )
        )

    def _recently(self, *key: str) -> bool:
        now = self._clock.monotonic()
        last = self._told.get((key[0], key[1], key[2]))
        if last is not None and now - last < QUIET_S:
            return True
        self._told[key[0], key[1], key[2]] = now
        self._told.move_to_end((key[0], key[1], key[2]))
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        return False
