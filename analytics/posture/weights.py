"""The weights of indicators: versions that one person proposes, another approves, and the signer seals.

The shipped catalogue is version 0. A version holds a weight for every indicator, adding up to 1 in each dimension.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from analytics.posture.catalogue import catalogue
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.exchange import Dimension
from infra.ledger import record
from infra.records import Record, Records
from infra.web.seams import Actor, Authorizer

PLACES = 4
"""Weights are kept with so many decimals."""


class WeightState(StrEnum):
    """Where a version stands."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    RETIRED = "retired"
    REFUSED = "refused"


class Sealer(Protocol):
    """Signs and verifies with a key this room never sees."""

    def sign(self, data: bytes) -> bytes: ...

    def verify(self, data: bytes, signature: bytes) -> bool: ...


class WeightRow(Record):
    """One version; ``body`` is what is signed."""

    __tablename__ = "analytics_weights"

    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    body: Mapped[bytes]
    signature: Mapped[bytes]
    proposed: Mapped[datetime]
    proposer: Mapped[str]
    decided: Mapped[datetime | None]
    decider: Mapped[str]


class WeightBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a version says: by whom, why, and the weight of each indicator."""

    number: int
    proposer: str
    comment: str
    weights: dict[str, float]


class WeightVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version as people see it. ``sealed``: None before approval, else whether the seal holds now."""

    number: int
    state: WeightState
    weights: dict[str, float]
    comment: str
    proposer: str
    proposed: datetime
    decider: str
    decided: datetime | None
    signature: bytes
    sealed: bool | None


def shipped() -> dict[str, float]:
    """The weights of the catalogue."""
    return {name: expected.weight for name, (_, expected) in catalogue().items()}


def settled(wanted: Mapping[str, float]) -> dict[str, float]:
    """``wanted`` over the shipped weights, made to add up to 1 in each dimension. ``AppError(INVALID)`` names an
    indicator nobody knows, a number that cannot be a weight, a dimension without any."""
    unknown = wanted.keys() - catalogue().keys()
    if unknown:
        raise AppError(ErrorKind.INVALID, "analytics.weights.unknown", place=min(unknown)[:80])
    for name, value in wanted.items():
        if not math.isfinite(value) or not 0 <= value <= 1_000_000:
            raise AppError(ErrorKind.INVALID, "analytics.weights.wrong", place=name, value=str(value)[:40])
    made = {**shipped(), **wanted}
    for dimension in Dimension:
        names = [name for name, (other, _) in catalogue().items() if other is dimension]
        total = math.fsum(made[name] for name in names)
        if total <= 0:
            raise AppError(ErrorKind.INVALID, "analytics.weights.nothing", place=dimension.value)
        made.update({name: round(made[name] / total, PLACES) for name in names})
    return made


class Weights:
    """The versions of a site. Blocks."""

    def __init__(self, records: Records, access: Authorizer, clock: Clock, sealer: Sealer) -> None:
        self._records, self._access, self._clock, self._sealer = records, access, clock, sealer

    def current(self) -> tuple[int, Mapping[str, float]]:
        """Number and weights in force: the active version while its seal holds, else the shipped ones (0)."""
        active = next((one for one in self.versions() if one.state is WeightState.ACTIVE), None)
        return (active.number, active.weights) if active is not None and active.sealed else (0, shipped())

    def versions(self) -> Sequence[WeightVersion]:
        """All, newest first."""
        query = select(WeightRow).order_by(WeightRow.number.desc())
        rows = self._records.read(lambda session: list(session.scalars(query)))
        return [self._version(row) for row in rows]

    def propose(self, actor: Actor, wanted: Mapping[str, float], comment: str) -> int:
        """The number of a new version that waits for another person: ``wanted`` over the weights in force."""
        self._access.demand(actor, "posture.propose", "posture:weights")
        weights = settled({**self.current()[1], **wanted})
        if not comment.strip():
            raise AppError(ErrorKind.INVALID, "analytics.weights.comment", place="comment")

        def put(session: Session) -> int:
            number = (session.scalar(select(func.max(WeightRow.number))) or 0) + 1
            body = WeightBody(number=number, proposer=actor.id, comment=comment.strip()[:1000], weights=weights)
            now = self._clock.now()
            session.add(
                WeightRow(number=number, state=WeightState.PROPOSED, body=msgspec.json.encode(body), signature=b"",
                          proposed=now, proposer=actor.name or actor.id, decided=None, decider="")
            )  # fmt: skip
            _tell(session, actor, "propose", number, {"weights": weights, "comment": body.comment}, now)
            return number

        return self._records.write(put)

    def approve(self, actor: Actor, number: int) -> None:
        """Put a proposed version in force, sealed. ``AppError``: FORBIDDEN for the one who proposed it, CONFLICT where
        it waits no longer, UNAVAILABLE where the signer does not answer: then nothing changed."""
        self._access.demand(actor, "posture.approve", "posture:weights")
        row = self._waiting(number)
        if msgspec.json.decode(row.body, type=WeightBody).proposer == actor.id:
            raise AppError(ErrorKind.FORBIDDEN, "analytics.weights.same_person", place=f"weights:{number}")
        signature = self._sealer.sign(row.body)

        def put(session: Session) -> None:
            for present in session.scalars(select(WeightRow).where(WeightRow.state == WeightState.ACTIVE)):
                present.state = WeightState.RETIRED
            self._decide(session, actor, number, WeightState.ACTIVE, signature)

        self._records.write(put)

    def refuse(self, actor: Actor, number: int) -> None:
        """Give a proposed version up: its proposer, or who could approve it."""
        row = self._waiting(number)
        own = msgspec.json.decode(row.body, type=WeightBody).proposer == actor.id
        self._access.demand(actor, "posture.propose" if own else "posture.approve", "posture:weights")
        self._records.write(lambda session: self._decide(session, actor, number, WeightState.REFUSED, b""))

    def _decide(self, session: Session, actor: Actor, number: int, state: WeightState, signature: bytes) -> None:
        row = session.get(WeightRow, number)
        if row is None or row.state != WeightState.PROPOSED:
            raise AppError(ErrorKind.CONFLICT, "analytics.weights.decided", place=f"weights:{number}")
        now = self._clock.now()
        row.state, row.signature, row.decided, row.decider = state, signature, now, actor.name or actor.id
        word = "approve" if state is WeightState.ACTIVE else "refuse"
        _tell(session, actor, word, number, {"sha256": hashlib.sha256(row.body).hexdigest()}, now)

    def _waiting(self, number: int) -> WeightRow:
        row = self._records.read(lambda session: session.get(WeightRow, number))
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "analytics.weights.none", place=f"weights:{number}")
        if row.state != WeightState.PROPOSED:
            raise AppError(ErrorKind.CONFLICT, "analytics.weights.decided", place=f"weights:{number}")
        return row

    def _version(self, row: WeightRow) -> WeightVersion:
        body = msgspec.json.decode(row.body, type=WeightBody)
        holds = self._sealer.verify(row.body, row.signature) if row.signature else None
        return WeightVersion(
            number=row.number, state=WeightState(row.state), weights=body.weights, comment=body.comment,
            proposer=row.proposer, proposed=row.proposed, decider=row.decider, decided=row.decided,
            signature=row.signature, sealed=False if row.state == WeightState.ACTIVE and holds is None else holds,
        )  # fmt: skip


def _tell(session: Session, actor: Actor, word: str, number: int, detail: dict[str, object], now: datetime) -> None:
    record(session, actor=actor, action=f"analytics.weights.{word}", thing=f"posture:weights:{number}", detail=detail,
           at=now)  # fmt: skip
