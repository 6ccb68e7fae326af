"""Profiles and facts from files, every mistake with its line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from ops.controls.board import Profile
from ops.controls.facts import Fact, fact

LONGEST_LINE = 1 << 20
MOST_FACTS = 2_000_000


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fact as a file states it; without times it is seen now and stands two days."""

    kind: str
    value: Any
    asset: str = ""
    observed: datetime | None = None
    valid_days: float = 2
    collector: str = "file"
    evidence: str = ""


def read_profile(path: Path) -> Profile:
    """The profile in a JSON file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Profile)
    except (msgspec.ValidationError, msgspec.DecodeError, OSError) as error:
        raise AppError(
            ErrorKind.INVALID, "ops.controls.unreadable", place=str(path), problem=str(error)[:200]
        ) from None


def read_facts(path: Path, now: datetime) -> Iterator[Fact]:
    """The facts in an NDJSON file, one a line."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if len(raw) > LONGEST_LINE or number > MOST_FACTS:
                raise AppError(
                    ErrorKind.TOO_LARGE, "ops.documents.too_large", place=f"{path}:{number}", limit=LONGEST_LINE
                )
            if raw.strip():
                yield _fact(raw, f"{path}:{number}", now)


def _fact(raw: bytes, place: str, now: datetime) -> Fact:
    try:
        line = msgspec.json.decode(raw, type=Line)
        observed = line.observed or now
        valid = timedelta(days=line.valid_days)
        return fact(
            line.asset, line.kind, line.value, observed, line.collector,
            received=now, valid=valid, evidence=line.evidence,
        )  # fmt: skip
    except (msgspec.ValidationError, msgspec.DecodeError, OverflowError, TypeError) as error:
        raise AppError(ErrorKind.INVALID, "ops.controls.unreadable", place=place, problem=str(error)[:200]) from None
