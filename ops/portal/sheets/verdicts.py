"""Verdicts as a sheet: every requirement of an object with what telemetry says, people's verdicts to fill in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec

from infra.clock import Clock
from infra.text import say
from infra.web.seams import Actor
from ops.controls.board import Board, UnitState
from ops.controls.service import LONGEST_VALIDITY, Controls
from ops.controls.verdict import Judgement, Verdict
from ops.documents.tables import RowError
from ops.portal.sheets.kind import Judged, WrongCellError, choice_of, text_of

GIVEN = ("verdict", "reason", "until")
COLUMNS = ("object", "unit", "asset", *GIVEN, "item", "point", "gist", "split", "counts_now", "telemetry", "drift",
           "oldest_evidence", "by")  # fmt: skip


class Spoken(msgspec.Struct, frozen=True):
    """A verdict a row gives."""

    object_id: str
    unit: str
    asset: str
    verdict: Verdict
    reason: str
    until: datetime


class VerdictSheet:
    """Implements ``SheetKind``."""

    columns: Sequence[str] = COLUMNS
    required: Sequence[str] = ("object", "unit", *GIVEN)
    reads, writes = "controls.read", "controls.judge"

    def __init__(self, controls: Controls, clock: Clock) -> None:
        self._controls, self._clock = controls, clock

    def rows(self, object_id: str) -> Iterable[Sequence[Any]]:
        """Every requirement of an object, or of all."""
        wanted = [each.id for each in self._controls.profiles() if object_id in ("", each.id)]
        for name in wanted:
            board = self._controls.board(name)
            yield from (_row(board, state) for state in board.units())

    def judge(self, rows: Iterable[tuple[int, dict[str, str]]]) -> Judged:
        """Rows with a verdict that does not stand already."""
        boards: dict[str, Board | None] = {each.id: None for each in self._controls.profiles()}
        items, errors, unchanged, seen = [], [], 0, set[tuple[str, str, str]]()
        for number, cells in rows:
            try:
                made = self._spoken(cells, boards, seen)
            except WrongCellError as error:
                errors.append(RowError(number, error.field, str(error)))
                continue
            unchanged += made is None
            if made is not None:
                items.append(made)
        return Judged(tuple(items), unchanged, tuple(errors))

    def _spoken(
        self, cells: dict[str, str], boards: dict[str, Board | None], seen: set[tuple[str, str, str]]
    ) -> Spoken | None:
        if not cells.get("verdict"):
            return None
        board = self._board(cells.get("object", ""), boards)
        unit, asset = cells.get("unit", ""), cells.get("asset", "")
        item = next((each for each in board.items if each.unit == unit), None)
        if item is None:
            raise WrongCellError("unit", "ops.controls.no_unit", unit=unit[:40] or "—")
        if asset and asset not in board.profile.assets:
            raise WrongCellError("asset", "ops.sheets.no_asset", value=asset[:60])
        if (place := (board.profile.id, unit, asset)) in seen:
            raise WrongCellError("unit", "ops.sheets.twice", value=unit)
        seen.add(place)
        made = Spoken(
            board.profile.id, unit, asset, choice_of(Verdict, cells["verdict"], "verdict"),
            _reason(cells), self._until(cells.get("until", "")),
        )  # fmt: skip
        return None if _stands(board, made) else made

    def _board(self, name: str, boards: dict[str, Board | None]) -> Board:
        if name not in boards:
            raise WrongCellError("object", "ops.sheets.no_object", value=name[:60] or "—")
        found = boards[name] or self._controls.board(name)
        boards[name] = found
        return found

    def _until(self, text: str) -> datetime:
        try:
            until = datetime.combine(date.fromisoformat(text[:10]), time(), UTC)
        except ValueError:
            raise WrongCellError("until", "ops.filing.date_expected", place=text[:20] or "—") from None
        now = self._clock.now()
        if not now < until <= now + LONGEST_VALIDITY:
            raise WrongCellError("until", "ops.sheets.until", value=text[:20])
        return until

    def keep(self, actor: Actor, items: Sequence[Spoken]) -> int:
        """All or none."""
        now = self._clock.now()
        return self._controls.judge_all(
            actor,
            [
                (each.object_id, Judgement(each.unit, each.asset, each.verdict, actor.id, now, each.until, each.reason))
                for each in items
            ],
        )


def _reason(cells: dict[str, str]) -> str:
    if not cells.get("reason"):
        raise WrongCellError("reason", "ops.recordfiling.lack.missing")
    return text_of(cells, "reason", 4000)


def _stands(board: Board, made: Spoken) -> bool:
    old = board.judged(made.unit, made.asset)
    return old is not None and (old.verdict, old.reason, old.valid_until.date()) == (
        made.verdict,
        made.reason,
        made.until.date(),
    )


def _row(board: Board, state: UnitState) -> tuple[Any, ...]:
    item, judged = state.item, state.judgement
    given = (judged.verdict.value, judged.reason, judged.valid_until.date().isoformat()) if judged else ("", "", "")
    zh = say("ops.grading.language") == "zh"
    oldest = board.oldest(item.unit)
    return (
        board.profile.id, item.unit, "", *given, item.id, item.point_zh if zh else item.point_en,
        item.gist_zh if zh else item.gist_en, str(item.split or ""), state.verdict.value,
        state.automatic.value if state.automatic else "", "≠" if state.drift else "",
        oldest.date().isoformat() if oldest else "", judged.by if judged else "",
    )  # fmt: skip
