"""A day of one flush each second, merged as keeper would: the number of files stays bounded, whatever the load."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.clock import ManualClock
from infra.store.embedded.compact import Tiers, _due
from infra.store.embedded.manifest import Manifest
from infra.store.embedded.segment import Segment
from tests.conftest import FULL

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
ROUND_S = 20
SECONDS = 86_400 if FULL else 10_800
"""A whole day under ``YAODUN_PROVE=full``."""


def flush(second: int, rows: int) -> Segment:
    t0 = int((MIDNIGHT + timedelta(seconds=second)).timestamp() * 1e6)
    path = f"logs/2026-11-24/f-{second}.parquet"
    return Segment("logs", "2026-11-24", path, 0, rows, 1, t0, t0 + 999_999, "a", "b", frozenset({"message"}), "")


def merged(group: list[Segment], number: int) -> Segment:
    rows, t1 = sum(one.rows for one in group), max(one.t1 for one in group)
    return replace(group[0], path=f"logs/2026-11-24/c-{number}.parquet", level=1, rows=rows, t1=t1)


def a_day(rows: int) -> tuple[list[Segment], int]:
    """The segments left of a day with ``rows`` events a second, and the most there ever were."""
    live: list[Segment] = []
    most = number = 0
    clock = ManualClock(MIDNIGHT)
    store: Any = SimpleNamespace(
        clock=clock, manifest=SimpleNamespace(live=lambda: sorted(live, key=lambda one: one.t0))
    )
    for start in range(0, SECONDS, ROUND_S):
        live += [flush(second, rows) for second in range(start, start + ROUND_S)]
        clock.advance(ROUND_S)
        most = max(most, len(live))
        for group in list(_due(store, Tiers())):
            number += 1
            gone = {one.path for one in group}
            live[:] = [one for one in live if one.path not in gone] + [merged(group, number)]
    return live, most


@pytest.mark.parametrize("rows", [1, 100])
def test_files_stay_few_and_no_event_is_lost(rows: int, tmp_path: Path) -> None:
    live, most = a_day(rows)
    assert sum(one.rows for one in live) == rows * SECONDS
    full = rows * SECONDS // Tiers().full_rows
    assert most <= 2 * full + 150
    assert all(one.rows <= Tiers().full_rows for one in live)
    manifest = Manifest(tmp_path / "manifest.db", read_only=False)
    with manifest.transaction():
        manifest.add(live)
    noon = int((MIDNIGHT + timedelta(seconds=SECONDS // 2)).timestamp() * 1e6)
    planned = manifest.within(["logs"], noon, noon + 60_000_000)
    assert 1 <= len(planned) <= 60
    manifest.close()
