"""What is handed over for an evaluation: the owner's folder A and the evaluator's folder B, as one archive.

A file that a person gave stands; where none was given, the platform writes what it knows itself: grading report,
filing form, certificate number, assets, findings, and what is attached to table 5 of the filing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.blobs import BlobStore
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor
from ops.evaluation.plan import material_folders
from ops.evaluation.record import MaterialRow
from ops.rulepacks import Pack

LARGEST = 64 << 20
PARTS = ("A", "B")
File = tuple[str, Callable[[], bytes]]


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the lists: the file that stands for it, who gave it (empty: the platform), or none."""

    part: str
    id: str
    zh: str
    en: str
    name: str = ""
    by: str = ""
    at: datetime | None = None
    sha256: str = ""


class Materials:
    """The materials of all objects; ``known`` says what the platform has itself."""

    def __init__(
        self, records: Records, clock: Clock, blobs: BlobStore, pack: Pack, known: Callable[[str], Mapping[str, File]]
    ) -> None:
        self._records, self._clock, self._blobs = records, clock, blobs
        self._pack, self._known = pack, known

    def listed(self, object_id: str) -> Sequence[Material]:
        """Both lists in order."""
        given, own = self._given(object_id), self._known(object_id)
        return [
            self._line(part, each, given.get(each["id"]), own.get(each["id"]))
            for part in PARTS
            for each in self._pack.content[part]
        ]

    @staticmethod
    def _line(part: str, each: Mapping[str, str], given: MaterialRow | None, own: File | None) -> Material:
        line = Material(part=part, id=each["id"], zh=each["zh"], en=each["en"], name=own[0] if own else "")
        if given is None:
            return line
        return msgspec.structs.replace(line, name=given.name, by=given.by, at=given.at, sha256=given.sha256)

    def keep(self, actor: Actor, object_id: str, material: str, name: str, sha256: str) -> None:
        """A kept file stands for a material from now on; ``AppError`` where either is not known."""
        if material not in {each["id"] for part in PARTS for each in self._pack.content[part]}:
            raise AppError(ErrorKind.INVALID, "ops.evaluation.no_material", place=material[:40])
        self._blobs.open(sha256).close()

        def work(session: Session) -> None:
            row = session.get(MaterialRow, (object_id, material)) or MaterialRow(object_id=object_id, material=material)
            row.name, row.sha256, row.by, row.at = name[:255], sha256, actor.id, self._clock.now()
            session.add(row)
            detail = {"material": material, "name": row.name, "sha256": sha256}
            record(session, actor=actor, action="ops.evaluation.material", thing=f"object:{object_id}", detail=detail)

        self._records.write(work)

    def archive(self, object_id: str) -> bytes:
        """Folders A and B as ZIP, with a note in each that lacks its file and an index."""
        files = {name: (title, write()) for name, (title, write) in self._known(object_id).items()}
        for name, row in self._given(object_id).items():
            with self._blobs.open(row.sha256) as file:
                files[name] = (row.name, file.read(LARGEST))
        return material_folders(files, self._pack)

    def _given(self, object_id: str) -> dict[str, MaterialRow]:
        question = select(MaterialRow).where(MaterialRow.object_id == object_id)
        rows = self._records.read(lambda session: list(session.scalars(question)))
        return {row.material: row for row in rows}
