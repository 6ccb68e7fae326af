"""Writing, keeping and giving situation reports."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.blobs import BlobStore
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.text.catalogue import Language, use_language
from infra.web.seams import Actor
from ops.alerts.service import Audit
from ops.documents.paper import Paper, to_docx, to_html
from ops.numbering import next_number
from ops.reports.figures import Situation, Sources, situation
from ops.reports.paper import situation_paper
from ops.reports.period import Kind, Period
from ops.reports.record import ReportRow

LARGEST = 16 << 20
LARGEST_TEMPLATE = 4 << 20
MOST = 200


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was written."""

    id: str
    period: Period
    name: str
    language: str
    hash: str
    written: datetime


class Reports:
    """The reports of the site. Whoever calls has checked the right to. ``templates`` is where a site keeps its own."""

    def __init__(
        self, records: Records, clock: Clock, audit: Audit, sources: Sources, blobs: BlobStore, templates: Path | None
    ) -> None:
        self._records, self._clock, self._audit = records, clock, audit
        self._sources, self._blobs, self._templates = sources, blobs, templates

    def figures(self, period: Period) -> Situation:
        """The figures of a period as they are known now."""
        return situation(self._sources, period, self._clock.now())

    def form(self, found: Situation, kind: str, language: Language) -> bytes:
        """The report of figures as ``html`` or ``docx``, by the site's template where it has one."""
        with use_language(language):
            paper = situation_paper(found, digest_of(found))
            if kind == "docx":
                return to_docx(paper, self._template(found.period.kind, "docx"), f"situation-{found.period.kind}.docx")
            if kind == "html":
                return self._html(paper, found.period.kind)
        known = "html, docx"
        raise AppError(ErrorKind.INVALID, "ops.documents.kind_unknown", place="kind", given=kind[:20], known=known)

    def write(self, actor: Actor, period: Period, language: Language) -> Written:
        """Write and keep a report in both forms. A whole period in one language is written once: again gives that."""
        if period.complete and (known := self._known(period, language)):
            return known
        found = self.figures(period)
        html = self._blobs.put([self.form(found, "html", language)], LARGEST)
        docx = self._blobs.put([self.form(found, "docx", language)], LARGEST)

        def work(session: Session) -> Written:
            row = ReportRow(
                id=next_number(session, "BG", found.written), period=period.kind, language=language, html=html.id,
                docx=docx.id, hash=digest_of(found), since=period.since, until=period.until, written=found.written,
                figures=msgspec.to_builtins(found),
            )  # fmt: skip
            session.add(row)
            detail: dict[str, Any] = {"period": period.name, "language": str(language), "hash": row.hash}
            self._audit(session, actor=actor, action="ops.report.write", thing=f"report:{row.id}", detail=detail)
            return _written(row)

        return self._records.write(work)

    def listed(self, kind: str = "") -> Sequence[Written]:
        """Reports, newest first."""
        question = select(ReportRow).order_by(ReportRow.written.desc(), ReportRow.id.desc()).limit(MOST)
        if kind:
            question = question.where(ReportRow.period == kind.replace("\0", ""))
        return self._records.read(lambda session: [_written(row) for row in session.scalars(question)])

    def open(self, report: str, kind: str) -> BinaryIO:
        """One form of a report; ``AppError(NOT_FOUND | INVALID)``."""
        row = self._records.read(lambda session: session.get(ReportRow, report.replace("\0", "")))
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "ops.reports.unknown", place=report[:40])
        if kind not in ("html", "docx"):
            known = "html, docx"
            raise AppError(ErrorKind.INVALID, "ops.documents.kind_unknown", place="kind", given=kind[:20], known=known)
        return self._blobs.open(row.html if kind == "html" else row.docx)

    def _known(self, period: Period, language: Language) -> Written | None:
        question = select(ReportRow).where(
            ReportRow.period == period.kind, ReportRow.since == period.since, ReportRow.until == period.until,
            ReportRow.language == language,
        )  # fmt: skip
        row = self._records.read(lambda session: session.scalars(question).first())
        return _written(row) if row is not None else None

    def _html(self, paper: Paper, kind: Kind) -> bytes:
        own = self._template(kind, "html")
        return to_html(paper, own.decode("utf-8") if own else None, f"situation-{kind}.html").encode()

    def _template(self, kind: Kind, suffix: str) -> bytes | None:
        """``situation-daily.docx``, else ``situation.docx``, of the site; None where it keeps the shipped one."""
        for name in (f"situation-{kind}.{suffix}", f"situation.{suffix}"):
            path = self._templates / name if self._templates else None
            if path is not None and path.is_file():
                if path.stat().st_size > LARGEST_TEMPLATE:
                    raise AppError(ErrorKind.TOO_LARGE, "ops.documents.too_large", place=name, limit=LARGEST_TEMPLATE)
                return path.read_bytes()
        return None


def digest_of(found: Situation) -> str:
    """SHA-256 over the canonical JSON of the figures."""
    return hashlib.sha256(msgspec.json.encode(msgspec.to_builtins(found), order="sorted")).hexdigest()


def _written(row: ReportRow) -> Written:
    period = Period(kind=Kind(row.period), since=row.since, until=row.until, complete=row.until <= row.written)
    return Written(
        id=row.id, period=period, name=period.name, language=row.language, hash=row.hash, written=row.written
    )
