"""``Fleet``: enrolling, renewing, revoking and grouping agents. Blocks; call it in a thread from async code."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import Certificate
from sqlalchemy import select
from sqlalchemy.orm import Session

from collectors.agent.wire import Certified
from collectors.fleet.authority import RENEW_AFTER, AgentAuthority
from collectors.fleet.configuration import Configuration, Order, SignedOrder, pack_order
from collectors.fleet.nouns import DEFAULT_GROUP, Agent, Enrolment, Group, NewEnrolment
from collectors.fleet.rows import AgentRow, EnrolmentRow, GroupRow
from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor, Authorizer
from trust.identity.credential import fingerprint, new_secret

TOPIC = "agents"
MAX_DAYS = 30
READ, EDIT = "sources.read", "sources.edit"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class Fleet:
    """The agents of a site. Changes by people are judged by ``access``; every change enters the ledger and is told on
    the feed. ``taken`` are names no agent may have (the platform's own host)."""

    def __init__(
        self,
        records: Records,
        access: Authorizer,
        authority: AgentAuthority,
        clock: Clock | None = None,
        taken: Sequence[str] = (),
    ) -> None:
        self._records = records
        self._access = access
        self._authority = authority
        self._clock = clock or SystemClock()
        self._taken = set(taken)

    @property
    def authority(self) -> AgentAuthority:
        """Who vouches for the agents."""
        return self._authority

    # Reading

    def agents(self) -> Sequence[Agent]:
        """All agents by name, revoked ones too."""
        query = select(AgentRow).order_by(AgentRow.name)
        return self._records.read(lambda session: [_agent(row) for row in session.scalars(query)])

    def groups(self) -> Sequence[Group]:
        """All groups; the default one is always there."""
        rows = self._records.read(lambda session: session.scalars(select(GroupRow).order_by(GroupRow.id)).all())
        found = [_group(row) for row in rows]
        return found if any(group.id == DEFAULT_GROUP for group in found) else [Group(id=DEFAULT_GROUP), *found]

    def enrolments(self) -> Sequence[Enrolment]:
        """One-time tokens, newest first."""
        query = select(EnrolmentRow).order_by(EnrolmentRow.created.desc(), EnrolmentRow.id.desc()).limit(200)
        return self._records.read(lambda session: [_enrolment(row) for row in session.scalars(query)])

    def orders(self) -> dict[str, tuple[int, bytes]]:
        """Of each group with a configuration: its version and the signed bytes."""
        rows = self._records.read(lambda session: session.scalars(select(GroupRow)).all())
        return {row.id: (row.version, bytes.fromhex(row.signed)) for row in rows}

    # What people do

    def create_enrolment(
        self, actor: Actor, *, group: str = DEFAULT_GROUP, name: str = "", days: int = 1
    ) -> NewEnrolment:
        """A token that lets one agent in, once. ``name`` fixes the agent's name."""
        self._access.demand(actor, EDIT, "agent:new")
        if not 1 <= days <= MAX_DAYS:
            raise AppError(ErrorKind.INVALID, "collectors.fleet.days", place="--days", days=days, most=MAX_DAYS)
        for field, value in (("--group", group), ("--name", name)):
            if value and _NAME.fullmatch(value) is None:
                raise AppError(ErrorKind.INVALID, "collectors.fleet.name_malformed", place=field, value=value[:64])
        secret, now = new_secret("yde_"), self._clock.now()
        row = EnrolmentRow(
            id=new_id(), secret=fingerprint(secret).hex(), group=group, name=name, created=now, created_by=actor.name,
            expires=now + timedelta(days=days), used=None, agent="",
        )  # fmt: skip
        made = _enrolment(row)

        def make(session: Session) -> None:
            session.add(row)
            detail = {"group": group, "name": name, "days": days}
            record(session, actor=actor, action="collectors.enrolment.create", thing=f"enrolment:{made.id}",
                   detail=detail, at=now)  # fmt: skip

        self._records.write(make)
        return NewEnrolment(made, f"{secret}.{self._authority.fingerprint}")

    def revoke(self, actor: Actor, agent: str) -> Agent:
        """End an agent now; ``agent`` is its id or name. Its connection is cut and it never comes in again."""
        self._access.demand(actor, EDIT, f"agent:{agent[:64]}")

        def end(session: Session) -> Agent:
            row = _one(session, agent)
            if row.revoked is None:
                row.revoked = self._clock.now()
                self._tell(session, actor, "collectors.agent.revoke", row.id, name=row.name)
            return _agent(row)

        return self._records.write(end)

    def move(self, actor: Actor, agent: str, group: str) -> Agent:
        """Let an agent follow another group."""
        self._access.demand(actor, EDIT, f"agent:{agent[:64]}")
        if _NAME.fullmatch(group) is None:
            raise AppError(ErrorKind.INVALID, "collectors.fleet.name_malformed", place="group", value=group[:64])

        def change(session: Session) -> Agent:
            row = _one(session, agent)
            before, row.group = row.group, group
            self._tell(session, actor, "collectors.agent.move", row.id, changed={"group": [before, group]})
            return _agent(row)

        return self._records.write(change)

    def configure(
        self, actor: Actor, group: str, told: Configuration | Callable[[Configuration], Configuration]
    ) -> Group:
        """Tell a group what to collect: signed now, with the agents within seconds. A function is given what the group
        was told before, in the same transaction; where it answers with that itself, nothing changes."""
        self._access.demand(actor, EDIT, f"agent-group:{group[:64]}")
        if _NAME.fullmatch(group) is None:
            raise AppError(ErrorKind.INVALID, "collectors.fleet.name_malformed", place="group", value=group[:64])

        def change(session: Session) -> Group:
            row = session.get(GroupRow, group, with_for_update=True)
            known = Group(id=group) if row is None else _group(row)
            configuration = told(known.configuration) if callable(told) else told
            if configuration is known.configuration:
                return known
            newest = max(session.scalars(select(GroupRow.version)).all(), default=0)
            version = max(newest + 1, int(self._clock.now().timestamp()))
            body = msgspec.json.encode(Order(version=version, group=group, configuration=configuration))
            signed = pack_order(SignedOrder(body, self._authority.sign(body)))
            row = row or GroupRow(id=group)
            before = dict(row.configuration or {})
            row.configuration = msgspec.to_builtins(configuration)
            row.version, row.signed = version, signed.hex()
            row.changed, row.changed_by = self._clock.now(), actor.name
            session.add(row)
            changed = {key: [before.get(key), value] for key, value in row.configuration.items()
                       if before.get(key) != value}  # fmt: skip
            self._tell(session, actor, "collectors.agent_group.change", group, kind="agent-group", changed=changed)
            return _group(row)

        return self._records.write(change)

    # What agents ask for

    def enrol(self, secret: str, request: bytes, host: str) -> Certified:
        """Certify a new agent for a good token; again for the same key where the answer was lost.

        ``AppError(FORBIDDEN)`` where the token is unknown, used or over.
        """
        key = self._authority.requested_key(request).public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        public_key = hashlib.sha256(key).hexdigest()

        def enter(session: Session) -> Certified:
            token = session.scalar(select(EnrolmentRow).where(EnrolmentRow.secret == fingerprint(secret).hex()))
            if token is None or token.expires <= self._clock.now():
                raise AppError(ErrorKind.FORBIDDEN, "collectors.fleet.token_refused")
            if token.used is not None:
                return self._again(session, token, request, public_key)
            return self._enter(session, token, request, host, public_key)

        return self._records.write(enter)

    def renew(self, agent: str, serial: str, request: bytes) -> Certified:
        """A new certificate for an agent that showed the one with ``serial``; both are good until the next renewal."""

        def change(session: Session) -> Certified:
            row = session.get(AgentRow, agent)
            if row is None or row.revoked is not None or serial not in (row.serial, row.previous):
                raise AppError(ErrorKind.FORBIDDEN, "collectors.fleet.agent_refused")
            made = self._authority.issue(request, row.id)
            row.previous = serial
            return self._certify(session, row, made, "collectors.agent.renew")

        return self._records.write(change)

    def _enter(self, session: Session, token: EnrolmentRow, request: bytes, host: str, key: str) -> Certified:
        now, agent = self._clock.now(), new_id()
        made = self._authority.issue(request, agent)
        token.used, token.agent = now, agent
        row = AgentRow(
            id=agent, name=self._free_name(session, token.name or host), group=token.group, host=host[:200],
            public_key=key, serial="", previous="", enrolled=now, expires=now, revoked=None,
        )  # fmt: skip
        session.add(row)
        return self._certify(session, row, made, "collectors.agent.enrol")

    def _again(self, session: Session, token: EnrolmentRow, request: bytes, key: str) -> Certified:
        row = session.get(AgentRow, token.agent)
        if row is None or row.revoked is not None or not hmac.compare_digest(row.public_key, key):
            raise AppError(ErrorKind.FORBIDDEN, "collectors.fleet.token_refused")
        row.previous = row.serial
        return self._certify(session, row, self._authority.issue(request, row.id), "collectors.agent.enrol")

    def _certify(self, session: Session, row: AgentRow, made: Certificate, action: str) -> Certified:
        row.serial, row.expires = f"{made.serial_number:x}", made.not_valid_after_utc
        actor = Actor(id=f"agent:{row.id}", name=row.name, kind="service")
        self._tell(session, actor, action, row.id, name=row.name, serial=row.serial, group=row.group)
        renew_at = (self._clock.now() + RENEW_AFTER).timestamp()
        return Certified(row.id, row.name, made.public_bytes(serialization.Encoding.PEM), renew_at)

    def _free_name(self, session: Session, wanted: str) -> str:
        base = re.sub(r"[^A-Za-z0-9._-]", "-", wanted).strip(".-_")[:56] or "agent"
        used = self._taken | set(session.scalars(select(AgentRow.name).where(AgentRow.name.startswith(base))))
        return next(
            name for number in range(1, 1_000_000) if (name := base if number == 1 else f"{base}-{number}") not in used
        )

    def _tell(
        self, session: Session, actor: Actor, action: str, thing: str, *, kind: str = "agent", **detail: Any
    ) -> None:
        now = self._clock.now()
        record(session, actor=actor, action=action, thing=f"{kind}:{thing}", detail=detail, at=now)
        publish(session, TOPIC, f"{kind}:{thing}", at=now)


def _one(session: Session, wanted: str) -> AgentRow:
    row = session.get(AgentRow, wanted) or session.scalar(select(AgentRow).where(AgentRow.name == wanted))
    if row is None:
        raise AppError(ErrorKind.NOT_FOUND, "collectors.fleet.no_agent", place=wanted[:64])
    return row


def _agent(row: AgentRow) -> Agent:
    return Agent(
        id=row.id, name=row.name, group=row.group, host=row.host, serial=row.serial, previous=row.previous,
        enrolled=row.enrolled, expires=row.expires, revoked=row.revoked,
    )  # fmt: skip


def _group(row: GroupRow) -> Group:
    configuration = msgspec.convert(row.configuration, Configuration, strict=False)
    return Group(
        id=row.id, configuration=configuration, version=row.version, changed=row.changed, changed_by=row.changed_by
    )


def _enrolment(row: EnrolmentRow) -> Enrolment:
    return Enrolment(
        id=row.id, group=row.group, name=row.name, created=row.created, created_by=row.created_by,
        expires=row.expires, used=row.used, agent=row.agent,
    )  # fmt: skip
