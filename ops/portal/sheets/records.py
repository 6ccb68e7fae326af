"""Records (统一备案) as a sheet: applications to bring in, and the register with its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from infra.web.seams import Actor
from ops.portal.sheets.kind import Judged
from ops.recordfiling.application import CONFORMANCE, EXTERNAL, Application
from ops.recordfiling.bulk import COLUMNS, REQUIRED, TOLD, judge_applications
from ops.recordfiling.service import SystemRecord, SystemRecords


class RecordSheet:
    """Implements ``SheetKind``; a system that has a record already is passed over if its row says the same."""

    columns: Sequence[str] = (*COLUMNS, *TOLD)
    required: Sequence[str] = REQUIRED
    reads, writes = "records.read", "records.apply"

    def __init__(self, records: SystemRecords) -> None:
        self._records = records

    def rows(self, object_id: str) -> Iterable[Sequence[Any]]:
        """Every record, revoked ones too."""
        return (_row(each) for each in self._records.find() if object_id in ("", each.system))

    def judge(self, rows: Iterable[tuple[int, dict[str, str]]]) -> Judged:
        """Applications of systems without a record."""
        standing = {each.system: each.application for each in self._records.find() if each.state != "revoked"}
        sheet = judge_applications(rows, standing)
        return Judged(sheet.applications, sheet.unchanged, sheet.errors)

    def keep(self, actor: Actor, items: Sequence[Application]) -> int:
        """All or none."""
        return self._records.apply_all(actor, items)


def _row(found: SystemRecord) -> tuple[Any, ...]:
    given = found.application
    conformance = ("" if rule not in given.conformance else "是" if given.conformance[rule] else "否"
                   for rule in CONFORMANCE)  # fmt: skip
    numbers = (given.external.get(name, "") for name in EXTERNAL)
    return (
        given.system, given.name, given.unit, given.unit_code, given.column, " ".join(given.hosts), *conformance,
        " ".join(given.authentication), given.level, given.go_live.isoformat() if given.go_live else "", *numbers,
        found.number or "", found.state.value, found.review_due.isoformat() if found.review_due else "",
        ", ".join(found.nonconforming),
    )  # fmt: skip
