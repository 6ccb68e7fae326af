"""The register of cryptography in use: what people entered, what the wire shows, what the platform signs with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor
from ops.evaluation.cryptography import Assessment, CryptoUse, assess
from ops.evaluation.record import CryptoUseRow
from ops.rulepacks import Packs, shipped_packs


class UseSource(Protocol):
    """Gives uses by object; wiring connects the event store and the trust service."""

    def uses(self, now: datetime) -> Mapping[str, Iterable[CryptoUse]]: ...


class CryptoRegister:
    """Uses by object. A use somebody entered wins over one that was seen under the same id."""

    def __init__(
        self, records: Records, clock: Clock, sources: Sequence[UseSource] = (), packs: Packs | None = None
    ) -> None:
        self._records = records
        self._clock = clock
        self._sources = tuple(sources)
        self._packs = packs or shipped_packs()

    def uses(self, object_id: str = "") -> dict[str, list[CryptoUse]]:
        """Uses of an object, or of all, by object."""
        found: dict[str, dict[str, CryptoUse]] = {}
        for source in self._sources:
            for name, uses in source.uses(self._clock.now()).items():
                found.setdefault(name, {}).update({use.id: use for use in uses})
        for name, use in self._entered():
            found.setdefault(name, {})[use.id] = use
        return {name: [uses[key] for key in sorted(uses)] for name, uses in found.items() if object_id in ("", name)}

    def assess(self, object_id: str = "") -> Assessment:
        """The assessment of an object's uses, or of all."""
        pack = self._packs.versions("crypto")[-1]
        return assess((use for uses in self.uses(object_id).values() for use in uses), pack)

    def enter(self, actor: Actor, object_id: str, use: CryptoUse) -> None:
        """Add a use or change it."""
        if not object_id or not use.id.strip() or not use.algorithms:
            raise AppError(ErrorKind.INVALID, "ops.evaluation.crypto_incomplete", place=use.id[:60] or object_id)

        def work(session: Session) -> None:
            row = session.get(CryptoUseRow, (object_id, use.id)) or CryptoUseRow(object_id=object_id, id=use.id)
            row.use, row.changed = msgspec.to_builtins(use), self._clock.now()
            session.add(row)
            detail = {"use": use.id, "algorithms": list(use.algorithms), "certificate": use.module_certificate}
            record(session, actor=actor, action="ops.crypto.enter", thing=f"object:{object_id}", detail=detail)

        self._records.write(work)

    def _entered(self) -> list[tuple[str, CryptoUse]]:
        question = select(CryptoUseRow).order_by(CryptoUseRow.object_id, CryptoUseRow.id)
        return self._records.read(
            lambda session: [(row.object_id, msgspec.convert(row.use, CryptoUse)) for row in session.scalars(question)]
        )
