"""Graded protection on the demo site: verdicts from its telemetry, and how much of the form the platform fills."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.figure import Row, figure
from infra.home import Home
from ops.controls.board import UnitState
from ops.controls.catalogue import Extension, Split
from ops.controls.verdict import Verdict
from tests.running import RunningSite
from yaodun.rooms.graded import graded_of
from yaodun.site import existing_site

DEMO_S = 300.0
FILED = "trace"


@figure("auto_items_l3", "prefilled_pct")
def demo_site() -> list[Row]:
    """A platform with the demonstration played through its receivers; read from its own records and store."""
    with tempfile.TemporaryDirectory() as folder:
        site = RunningSite(Path(folder) / "home")
        site.start()
        try:
            site.command("demo", "--fast", check=0, within_s=DEMO_S)
            return _measured(Home(site.home))
        finally:
            site.stop()


def _measured(home: Home) -> list[Row]:
    site = existing_site(home)
    store = site.open_store(read_only=True)
    try:
        graded = graded_of(site, store)
        filing = next(each for each in graded.filings.find() if FILED in each.document.objects)
        share = graded.filings.coverage(filing.id)
        states = [s for s in graded.controls.board(FILED).units() if s.item.ext is Extension.GENERAL]
    finally:
        store.close()
        site.records.close()
    return [*_decided(states), Row("prefilled_pct", round(share.percent, 1), "%")]


def _decided(states: list[UnitState]) -> list[Row]:
    """Items facts decide without a person; of these, those a kept record decides; and those prepared for a person."""
    alone = [s for s in states if s.prepared is None and s.automatic not in (None, Verdict.NOT_OBTAINED)]
    prepared = sum(s.prepared not in (None, Verdict.NOT_OBTAINED) for s in states)
    records = sum(s.item.split is Split.WORKFLOW for s in alone)
    return [
        Row("auto_items_l3", len(alone), "items"),
        Row("auto_items_l3_from_records", records, "items"),
        Row("prepared_items_l3", prepared, "items"),
    ]
