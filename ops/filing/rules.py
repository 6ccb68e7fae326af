"""Rules between fields: sums, levels, dates, scenes, places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from ops.filing.checks import provinces
from ops.filing.document import FilingDocument, Sheet
from ops.grading.engine import shipped_matrices
from ops.grading.objects import Degree, Harmed, Tick

Broken = tuple[Sheet, str, str, dict[str, Any]]
Rule = Callable[[FilingDocument, date], Iterator[Broken]]
TICKS = {tick.code: tick for tick in (Tick(harmed, degree) for harmed in Harmed for degree in Degree)}
SCENES = {
    "cloud": "cloud_roles",
    "mobile": "mobile_apps",
    "iot": "iot_perception",
    "ics": "ics_layers",
    "bigdata": "bigdata_components",
}


def _key(name: str) -> str:
    return f"ops.filing.rule.{name}"


def _whole(sheet: Sheet, field: str) -> int | None:
    value = sheet.value(field)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def totals(document: FilingDocument, today: date) -> Iterator[Broken]:
    """Totals equal the sum of their levels."""
    for sheet in document.of_table("T1"):
        for prefix, levels in (("filed_now", (2, 3, 4, 5)), ("objects_all", (1, 2, 3, 4, 5))):
            parts = [_whole(sheet, f"{prefix}_l{level}") for level in levels]
            total = _whole(sheet, f"{prefix}_total")
            known = [part for part in parts if part is not None]
            if total is not None and len(known) == len(parts) and sum(known) != total:
                yield sheet, f"{prefix}_total", _key("total"), {"total": total, "sum": sum(known)}


def counts_include_new(document: FilingDocument, today: date) -> Iterator[Broken]:
    """Objects in total are not fewer than those filed now."""
    for sheet in document.of_table("T1"):
        for level in (2, 3, 4, 5):
            now, total = _whole(sheet, f"filed_now_l{level}"), _whole(sheet, f"objects_all_l{level}")
            if now is not None and total is not None and total < now:
                yield sheet, f"objects_all_l{level}", _key("fewer_than_filed"), {"total": total, "now": now}


def region_agrees(document: FilingDocument, today: date) -> Iterator[Broken]:
    """The region code begins with the province of the address."""
    for sheet in document.of_table("T1"):
        code, province = sheet.value("region_code"), sheet.value("address_province")
        name = provinces().get(str(code)[:2]) if code else None
        if name and isinstance(province, str) and name not in province:
            yield sheet, "region_code", _key("region"), {"code": code, "expected": name, "province": province}


def levels_follow_ticks(document: FilingDocument, today: date) -> Iterator[Broken]:
    """S and A level are the highest of their ticks by the 2025 matrix, the final level the higher of both."""
    matrix = next(m for m in shipped_matrices() if m.ref.version == document.form)
    for sheet in document.of_table("T3"):
        for side in ("s", "a"):
            ticked, stated = sheet.value(f"{side}_harm"), sheet.value(f"{side}_level")
            if isinstance(ticked, tuple) and stated is not None:
                computed = matrix.highest(TICKS[code] for code in ticked if code in TICKS)
                if str(computed) != stated:
                    yield sheet, f"{side}_level", _key("level"), {"stated": stated, "computed": computed}
        yield from _final(sheet)


def _final(sheet: Sheet) -> Iterator[Broken]:
    s, a, final = (sheet.value(name) for name in ("s_level", "a_level", "final_level"))
    if s and a and final and final != max(str(s), str(a)):
        yield sheet, "final_level", _key("level"), {"stated": final, "computed": max(str(s), str(a))}


def review_from_level_two(document: FilingDocument, today: date) -> Iterator[Broken]:
    """From level 2 up experts review the grading."""
    for sheet in document.of_table("T3"):
        if sheet.value("expert_review_done") is False and str(sheet.value("final_level") or "1") >= "2":
            yield sheet, "expert_review_done", _key("no_review"), {"level": sheet.value("final_level")}


def dates(document: FilingDocument, today: date) -> Iterator[Broken]:
    """No date lies in the future, and the form is not filled in before grading."""
    for sheet in document.sheets:
        for field in ("grading_date", "filled_date"):
            if str(sheet.value(field) or "") > today.isoformat():
                yield sheet, field, _key("future"), {"date": sheet.value(field)}
        if sheet.value("running_status") == "running" and str(sheet.value("go_live_date") or "") > today.isoformat():
            yield sheet, "go_live_date", _key("future"), {"date": sheet.value("go_live_date")}
        graded, filled = sheet.value("grading_date"), sheet.value("filled_date")
        if graded and filled and str(filled) < str(graded):
            yield sheet, "filled_date", _key("before_grading"), {"date": filled, "graded": graded}


def scenes_agree(document: FilingDocument, today: date) -> Iterator[Broken]:
    """A technology ticked in T2 has its scene in T4; wired by the conditions, checked the other way round here."""
    for sheet in document.of_table("T4"):
        ticked = document.value_of(sheet, "T2", "technologies")
        for technology, field in SCENES.items():
            if sheet.value(field) is not None and technology not in (ticked if isinstance(ticked, tuple) else ()):
                yield sheet, field, _key("scene"), {"technology": technology}


def platform_not_lower(document: FilingDocument, today: date) -> Iterator[Broken]:
    """The platform an object stands on is not below it."""
    for sheet in document.of_table("T4"):
        final = document.value_of(sheet, "T3", "final_level")
        for field in ("cloud_platform_level", "bigdata_platform_level"):
            level = sheet.value(field)
            if final and level and str(level) < str(final):
                yield sheet, field, _key("platform_lower"), {"platform": level, "level": final}


def filed_now_matches(document: FilingDocument, today: date) -> Iterator[Broken]:
    """The counts of objects filed now are those of this filing."""
    levels = [str(sheet.value("final_level")) for sheet in document.of_table("T3") if sheet.value("final_level")]
    if len(levels) != len(document.objects):
        return
    for sheet in document.of_table("T1"):
        for level in (2, 3, 4, 5):
            stated, present = _whole(sheet, f"filed_now_l{level}"), levels.count(str(level))
            if stated is not None and stated != present:
                yield sheet, f"filed_now_l{level}", _key("filed_now"), {"stated": stated, "present": present}


RULES: tuple[Rule, ...] = (
    totals,
    counts_include_new,
    region_agrees,
    levels_follow_ticks,
    review_from_level_two,
    dates,
    scenes_agree,
    platform_not_lower,
    filed_now_matches,
)
