"""Evaluations: planned, scored from the board, compared with the one before; and their material folders."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import date
from itertools import pairwise

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor
from ops.controls.board import Board
from ops.evaluation.record import EvaluationRow
from ops.evaluation.scoring import Risks, Score, Weight, score, scored_items
from ops.rulepacks import Pack, Packs

_REPORT_NUMBER = re.compile(r"\d{11}-\d{5}-\d{2}-\d{4}-\d{2}B?")
LONGEST_PROJECT_DAYS = 184


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation with its score once it is done."""

    id: str
    object_id: str
    template: str
    body: str
    scope: tuple[str, ...]
    planned_from: date
    planned_to: date
    report_number: str
    score: Score | None
    packs: tuple[str, ...]
    done: date | None


class Trend(msgspec.Struct, frozen=True):
    """Change of the lower bound between two evaluations; only scores of the same template are compared."""

    before: str
    after: str
    change: float | None


class Evaluations:
    """The evaluations of all objects."""

    def __init__(self, records: Records, clock: Clock, packs: Packs) -> None:
        self._records = records
        self._clock = clock
        self._packs = packs

    def plan(
        self, actor: Actor, object_id: str, body: str, planned_from: date, planned_to: date, scope: tuple[str, ...] = ()
    ) -> Evaluation:
        """Plan an evaluation; a project lasts six months at most. The template is the one in force at its end."""
        if not planned_from <= planned_to or (planned_to - planned_from).days > LONGEST_PROJECT_DAYS:
            raise AppError(ErrorKind.INVALID, "ops.evaluation.project_too_long", place=object_id)
        template = self._packs.at("scoring", planned_to).version
        row = EvaluationRow(
            id=new_id("ev"), object_id=object_id, template=template, body=body, scope=list(scope),
            planned_from=planned_from, planned_to=planned_to, report_number="", score={}, packs=[], done=None,
        )  # fmt: skip

        def work(session: Session) -> Evaluation:
            session.add(row)
            detail = {"object": object_id, "body": body, "template": template}
            record(session, actor=actor, action="ops.evaluation.plan", thing=f"evaluation:{row.id}", detail=detail)
            session.flush()
            return _seen(row)

        return self._records.write(work)

    def finish(
        self, actor: Actor, evaluation_id: str, board: Board, risks: Risks, report_number: str,
        weights: dict[str, Weight] | None = None,
    ) -> Evaluation:  # fmt: skip
        """Score the board by the evaluation's template and keep score, report number and the packs it was made with.

        ``AppError``: NOT_FOUND where the board is another object's, CONFLICT where a report is there already."""
        if not _REPORT_NUMBER.fullmatch(report_number):
            raise AppError(ErrorKind.INVALID, "ops.evaluation.report_number", place=report_number[:40])

        def work(session: Session) -> Evaluation:
            row = session.get(EvaluationRow, evaluation_id)
            if row is None or row.object_id != board.profile.id:
                raise AppError(ErrorKind.NOT_FOUND, "ops.evaluation.none", id=evaluation_id)
            if row.done is not None:
                raise AppError(ErrorKind.CONFLICT, "ops.evaluation.finished", place=evaluation_id, at=str(row.done))
            pack = self._packs.version("scoring", row.template)
            made = score(scored_items(board, weights), risks, pack)
            row.score, row.report_number, row.done = msgspec.to_builtins(made), report_number, self._clock.now().date()
            row.packs = [str(ref) for ref in (*board.packs, pack.ref)]
            detail = {"low": made.low, "high": made.high, "report": report_number}
            record(session, actor=actor, action="ops.evaluation.finish", thing=f"evaluation:{row.id}", detail=detail)
            session.flush()
            return _seen(row)

        return self._records.write(work)

    def of_object(self, object_id: str) -> list[Evaluation]:
        """Evaluations of an object, oldest first."""
        question = select(EvaluationRow).where(EvaluationRow.object_id == object_id)
        ordered = question.order_by(EvaluationRow.planned_from, EvaluationRow.id)
        return self._records.read(lambda session: [_seen(row) for row in session.scalars(ordered)])

    def trend(self, object_id: str) -> list[Trend]:
        """Change from each finished evaluation to the next."""
        done = [each for each in self.of_object(object_id) if each.score is not None]
        return [_trend(before, after) for before, after in pairwise(done)]


def _trend(before: Evaluation, after: Evaluation) -> Trend:
    assert before.score
    assert after.score
    same = before.template == after.template
    return Trend(before.id, after.id, round(after.score.low - before.score.low, 2) if same else None)


def _seen(row: EvaluationRow) -> Evaluation:
    made = msgspec.convert(row.score, Score) if row.score else None
    return Evaluation(
        id=row.id, object_id=row.object_id, template=row.template, body=row.body, scope=tuple(row.scope),
        planned_from=row.planned_from, planned_to=row.planned_to, report_number=row.report_number, score=made,
        packs=tuple(row.packs), done=row.done,
    )  # fmt: skip


def material_folders(files: Mapping[str, tuple[str, bytes]], pack: Pack) -> bytes:
    """A ZIP with one folder per listed material; missing ones hold a note, an index says what is there.

    ``files`` gives name and bytes by the material's id.
    """
    listed = [(part, number, each) for part in ("A", "B") for number, each in enumerate(pack.content[part], 1)]
    if unknown := sorted(set(files) - {each["id"] for _, _, each in listed}):
        raise AppError(ErrorKind.INVALID, "ops.evaluation.no_material", place=unknown[0])
    buffer = io.BytesIO()
    lines = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, number, each in listed:
            folder = f"{part}/{number:02d}-{each['zh']}"
            given = files.get(each["id"])
            lines.append(f"{'有' if given else '缺'}\t{folder}")
            if given:
                archive.writestr(f"{folder}/{given[0].rpartition('/')[2]}", given[1])
            else:
                archive.writestr(f"{folder}/缺.txt", "此项材料尚未提供\n")
        archive.writestr("清单.txt", "\n".join(lines) + "\n")
    return buffer.getvalue()
