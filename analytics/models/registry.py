"""Keeping models: every version with its card, one active per name, every change told to the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analytics.models.artefact import MOST_BYTES, ModelSigner, pack, to_be_signed, unpack
from analytics.models.card import Card, ModelState
from analytics.models.rows import ModelRow
from infra.blobs import BlobStore
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor

_NEXT = {
    ModelState.SHADOW: {ModelState.CANDIDATE, ModelState.RETIRED},
    ModelState.CANDIDATE: {ModelState.ACTIVE, ModelState.RETIRED, ModelState.SHADOW},
    ModelState.ACTIVE: {ModelState.RETIRED},
    ModelState.RETIRED: {ModelState.ACTIVE},
}
"""Allowed changes. Retired to active is the rollback."""


class ModelRegistry:
    """The models of the site."""

    def __init__(self, records: Records, blobs: BlobStore, signer: ModelSigner, clock: Clock) -> None:
        self._records, self._blobs, self._signer, self._clock = records, blobs, signer, clock

    def add(self, card: Card, arrays: Mapping[str, NDArray[Any]], actor: Actor | str) -> str:
        """Keep a new version as a shadow; the answer is its id."""
        body = pack(arrays)
        blob = self._blobs.put([body], MOST_BYTES)
        signature = self._signer.sign(to_be_signed(card, body))

        def work(session: Session) -> None:
            number = session.scalar(select(func.max(ModelRow.number)).where(ModelRow.name == card.name)) or 0
            now = self._clock.now()
            session.add(
                ModelRow(
                    id=card.id,
                    name=card.name,
                    number=number + 1,
                    state=ModelState.SHADOW,
                    card=msgspec.to_builtins(card),
                    blob=blob.id,
                    signature=signature,
                    created=now,
                    changed=now,
                    approver="",
                )
            )
            detail = {"name": card.name, "blob": blob.id, "fingerprint": card.fingerprint}
            record(session, actor=actor, action="analytics.model.add", thing=f"model:{card.id}", detail=detail)

        self._records.write(work)
        return card.id

    def move(self, model: str, state: ModelState, actor: Actor | str, approver: str) -> None:
        """Change the state; activating retires the present one. ``AppError(CONFLICT)`` for a step not allowed."""

        def work(session: Session) -> None:
            row = _row(session, model)
            if state not in _NEXT[ModelState(row.state)]:
                raise AppError(ErrorKind.CONFLICT, "analytics.models.step", place=model, old=row.state, new=str(state))
            if state is ModelState.ACTIVE:
                self._retire_present(session, row.name)
            before, row.state = row.state, state
            row.changed, row.approver = self._clock.now(), approver
            detail = {"from": before, "to": str(state), "approver": approver}
            record(session, actor=actor, action="analytics.model.move", thing=f"model:{model}", detail=detail)

        self._records.write(work)

    def rollback(self, name: str, actor: Actor | str, approver: str) -> str:
        """Make the version that was active before active again; the answer is its id."""

        def last(session: Session) -> str:
            wanted = select(ModelRow).where(ModelRow.name == name, ModelRow.state == ModelState.RETIRED)
            rows = session.scalars(wanted.where(ModelRow.approver != "").order_by(ModelRow.changed.desc())).all()
            if not rows:
                raise AppError(ErrorKind.NOT_FOUND, "analytics.models.no_earlier", place=name)
            return rows[0].id

        model = self._records.read(last)
        self.move(model, ModelState.ACTIVE, actor, approver)
        return model

    def load(self, model: str) -> tuple[Card, dict[str, NDArray[Any]]]:
        """Card and arrays of one version, verified."""
        row = self._records.read(lambda session: _row(session, model))
        card = msgspec.convert(row.card, Card)
        with self._blobs.open(row.blob) as stream:
            body = stream.read(MOST_BYTES + 1)
        return card, unpack(card, body, row.signature, self._signer)

    def active(self, name: str) -> str | None:
        """The id of the version that judges."""

        def work(session: Session) -> str | None:
            wanted = select(ModelRow.id).where(ModelRow.name == name, ModelRow.state == ModelState.ACTIVE)
            return session.scalar(wanted)

        return self._records.read(work)

    def versions(self, name: str | None = None) -> list[ModelRow]:
        """All versions, newest first; of one name or of all."""

        def work(session: Session) -> list[ModelRow]:
            wanted = select(ModelRow).order_by(ModelRow.name, ModelRow.number.desc())
            return list(session.scalars(wanted.where(ModelRow.name == name) if name else wanted))

        return self._records.read(work)

    def _retire_present(self, session: Session, name: str) -> None:
        wanted = select(ModelRow).where(ModelRow.name == name, ModelRow.state == ModelState.ACTIVE)
        for present in session.scalars(wanted):
            present.state, present.changed = ModelState.RETIRED, self._clock.now()


def _row(session: Session, model: str) -> ModelRow:
    row = session.get(ModelRow, model)
    if row is None:
        raise AppError(ErrorKind.NOT_FOUND, "analytics.models.none", place=model)
    return row
