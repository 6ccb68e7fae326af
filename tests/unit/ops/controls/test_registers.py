"""What the platform's registers say of an object stands beside what scans say of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from infra.clock import ManualClock
from infra.records import Records
from infra.register import Asset
from infra.web.seams import Actor
from ops.alerts import AlertQuery
from ops.alerts.service import AlertPage
from ops.controls.facts import OBJECT, Fact, fact
from ops.controls.registers import RegisterFacts
from ops.controls.service import Controls
from ops.controls.verdict import Verdict
from ops.evaluation.rectification import Rectification, Risk
from tests.unit.ops.controls.sites import NOW, profile

OWNER = Actor(id="u1", name="owner")


class Quiet:
    """No assets, no alerts."""

    def assets(self, system: str = "") -> list[Asset]:
        return []

    def search(self, query: AlertQuery) -> AlertPage:
        return AlertPage((), 0, 0, None)


class CleanScan:
    """A scan of today that found nothing past its time."""

    def facts(self, object_id: str, now: datetime) -> Iterable[Fact]:
        yield fact(OBJECT, "vulnerability.scan_age_days", 1.0, now, "scans")
        yield fact(OBJECT, "vulnerability.overdue", [], now, "scans")


@pytest.mark.parametrize(
    ("filed", "due", "verdict"),
    [
        ("vulnerability", -1, Verdict.PARTIAL),
        ("vulnerability", 9, Verdict.COMPLIANT),
        ("L3-MMS1-13", -1, Verdict.PARTIAL),  # 漏洞和风险管理 a, as the page of findings asks for it
        ("L2-MMS1-09", -1, Verdict.PARTIAL),  # the same requirement of level 2
        ("8.1.10.5a", -1, Verdict.PARTIAL),
        (" l3-ces1-20", -1, Verdict.PARTIAL),  # 入侵防范 e: known weaknesses
        ("L3-CES1-17", -1, Verdict.COMPLIANT),  # needless services: not a weakness
        ("", -1, Verdict.COMPLIANT),
    ],
)
@pytest.mark.parametrize("scan_first", [True, False])
def test_a_clean_scan_does_not_hide_a_finding_past_its_day(
    records: Records, filed: str, due: int, verdict: Verdict, scan_first: bool
) -> None:
    findings = Rectification(records, ManualClock(NOW))
    made = findings.open(OWNER, "trace", "OpenSSL 过期", Risk.HIGH, unit=filed)
    findings.step(OWNER, made.id, "plan", owner="u1", due=(NOW + timedelta(days=due)).date(), cause="x", fix="y")
    sources = [CleanScan(), RegisterFacts(Quiet(), Quiet(), findings)]
    controls = Controls(records, ManualClock(NOW), sources if scan_first else sources[::-1])
    controls.declare(OWNER, profile())
    controls.refresh("trace")
    board = controls.board("trace")
    (unit,) = [item.unit for item in board.items if item.id == "8.1.10.5a"]
    assert board.cell(unit, OBJECT).verdict is verdict
