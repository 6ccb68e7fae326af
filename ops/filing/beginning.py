"""A filing begun for a graded object: levels and ticks from its grading, everything else offered by the platform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor
from ops.filing.service import Filing, Filings
from ops.grading.service import KeptGrading

BEIJING = ZoneInfo("Asia/Shanghai")
ONLY_CATEGORY = "main"


def begin(filings: Filings, actor: Actor, kept: KeptGrading, year: int) -> Filing:
    """A draft ``BA-{year}-{object}`` with the levels of ``kept``; what the platform knows stands beside it as offers.

    One sheet of table 6 per data category the platform knows of the object, at least one.
    """
    name = _free(filings, f"BA-{year}-{kept.object_id}")
    categories = list(filings.categories(kept.object_id)) or [ONLY_CATEGORY]
    filings.create(actor, name, kept.unit, {kept.object_id: categories})
    filings.put(actor, name, "T3", kept.object_id, graded_values(kept), "grading")
    return filings.prefill(actor, name)


def take_over(filings: Filings, actor: Actor, filing_id: str, kept: KeptGrading) -> Filing:
    """Write a newer grading into a filing that can still be changed."""
    return filings.put(actor, filing_id, "T3", kept.object_id, graded_values(kept), "grading")


def graded_values(kept: KeptGrading) -> dict[str, Any]:
    """Fields of table 3 that follow from a grading."""
    return {
        "s_harm": [tick.code for tick in kept.thing.s], "a_harm": [tick.code for tick in kept.thing.a],
        "s_level": str(kept.s), "a_level": str(kept.a), "final_level": str(kept.level),
        "grading_date": kept.at.astimezone(BEIJING).date().isoformat(),
    }  # fmt: skip


def _free(filings: Filings, name: str) -> str:
    taken: Sequence[str] = [filing.id for filing in filings.find()]
    for candidate in (name, *(f"{name}-{number}" for number in range(2, 100))):
        if candidate not in taken:
            return candidate
    raise AppError(ErrorKind.CONFLICT, "ops.filing.exists", id=name)
