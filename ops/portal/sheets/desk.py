"""Sheets in and out of the rooms they belong to; a report of each import is kept as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from infra.blobs import BlobStore
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor, Authorizer
from ops.controls.service import Controls
from ops.documents.tables import read_rows, write_rows
from ops.evaluation.rectification import Rectification
from ops.grading.service import Gradings
from ops.portal.sheets.findings import FindingSheet
from ops.portal.sheets.gradings import GradingSheet
from ops.portal.sheets.kind import Kind, Report, SheetKind
from ops.portal.sheets.records import RecordSheet
from ops.portal.sheets.verdicts import VerdictSheet
from ops.recordfiling.service import SystemRecords

LARGEST_REPORT = 64 << 20


class _Counted:
    """Rows, and how many were read."""

    def __init__(self, rows: Iterable[tuple[int, dict[str, str]]]) -> None:
        self._rows, self.rows = rows, 0

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        for row in self._rows:
            self.rows += 1
            yield row


class Sheets:
    """The sheets of a site."""

    def __init__(self, kinds: Mapping[Kind, SheetKind], blobs: BlobStore, access: Authorizer) -> None:
        self._kinds, self._blobs, self._access = dict(kinds), blobs, access

    def write(self, actor: Actor, kind: Kind, object_id: str = "") -> bytes:
        """A sheet as a workbook, of one object or of all."""
        sheet = self._kinds[kind]
        self._access.demand(actor, sheet.reads, f"object:{object_id}" if object_id else "")
        return write_rows(kind.value, sheet.columns, sheet.rows(object_id))

    def take_in(self, actor: Actor, kind: Kind, raw: bytes, name: str) -> tuple[str, Report]:
        """Judge a file row by row and keep all of it, or nothing where a row is wrong; the kept report's name."""
        sheet = self._kinds[kind]
        self._access.demand(actor, sheet.writes)
        file = self._blobs.put([raw], LARGEST_REPORT).id
        read = _Counted(read_rows(raw, name, sheet.required, sheet.columns))
        judged = sheet.judge(read)
        taken = sheet.keep(actor, judged.items) if judged.items and not judged.errors else 0
        report = Report(
            sheet=kind, name=name[:255], file=file, rows=read.rows, taken=taken, unchanged=judged.unchanged,
            errors=judged.errors,
        )  # fmt: skip
        return self._blobs.put([msgspec.json.encode(report)], LARGEST_REPORT).id, report

    def report(self, actor: Actor, name: str) -> Report:
        """The report of an import."""
        with self._blobs.open(name) as file:
            raw = file.read(LARGEST_REPORT)
        try:
            found = msgspec.json.decode(raw, type=Report)
        except (msgspec.ValidationError, msgspec.DecodeError):
            raise AppError(ErrorKind.NOT_FOUND, "ops.sheets.no_report", place=name[:64]) from None
        self._access.demand(actor, self._kinds[found.sheet].reads)
        return found


def graded_sheets(
    records: SystemRecords, findings: Rectification, gradings: Gradings, controls: Controls, clock: Clock,
    blobs: BlobStore, access: Authorizer,
) -> Sheets:  # fmt: skip
    """The sheets of graded protection and record filing."""
    kinds: dict[Kind, SheetKind] = {
        Kind.RECORDS: RecordSheet(records),
        Kind.FINDINGS: FindingSheet(findings, controls),
        Kind.GRADINGS: GradingSheet(gradings),
        Kind.VERDICTS: VerdictSheet(controls, clock),
    }
    return Sheets(kinds, blobs, access)
