"""Graded protection on a site: services, fact sources and routers put together."""

from __future__ import annotations

from fastapi import APIRouter

from infra.blobs import FolderBlobs
from infra.ledger import record
from infra.store.seams import EventStore
from ops.alerts import Alerts
from ops.controls.api import controls_router
from ops.controls.registers import RegisterFacts
from ops.controls.service import Controls
from ops.controls.telemetry import StoreFacts
from ops.evaluation.api import evaluation_router
from ops.evaluation.plan import Evaluations
from ops.evaluation.rectification import Rectification
from ops.filing.api import filing_router
from ops.filing.facts import PlatformPrefill
from ops.filing.form import shipped_form
from ops.filing.known import SiteKnown
from ops.filing.service import Filings
from ops.grading.api import grading_router
from ops.recordfiling.api import records_router
from ops.recordfiling.service import SystemRecords
from ops.rulepacks import shipped_packs
from yaodun.site import Site


def controls_of(site: Site, store: EventStore) -> Controls:
    """The controls of a site, fed by its event store and registers."""
    alerts = Alerts(site.records, site.clock, record)
    findings = Rectification(site.records, site.clock)
    sources = (StoreFacts(store), RegisterFacts(site.register, alerts, findings))
    return Controls(site.records, site.clock, sources)


def graded_routers(site: Site, store: EventStore) -> list[APIRouter]:
    """The API of grading, filing, controls, evaluation and records."""
    controls = controls_of(site, store)
    evaluations = Evaluations(site.records, site.clock, shipped_packs())
    findings = Rectification(site.records, site.clock)
    records = SystemRecords(site.records, site.clock)
    earlier = Filings(site.records, site.clock, shipped_form())
    known = SiteKnown(site.register, earlier, controls, records, store, site.clock)
    filings = Filings(site.records, site.clock, shipped_form(), PlatformPrefill(known))
    return [
        grading_router(site.access, site.clock),
        filing_router(filings, site.access, FolderBlobs(site.home.blobs), site.clock),
        controls_router(controls, site.access),
        evaluation_router(evaluations, findings, controls, shipped_packs(), site.access),
        records_router(records, site.access),
    ]
