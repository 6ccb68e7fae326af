"""Graded protection on a site: services, fact sources, pages and routers put together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.sources.reporting import this_host
from infra.blobs import FolderBlobs
from infra.ledger import record
from infra.register import AddressKind
from infra.store.seams import EventStore
from ops.alerts import Alerts
from ops.baseline.host import Host
from ops.baseline.tree import HostTree
from ops.calendar.clocks import Clocks
from ops.calendar.dates import SiteDates
from ops.controls.casework import CaseworkFacts
from ops.controls.duties import DutyFacts
from ops.controls.firewalls.facts import RulesetFacts
from ops.controls.measured import MeasuredFacts
from ops.controls.registers import RegisterFacts
from ops.controls.scans import ScanFacts
from ops.controls.service import Controls
from ops.controls.telemetry import StoreFacts
from ops.controls.traffic import TrafficFacts
from ops.controls.watch import HostWatch
from ops.evaluation.crypto_register import CryptoRegister
from ops.evaluation.materials import Materials
from ops.evaluation.plan import Evaluations
from ops.evaluation.rectification import Rectification
from ops.filing.facts import PlatformPrefill
from ops.filing.form import shipped_form
from ops.filing.known import SiteKnown
from ops.filing.papers import Papers
from ops.filing.service import Filings
from ops.grading.service import Gradings
from ops.incidents import Incidents
from ops.incidents.desk import Desk
from ops.inspection import Inspections
from ops.inspection.lists import lists_of
from ops.portal.graded import GradedTodos
from ops.portal.materials import KnownMaterials
from ops.portal.sheets.desk import Sheets, graded_sheets
from ops.recordfiling.service import SystemRecords
from ops.rulepacks import shipped_packs
from ops.work import Changes, Drills, Orders
from yaodun.rooms.crypto_uses import TrustUses, WireUses
from yaodun.rooms.inspected import Inspected
from yaodun.rooms.seen_hosts import SeenHosts
from yaodun.rooms.site_facts import SiteBooks, SiteFacts, combined_roles
from yaodun.site import Site
from yaodun.trust.package_seal import site_seal

if TYPE_CHECKING:
    from fastapi import APIRouter

    from dashboards.rooms.graded import Graded


@dataclass(frozen=True)
class GradedServices:
    """The services of graded protection and record filing of one process."""

    site: Site
    blobs: FolderBlobs
    gradings: Gradings
    filings: Filings
    controls: Controls
    findings: Rectification
    evaluations: Evaluations
    records: SystemRecords
    clocks: Clocks
    crypto: CryptoRegister
    papers: Papers
    sheets: Sheets
    seen: SeenHosts
    materials: Materials

    def todos(self) -> GradedTodos:
        """What waits for people, for the portal."""
        return GradedTodos(self.clocks, self.filings, self.gradings, self.findings, self.site.access)

    def routers(self) -> list[APIRouter]:
        """The API of grading, filing, controls, evaluation and records."""
        from ops.controls.api import controls_router
        from ops.evaluation.api import evaluation_router
        from ops.filing.api import filing_router
        from ops.grading.api import grading_router
        from ops.portal.sheets.api import sheets_router
        from ops.recordfiling.api import records_router

        access, clock = self.site.access, self.site.clock
        return [
            grading_router(access, clock, self.gradings),
            filing_router(self.filings, access, self.blobs, self.papers),
            controls_router(self.controls, access),
            evaluation_router(self.evaluations, self.findings, self.controls, shipped_packs(), access, self.materials),
            records_router(self.records, access),
            sheets_router(self.sheets),
        ]

    def rooms(self) -> Graded:
        """What the pages need."""
        from dashboards.rooms.graded import Graded

        return Graded(
            nouns=self.site.register, gradings=self.gradings, filings=self.filings, controls=self.controls,
            findings=self.findings, evaluations=self.evaluations, records=self.records, clocks=self.clocks,
            crypto=self.crypto, blobs=self.blobs, papers=self.papers, sheets=self.sheets, seen=self.seen,
            materials=self.materials,
        )  # fmt: skip


def graded_of(site: Site, store: EventStore) -> GradedServices:
    """The services over the site's records and event store."""
    records, clock = site.records, site.clock
    controls = controls_of(site, store)
    evaluations, findings = Evaluations(records, clock, shipped_packs()), Rectification(records, clock)
    numbers, gradings = SystemRecords(records, clock), Gradings(records, clock)
    earlier = Filings(records, clock, shipped_form())
    known = SiteKnown(site.register, earlier, controls, numbers, store, clock)
    filings = Filings(records, clock, shipped_form(), PlatformPrefill(known))
    dates = SiteDates(filings, gradings, evaluations, controls, Drills(records, clock, record))
    blobs = FolderBlobs(site.home.blobs)
    papers = Papers(shipped_form(), blobs, clock, site_seal(site.home), site.home.root / "templates")
    return GradedServices(
        site=site, blobs=blobs, gradings=gradings, filings=filings, controls=controls,
        findings=findings, evaluations=evaluations, records=numbers, clocks=Clocks(records, clock, [dates]),
        crypto=CryptoRegister(records, clock, [WireUses(store), TrustUses(site)]), papers=papers,
        sheets=graded_sheets(numbers, findings, gradings, controls, clock, blobs, site.access),
        seen=SeenHosts(store, site.register),
        materials=Materials(
            records, clock, blobs, shipped_packs().versions("materials")[-1],
            KnownMaterials(gradings, filings, findings, papers, blobs, site.register.assets),
        ),
    )  # fmt: skip


def host_watches(site: Site) -> list[HostWatch]:
    """Watches of this host and of the mounted trees the settings name; a tree that is not there proves nothing."""
    controls = Controls(site.records, site.clock)
    found = []
    if asset := this_asset(site):
        found.append(HostWatch(controls, asset, lambda now: Host(HostTree(Path("/")), now), site.clock))
    for entry in site.settings.graded.trees:
        name, _, folder = entry.partition("=")
        found.append(HostWatch(controls, name.strip(), partial(_mounted, Path(folder.strip())), site.clock))
    return found


def _mounted(folder: Path, now: datetime) -> Host:
    return Host(HostTree(folder, live=False), now)


def this_asset(site: Site) -> str:
    """The asset this machine is in the register; empty where it is not there."""
    own = this_host().id
    for asset in site.register.assets():
        if any(each.kind is AddressKind.HOST_ID and each.value == own for each in asset.addresses):
            return asset.id
    return ""


def controls_of(site: Site, store: EventStore) -> Controls:
    """The controls of a site, fed by its event store and registers."""
    alerts = Alerts(site.records, site.clock, record)
    findings = Rectification(site.records, site.clock)
    sources = (
        StoreFacts(store), TrafficFacts(store, site.register, site.zones), MeasuredFacts(store),
        RegisterFacts(site.register, alerts, findings), SiteFacts(site, store),
        CaseworkFacts(_books(site, alerts), store),
        ScanFacts(store, site.register, partial(_members, site), Changes(site.records, site.clock, record).listed),
        DutyFacts(store, partial(combined_roles, site)), RulesetFacts(store, partial(_members, site)),
    )  # fmt: skip
    return Controls(site.records, site.clock, sources)


def _members(site: Site, object_id: str) -> Collection[str]:
    """The assets an object is evaluated with, shared ones too."""
    profiles = Controls(site.records, site.clock).profiles()
    return next((each.assets for each in profiles if each.id == object_id), {})


def _books(site: Site, alerts: Alerts) -> SiteBooks:
    records, clock = site.records, site.clock
    incidents = Incidents(records, clock, record, alerts, FolderBlobs(site.home.blobs))
    orders, changes = Orders(records, clock, record), Changes(records, clock, record)
    lists = lists_of(site.home.root / "inspections")
    inspections = Inspections(records, clock, record, lists, Inspected(site, partial(_no_store, site)), orders, changes)
    return SiteBooks(
        site, Desk(incidents, alerts, clock), inspections, changes, Drills(records, clock, record),
        Gradings(records, clock), Filings(records, clock, shipped_form()), Evaluations(records, clock, shipped_packs()),
    )  # fmt: skip


def _no_store(site: Site) -> EventStore:
    return site.open_store(read_only=True)
