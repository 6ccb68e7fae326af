"""An authority at work: issue, revoke, publish lists. Everything it signs it has built, linted and intended first.

One certificate is two transactions: the intent (serial number, request hash, approval) before signing, then the
certificate with its audit row. After a crash an intent without a certificate is closed as abandoned; its serial number
is never used again.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from infra.records import Records
from trust.ca import rows
from trust.ca.crl import REASON_CODES, ListScope, Revoked, crl_tbs
from trust.ca.lint import Finding, Level, Subject, lint
from trust.ca.pki import audit_row, tell
from trust.ca.profile import IssuanceProfile, profile_named
from trust.ca.template import NO_LIMITS, Limits, Template, key_identifier, whole
from trust.keys.algorithm import ALGORITHM
from trust.keys.seams import KeyProvider, KeyRef
from trust.validation import extension as ext
from trust.validation.certificate import Certificate, read_certificate

_SERIAL_OCTETS = 16
_BACKDATE = timedelta(minutes=5)
_TOLD = 200


@dataclass(frozen=True, slots=True)
class Order:
    """What to issue: profile, key, DER of subject and alternative names, days (0: the profile's), who approved."""

    profile: str
    spki: bytes
    subject: bytes
    names: bytes = b""
    days: int = 0
    request: str = ""
    approval: str = ""
    limits: Limits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that exists in the database. It leaves only once its audit row is in the ledger."""

    intent: str
    serial: int
    der: bytes


@dataclass(frozen=True, slots=True)
class _Planned:
    order: Order
    intent: str
    serial: int
    partition: int
    tbs: bytes
    label: str
    not_after: datetime


class Authority:
    """One authority of the PKI database."""

    def __init__(self, records: Records, keys: KeyProvider, row: Any, clock: Clock) -> None:
        self._records, self._keys, self._clock = records, keys, clock
        self.id: str = row.id
        self.name: str = row.name
        self.state: str = row.state
        self.parent: str | None = row.parent
        self.certificate: Certificate = read_certificate(row.certificate)
        self.key: KeyRef = keys.find(row.key)
        self.sm2_id: bytes = row.sm2_id
        self.points = tuple(line for line in row.points.splitlines() if line)
        self.partitions: int = row.partitions
        self.crl_days: int = row.crl_days
        self._template = lru_cache(maxsize=64)(self._make_template)

    @property
    def algorithm(self) -> bytes:
        """DER of the algorithm it signs with."""
        return ALGORITHM[self.key.kind]

    def _make_template(self, profile: str, limits: Limits) -> Template:
        return Template(
            profile=profile_named(profile),
            issuer_name=self.certificate.subject.der,
            issuer_key_id=self.certificate.get(ext.SUBJECT_KEY) or key_identifier(self.key.spki),
            algorithm=self.algorithm,
            points=self.points,
            limits=limits,
        )

    def issue(self, order: Order, actor: str) -> Issued:
        """One certificate; ``AppError(INVALID)`` names the first lint error."""
        return self.issue_many([order], actor)[0]

    def issue_many(self, orders: Sequence[Order], actor: str) -> list[Issued]:
        """Certificates with two durable commits for all of them together. Either all are issued or none."""
        now = self._clock.now().replace(microsecond=0)
        planned = [self._plan(order, now) for order in orders]
        self._records.write(lambda session: self._intend(session, planned, now, actor))
        issued = [self._sign(plan) for plan in planned]
        self._records.write(lambda session: self._keep(session, planned, issued, now, actor))
        return issued

    def _plan(self, order: Order, now: datetime) -> _Planned:
        profile = profile_named(order.profile)
        serial = int.from_bytes(secrets.token_bytes(_SERIAL_OCTETS), "big") >> 1 | 1 << (8 * _SERIAL_OCTETS - 2)
        partition = serial % self.partitions
        start = max(now - _BACKDATE, self.certificate.not_before)
        end = min(start + timedelta(days=self._days(order, profile)), self.certificate.not_after)
        if end <= now:
            raise AppError(ErrorKind.CONFLICT, "trust.ca.authority_expired", authority=self.name)
        template = self._template(order.profile, order.limits)
        tbs = template.tbs(serial, order.subject, order.spki, start, end, order.names, partition)
        label = self._demand_clean(tbs, profile).label
        return _Planned(order, new_id("cert"), serial, partition, tbs, label, end)

    def examine(self, order: Order) -> list[Finding]:
        """What lint would say of a certificate by this order; nothing is signed or kept."""
        now = self._clock.now().replace(microsecond=0)
        profile = profile_named(order.profile)
        start = max(now - _BACKDATE, self.certificate.not_before)
        end = min(start + timedelta(days=self._days(order, profile)), self.certificate.not_after)
        template = self._template(order.profile, order.limits)
        tbs = template.tbs(1 << (8 * _SERIAL_OCTETS - 2), order.subject, order.spki, start, end, order.names, 0)
        unsigned = read_certificate.__wrapped__(whole(tbs, self.algorithm, b""))
        return lint(Subject(unsigned, profile, self.certificate))

    @staticmethod
    def _days(order: Order, profile: IssuanceProfile) -> int:
        if not 0 <= order.days <= profile.days:
            raise AppError(ErrorKind.INVALID, "trust.ca.too_long", days=order.days, limit=profile.days)
        return order.days or profile.days

    def _demand_clean(self, tbs: bytes, profile: IssuanceProfile) -> Certificate:
        """Lint what is about to be signed, with an empty signature around it."""
        unsigned = read_certificate.__wrapped__(whole(tbs, self.algorithm, b""))
        errors = [found for found in lint(Subject(unsigned, profile, self.certificate)) if found.level is Level.ERROR]
        if errors:
            first = errors[0]
            raise AppError(
                ErrorKind.INVALID, "trust.ca.lint_failed", rule=first.rule, clause=first.clause, detail=first.detail
            )
        return unsigned

    def _intend(self, session: Session, planned: list[_Planned], now: datetime, actor: str) -> None:
        state = session.scalar(select(rows.authorities.c.state).where(rows.authorities.c.id == self.id))
        if state != "active":
            raise AppError(ErrorKind.CONFLICT, "trust.ca.authority_inactive", authority=self.name, state=state)
        session.execute(
            insert(rows.intents),
            [
                {
                    "id": plan.intent,
                    "authority": self.id,
                    "serial": f"{plan.serial:x}",
                    "profile": plan.order.profile,
                    "request": plan.order.request,
                    "approval": plan.order.approval,
                    "created": now,
                    "state": "intended",
                }
                for plan in planned
            ],
        )
        session.execute(insert(rows.outbox), list(self._intents_told(planned, now, actor)))

    def _intents_told(self, planned: list[_Planned], now: datetime, actor: str) -> Iterator[dict[str, Any]]:
        """One audit row for up to ``_TOLD`` intents of a batch: serial number and hash of what will be signed."""
        for at in range(0, len(planned), _TOLD):
            part = planned[at : at + _TOLD]
            intents = {f"{plan.serial:x}": hashlib.sha256(plan.tbs).hexdigest() for plan in part}
            detail = {"authority": self.id, "profile": part[0].order.profile, "intents": intents}
            thing = f"certificate:{part[0].serial:x}" if len(part) == 1 else f"authority:{self.id}"
            yield audit_row("trust.certificate.intend", thing, actor, now, detail)

    def _sign(self, plan: _Planned) -> Issued:
        signature = self._keys.sign(self.key.id, plan.tbs, self.sm2_id)
        return Issued(plan.intent, plan.serial, whole(plan.tbs, self.algorithm, signature))

    def _keep(self, session: Session, planned: list[_Planned], issued: list[Issued], now: datetime, actor: str) -> None:
        values, told = [], []
        for plan, made in zip(planned, issued, strict=True):
            fingerprint = hashlib.sha256(made.der).hexdigest()
            values.append(
                {
                    "intent": made.intent,
                    "authority": self.id,
                    "serial": f"{made.serial:x}",
                    "partition": plan.partition,
                    "profile": plan.order.profile,
                    "subject": plan.label,
                    "fingerprint": fingerprint,
                    "der": made.der,
                    "not_after": plan.not_after,
                    "issued": now,
                }
            )
            detail = {
                "authority": self.id,
                "profile": plan.order.profile,
                "subject": plan.label,
                "sha256": fingerprint,
                "request": plan.order.request,
                "approval": plan.order.approval,
            }
            thing = f"certificate:{made.serial:x}"
            told.append(audit_row("trust.certificate.issue", thing, actor, now, detail, made.intent))
        session.execute(insert(rows.certificates), values)
        ids = [made.intent for made in issued]
        session.execute(update(rows.intents).where(rows.intents.c.id.in_(ids)).values(state="issued"))
        session.execute(insert(rows.outbox), told)

    def revoke(self, serial: int, reason: str, actor: str, invalid_since: datetime | None = None) -> None:
        """Take a certificate back from now on; a held one may later be revoked or released for good."""
        if reason not in REASON_CODES:
            raise AppError(ErrorKind.INVALID, "trust.ca.bad_reason", reason=reason[:40], known=", ".join(REASON_CODES))
        now = self._clock.now().replace(microsecond=0)
        self._records.write(lambda session: self._revoke(session, serial, reason, actor, now, invalid_since))

    def _revoke(
        self, session: Session, serial: int, reason: str, actor: str, now: datetime, invalid_since: datetime | None
    ) -> None:
        table = rows.certificates
        mine = (table.c.authority == self.id) & (table.c.serial == f"{serial:x}")
        found = session.execute(select(table.c.revoked, table.c.reason).where(mine)).one_or_none()
        if found is None:
            raise AppError(ErrorKind.NOT_FOUND, "trust.ca.no_certificate", serial=f"{serial:x}")
        releasing = reason == "remove_from_crl"
        held = found.reason == "certificate_hold"
        if not held and (releasing or found.revoked is not None):
            raise AppError(ErrorKind.CONFLICT, "trust.ca.revoked_already", serial=f"{serial:x}")
        values = {"revoked": None if releasing else now, "reason": reason, "invalid_since": invalid_since}
        session.execute(update(table).where(mine).values(**values))
        tell(session, "trust.certificate.revoke", f"certificate:{serial:x}", actor, now, {"reason": reason})

    def publish(self, actor: str, partition: int = 0, delta: bool = False) -> bytes:
        """The next list of one part: signed, kept, and told to the ledger."""
        now = self._clock.now().replace(microsecond=0)
        scope, entries = self._records.read(lambda session: self._contents(session, partition, delta, now))
        following = now + timedelta(days=self.crl_days) if not delta else now + timedelta(days=1)
        key_id = self.certificate.get(ext.SUBJECT_KEY) or key_identifier(self.key.spki)
        tbs = crl_tbs(self.certificate.subject.der, key_id, self.algorithm, scope, now, following, entries)
        der = whole(tbs, self.algorithm, self._keys.sign(self.key.id, tbs, self.sm2_id))
        values = {
            "authority": self.id,
            "partition": partition,
            "number": scope.number,
            "base": scope.base,
            "this_update": now,
            "next_update": following,
            "entries": len(entries),
            "der": der,
        }
        self._records.write(lambda session: self._keep_list(session, values, actor, now))
        return der

    def _keep_list(self, session: Session, values: dict[str, Any], actor: str, now: datetime) -> None:
        session.execute(insert(rows.crls), [values])
        detail = {"number": values["number"], "base": values["base"], "entries": values["entries"]}
        thing = f"crl:{self.id}/{values['partition']}"
        sha256 = hashlib.sha256(values["der"]).hexdigest()
        tell(session, "trust.crl.publish", thing, actor, now, {**detail, "sha256": sha256})

    def _contents(
        self, session: Session, partition: int, delta: bool, now: datetime
    ) -> tuple[ListScope, list[Revoked]]:
        if not 0 <= partition < self.partitions:
            raise AppError(ErrorKind.NOT_FOUND, "trust.ca.no_partition", partition=partition)
        lists = rows.crls
        mine = (lists.c.authority == self.id) & (lists.c.partition == partition)
        number = (session.scalar(select(func.max(lists.c.number)).where(mine)) or 0) + 1
        base = session.execute(
            select(lists.c.number, lists.c.this_update)
            .where(mine & lists.c.base.is_(None))
            .order_by(lists.c.number.desc())
        ).first()
        if delta and base is None:
            raise AppError(ErrorKind.CONFLICT, "trust.ca.no_base", authority=self.name)
        since = base.this_update if delta and base else None
        part = partition if self.partitions > 1 else None
        scope = ListScope(number, base.number if delta and base else None, self.points, part)
        return scope, self._revoked(session, partition, since, now)

    def _revoked(self, session: Session, partition: int, since: datetime | None, now: datetime) -> list[Revoked]:
        table = rows.certificates
        query = select(table.c.serial, table.c.revoked, table.c.reason, table.c.invalid_since).where(
            (table.c.authority == self.id) & (table.c.partition == partition)
        )
        if since is None:
            query = query.where(table.c.revoked.is_not(None))
        else:
            query = query.where((table.c.revoked >= since) | (table.c.reason == "remove_from_crl"))
        return [
            Revoked(int(row.serial, 16), row.revoked or now, row.reason or "unspecified", row.invalid_since)
            for row in session.execute(query)
        ]


def resolve(records: Records, clock: Clock) -> int:
    """Close intents a crash left open; how many. Run by the signer before it answers anything."""

    def work(session: Session) -> int:
        table = rows.intents
        open_intents = session.execute(select(table.c.id, table.c.serial).where(table.c.state == "intended")).all()
        for intent, serial in open_intents:
            session.execute(update(table).where(table.c.id == intent).values(state="abandoned"))
            detail = {"intent": intent}
            tell(session, "trust.certificate.abandon", f"certificate:{serial}", "signer", clock.now(), detail)
        return len(open_intents)

    return records.write(work)
