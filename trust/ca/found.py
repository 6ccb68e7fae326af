"""Founding authorities: roots that sign themselves, subordinates, cross-certificates, renewed keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from infra.records import Records
from trust.ca import rows
from trust.ca.authority import Authority, Issued, Order
from trust.ca.lint import Level, Subject, lint
from trust.ca.names import subject_der
from trust.ca.pki import tell
from trust.ca.profile import profile_named
from trust.ca.template import NO_LIMITS, Limits, Template, key_identifier, whole
from trust.crypto.curve import DEFAULT_ID
from trust.keys.algorithm import ALGORITHM
from trust.keys.seams import KeyKind, KeyProvider, KeyRef
from trust.validation.certificate import read_certificate


def _link(spki: bytes, subject: bytes) -> Order:
    return Order("link", spki, subject)


@dataclass(frozen=True, slots=True)
class Foundation:
    """What a new authority is: its subject (``CN=..., O=..., C=CN``), kind of key, addresses of its list."""

    name: str
    subject: str
    kind: KeyKind = KeyKind.SM2
    points: tuple[str, ...] = ()
    partitions: int = 1
    crl_days: int = 7
    days: int = 0
    sm2_id: bytes = DEFAULT_ID
    limits: Limits = NO_LIMITS


class Founder:
    """Makes authorities in one PKI database with keys of one provider."""

    def __init__(self, records: Records, keys: KeyProvider, clock: Clock) -> None:
        self._records, self._keys, self._clock = records, keys, clock

    def root(self, given: Foundation, actor: str, key: KeyRef | None = None) -> Authority:
        """A self-signed authority; ``key`` reuses a key that exists."""
        key = key or self._keys.generate(given.name, given.kind)
        der = self._root_der(given, key, subject_der(given.subject))
        return self._keep(given, key, der, None, actor)

    def _root_der(self, given: Foundation, key: KeyRef, subject: bytes) -> bytes:
        profile = profile_named("root")
        template = Template(profile, subject, key_identifier(key.spki), ALGORITHM[key.kind], (), given.limits)
        start = self._clock.now().replace(microsecond=0)
        end = start + timedelta(days=given.days or profile.days)
        serial = int.from_bytes(key_identifier(key.spki)[:16], "big") >> 1 | 1 << 126
        tbs = template.tbs(serial, subject, key.spki, start, end)
        unsigned = read_certificate.__wrapped__(whole(tbs, template.algorithm, b""))
        errors = [found for found in lint(Subject(unsigned, profile)) if found.level is Level.ERROR]
        if errors:
            first = errors[0]
            raise AppError(
                ErrorKind.INVALID, "trust.ca.lint_failed", rule=first.rule, clause=first.clause, detail=first.detail
            )
        return whole(tbs, template.algorithm, self._keys.sign(key.id, tbs, given.sm2_id))

    def subordinate(self, parent: Authority, given: Foundation, actor: str, approval: str = "") -> Authority:
        """An authority below ``parent``."""
        key = self._keys.generate(given.name, given.kind)
        order = Order(
            "subordinate", key.spki, subject_der(given.subject), days=given.days, approval=approval, limits=given.limits
        )
        issued = parent.issue(order, actor)
        return self._keep(given, key, issued.der, parent.id, actor)

    def cross(self, parent: Authority, foreign: bytes, limits: Limits, actor: str, approval: str = "") -> Issued:
        """A certificate for another authority's key under ours: cross-certification, a bridge, or a renewed key."""
        other = read_certificate(foreign)
        if not other.is_ca:
            raise AppError(ErrorKind.INVALID, "trust.ca.not_an_authority", subject=other.label)
        order = Order("subordinate", other.spki, other.subject.der, approval=approval, limits=limits)
        return parent.issue(order, actor)

    def rekey(self, old: Authority, actor: str) -> tuple[Authority, list[Issued]]:
        """The authority under its old name with a new key, and for a root the two link certificates (RFC 4210 clause
        4.4). The old key only signs lists from now on, until its last certificate has ended."""
        row = self._records.read(
            lambda s: s.execute(select(rows.authorities).where(rows.authorities.c.id == old.id)).one()
        )
        if row.state != "active":
            raise AppError(ErrorKind.CONFLICT, "trust.ca.authority_inactive", authority=old.name, state=row.state)
        given = Foundation(
            row.name,
            old.certificate.subject.text,
            old.key.kind,
            old.points,
            old.partitions,
            old.crl_days,
            sm2_id=old.sm2_id,
        )
        key = self._keys.generate(given.name, given.kind)
        if row.parent is None:
            der = self._root_der(given, key, old.certificate.subject.der)
        else:
            order = Order("subordinate", key.spki, old.certificate.subject.der)
            der = self.load(row.parent).issue(order, actor).der
        old_signs_new = [old.issue(_link(key.spki, old.certificate.subject.der), actor)] if row.parent is None else []
        self._records.write(lambda session: self._supersede(session, old, key, actor))
        new = self._keep(given, key, der, row.parent, actor)
        if row.parent is not None:
            return new, []
        return new, [*old_signs_new, new.issue(_link(old.key.spki, old.certificate.subject.der), actor)]

    def _supersede(self, session: Session, old: Authority, key: KeyRef, actor: str) -> None:
        table = rows.authorities
        earlier = session.scalar(select(func.count()).where(table.c.name.startswith(f"{old.name}~", autoescape=True)))
        name = f"{old.name}~{(earlier or 0) + 1}"
        session.execute(update(table).where(table.c.id == old.id).values(state="superseded", name=name))
        detail = {"name": name, "by_key": key.id}
        tell(session, "trust.authority.supersede", f"authority:{old.id}", actor, self._clock.now(), detail)

    def _keep(self, given: Foundation, key: KeyRef, der: bytes, parent: str | None, actor: str) -> Authority:
        now, authority = self._clock.now(), new_id("ca")
        values = {
            "id": authority,
            "name": given.name,
            "parent": parent,
            "key": key.id,
            "certificate": der,
            "sm2_id": given.sm2_id,
            "points": "\n".join(given.points),
            "partitions": given.partitions,
            "crl_days": given.crl_days,
            "state": "active",
            "created": now,
        }

        def work(session: Session) -> None:
            taken = select(rows.authorities.c.id).where(rows.authorities.c.name == given.name)
            if session.scalar(taken) is not None:
                raise AppError(ErrorKind.CONFLICT, "trust.ca.name_taken", name=given.name[:120])
            session.execute(insert(rows.authorities), [values])
            detail = {"name": given.name, "key": key.id, "custody": str(key.custody)}
            tell(session, "trust.authority.found", f"authority:{authority}", actor, now, detail)

        self._records.write(work)
        return self.load(authority)

    def load(self, authority: str) -> Authority:
        """An authority by id or name; ``AppError(NOT_FOUND)``."""
        table = rows.authorities
        query = select(table).where((table.c.id == authority) | (table.c.name == authority))
        row = self._records.read(lambda session: session.execute(query).first())
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "trust.ca.no_authority", authority=authority[:60])
        return Authority(self._records, self._keys, row, self._clock)

    def successor(self, authority: Authority) -> str:
        """The id of the authority that issues under this one's name now: itself, or the one with its newest key."""
        if authority.state == "active":
            return authority.id
        return self.load(authority.name.partition("~")[0]).id

    def all(self) -> list[Authority]:
        """Every authority, oldest first."""
        query = select(rows.authorities).order_by(rows.authorities.c.created)
        found = self._records.read(lambda session: session.execute(query).all())
        return [Authority(self._records, self._keys, row, self._clock) for row in found]
