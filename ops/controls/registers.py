"""Facts from the platform's own registers: assets, alerts, filings' clocks, findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol

from infra.register import Asset
from ops.alerts import AlertQuery
from ops.alerts.service import AlertPage
from ops.controls.catalogue import shipped_catalogue
from ops.controls.facts import OBJECT, Fact, fact
from ops.controls.rules import shipped_rules
from ops.evaluation.rectification import Finding

HANDLE_WITHIN = timedelta(days=1)
LOOK_BACK = timedelta(days=30)
WEAKNESS = "vulnerability"
"""How facts about weaknesses begin, and what a finding of one may be filed under where no requirement is named."""


class Assets(Protocol):
    """The register's assets (``infra.register.Register``)."""

    def assets(self, system: str = "") -> Sequence[Asset]: ...


class AlertBook(Protocol):
    """The alerts (``ops.alerts.Alerts``)."""

    def search(self, query: AlertQuery) -> AlertPage: ...


class FindingBook(Protocol):
    """The findings (``ops.evaluation.rectification.Rectification``)."""

    def find(self, object_id: str = "") -> Sequence[Finding]: ...


class RegisterFacts:
    """A ``FactSource`` over registers; the object's id is its system's id."""

    def __init__(self, assets: Assets, alerts: AlertBook, findings: FindingBook) -> None:
        self._assets = assets
        self._alerts = alerts
        self._findings = findings

    def facts(self, object_id: str, now: datetime) -> Iterator[Fact]:
        """Everything the registers can say about the object."""
        yield from self._of_assets(object_id, now)
        yield from self._of_alerts(object_id, now)
        yield from self._of_findings(object_id, now)

    def _of_assets(self, object_id: str, now: datetime) -> Iterator[Fact]:
        mine = list(self._assets.assets(object_id))
        if not mine:
            return
        filled = [asset for asset in mine if asset.unit and asset.zone and asset.kind]
        share = round(100 * len(filled) / len(mine), 2)
        strays = sorted(asset.name for asset in self._assets.assets() if not asset.system)
        evidence = f"/register/assets?system={object_id}"
        yield fact(OBJECT, "assets.fields_filled_pct", share, now, "register", evidence=evidence)
        yield fact(OBJECT, "assets.unregistered", strays, now, "register", evidence="/register/assets?system=")
        unplaced = sorted(asset.name for asset in mine if not asset.zone)
        yield fact(OBJECT, "zones.unassigned_assets", unplaced, now, "register", evidence=evidence)

    def _of_alerts(self, object_id: str, now: datetime) -> Iterator[Fact]:
        only = {"system": (object_id,)}
        page = self._alerts.search(AlertQuery(only=only, since=now - LOOK_BACK, limit=1000))
        evidence = f"/alerts?system={object_id}&state=any"
        if page.alerts:
            told, shown = page.alerts, evidence
        else:
            told, shown = self._alerts.search(AlertQuery(since=now - LOOK_BACK, limit=1000)).alerts, "/alerts?state=any"
        if told:
            whole = sum(bool(alert.entity.get("value") and alert.rule.get("id")) for alert in told)
            share = round(100 * whole / len(told), 2)
            yield fact(OBJECT, "detection.alert_fields_pct", share, now, "alerts", evidence=shown)
        due = [alert for alert in page.alerts if alert.state != "new" or alert.first_seen < now - HANDLE_WITHIN]
        if due:
            handled = round(100 * sum(alert.state != "new" for alert in due) / len(due), 2)
            yield fact(OBJECT, "detection.alerts_handled_pct", handled, now, "alerts", evidence=evidence)

    def _of_findings(self, object_id: str, now: datetime) -> Iterator[Fact]:
        """Findings of weaknesses past their day; those scans see are a kind of their own, each stands for itself."""
        found = [each for each in self._findings.find(object_id) if of_weakness(each.unit)]
        late, evidence = [each.id for each in found if each.overdue], f"/findings?object={object_id}"
        yield fact(OBJECT, "vulnerability.findings_overdue", late, now, "findings", evidence=evidence)


def of_weakness(unit: str) -> bool:
    """Whether a finding filed under ``unit`` (an evaluation unit, or a clause as people write it) is of a weakness."""
    name = unit.strip()
    return name.casefold().startswith(WEAKNESS) or name.upper() in _weakness_units() or name in _weakness_units()


@cache
def _weakness_units() -> frozenset[str]:
    """The requirements, at every level, that a fact about weaknesses decides: by evaluation unit and by clause."""
    catalogue = shipped_catalogue()
    decided = shipped_rules().for_items(catalogue.items, catalogue)
    units = [
        catalogue.find(unit)
        for unit, rules in decided.items()
        if any(need.fact.startswith(f"{WEAKNESS}.") for rule in rules for need in rule.needs)
    ]
    return frozenset(name for item in units for name in (item.unit, item.id))
