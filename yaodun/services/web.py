"""web: pages and API on one port. Stateless: any number of these processes may run beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from analytics.datasecurity.api import data_assets_router
from analytics.graph.api import graph_router
from analytics.intelligence.api import intelligence_router
from analytics.intelligence.desk import MOST_UPLOAD
from analytics.models.api import models_router
from analytics.posture import PostureService
from analytics.posture.api import posture_router
from analytics.posture.weights_api import weights_router
from analytics.rules.api import MOST_BODY, rules_router
from analytics.rules.suppression_api import suppressions_router
from collectors.fleet.api import agents_router
from collectors.fleet.presence import PRESENCE, read_presence
from collectors.sensing.api import devices_router
from dashboards.app import build_dash, csp
from dashboards.rooms import Rooms
from infra.feed import Feed
from infra.ledger import record
from infra.register.api import register_router
from infra.register.zones_api import zones_router
from infra.store.api import events_router
from infra.store.query.lucene import parse_lucene
from infra.web.api import build_api
from infra.web.certificate import SiteCertificate, site_certificate
from infra.web.hosts import is_loopback
from infra.web.measures import Measures
from infra.web.relay import MAX_BODY, relay_router
from infra.web.server import server_of
from infra.web.serving import Serving
from infra.web.shell import ShellOptions, build_shell
from ops.alerts import Alerts
from ops.alerts.api import alerts_router
from ops.alerts.risk import EntityRisks
from ops.filing.api import LARGEST_UPLOAD
from ops.incidents.service import MAX_EVIDENCE
from ops.portal.sheets.api import LARGEST_UPLOAD as LARGEST_SHEET
from playbooks.api import playbooks_router
from playbooks.inbox import RunTodos
from playbooks.model.reading import MAX_BYTES
from trust.audit import Audit
from trust.audit.api import audit_router
from trust.identity.api import link_router, session_router, tokens_router, users_router
from trust.identity.authenticate import WebAuthenticator
from yaodun import __version__
from yaodun.preflight import split_address
from yaodun.rooms.alerts import AlertRoom
from yaodun.rooms.casework import casework_of
from yaodun.rooms.connecting import ConnectingRoom
from yaodun.rooms.data import DataRoom
from yaodun.rooms.fleet import FleetRoom
from yaodun.rooms.graded import graded_of
from yaodun.rooms.graph import graph_desk
from yaodun.rooms.health import HealthRoom
from yaodun.rooms.importance import importance_of
from yaodun.rooms.insight import InsightRoom
from yaodun.rooms.intelligence import IntelligenceRoom, indicator_desk
from yaodun.rooms.models import model_desk
from yaodun.rooms.names import Names
from yaodun.rooms.pki import PkiRoom
from yaodun.rooms.playbooks import room_of
from yaodun.rooms.posture import PostureRoom
from yaodun.rooms.proxy_secret import proxy_secret
from yaodun.rooms.pulse import Pulse
from yaodun.rooms.register import RegisterRoom
from yaodun.rooms.rules import rule_desk, suppression_desk
from yaodun.rooms.systems import SystemsRoom
from yaodun.rooms.trust import TrustRooms, trust_routers
from yaodun.rooms.weighting import WeightingRoom
from yaodun.site import Site

HOME = "/ui/"


BODY_LIMITS: Mapping[str, int] = {
    "/_bulk": MAX_BODY,
    "/v1/": MAX_BODY,
    "/api/v1/incidents/": MAX_EVIDENCE,
    "/api/v1/filings": LARGEST_UPLOAD,
    "/api/v1/sheets": LARGEST_SHEET,
    "/api/v1/playbooks": MAX_BYTES,
    "/api/v1/rules": MOST_BODY,
    "/api/v1/suppressions": MOST_BODY,
    "/api/v1/intelligence": MOST_UPLOAD,
}
"""Bytes a request may bring, by the beginning of its path; a MiB elsewhere."""


class WebService:
    """The service."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._host, self._port = split_address(site.settings.web.listen, "web.listen")
        self._tls = not is_loopback(self._host)
        self._secure = self._tls or site.settings.web.proxy
        self._certificate: SiteCertificate | None = None
        if self._tls:
            names = [self._host, *site.settings.web.names]
            self._certificate = site_certificate(site.home.tls, names, site.clock)
        self._measures = Measures()
        self._trust = TrustRooms(site)
        self._feed = Feed(site.records, site.clock)
        self._answering = False
        self._serving = Serving(server_of(self._application(), self._host, self._port, self._certificate))

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until told to stop."""
        self._feed.start()
        await self._serving.start()
        self._answering = True
        await stop.wait()
        self._answering = False
        await self._serving.stop()
        await asyncio.to_thread(self._feed.stop)
        self._site.records.close()

    def status(self) -> dict[str, Any]:
        """The address, once it answers."""
        address = f"{'[' + self._host + ']' if ':' in self._host else self._host}:{self._port}"
        scheme = "https" if self._tls else "http"
        shown = address.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]")  # noqa: S104 - shown, not listened on
        kind = "web-https" if self._tls else "web"
        return {
            "url": f"{scheme}://{shown}{HOME}" if self._answering else "",
            "listeners": [{"kind": kind, "address": address}] if self._answering else [],
            "fingerprint": self._certificate.fingerprint if self._certificate else "",
            "sockets": self._measures.sockets,
            "verifications": self._trust.verifier.asked,
        }

    def _application(self) -> Any:
        site, settings = self._site, self._site.settings.identity
        store = site.open_store(read_only=True)
        alerts = Alerts(site.records, site.clock, record)
        posture = PostureService(site.records, site.clock)
        playbooks = room_of(site)
        graded = graded_of(site, store)
        casework = casework_of(site, store, self._people, playbooks)
        audit = Audit(site.records, site.clock)
        data, weighting = DataRoom(site), WeightingRoom(site, posture)
        rules = rule_desk(site, store)
        suppressions = suppression_desk(site, store, rules)
        api = build_api(
            relay_router(f"http://{site.settings.ingest.http_listen}", HOME),
            session_router(site.identity, settings, secure=self._secure),
            link_router(site.identity),
            users_router(site.identity, site.access),
            tokens_router(site.tokens, site.access),
            register_router(site.register, site.access),
            zones_router(site.zones, site.access),
            data_assets_router(data.register, site.access, data.seen),
            agents_router(site.fleet, site.access, lambda: read_presence(site.home.state / PRESENCE)),
            audit_router(audit, site.access),
            alerts_router(alerts, site.access),
            posture_router(posture, site.access),
            weights_router(weighting.weights, site.access),
            *trust_routers(self._trust, secure=self._secure),
            events_router(store, site.access, site.clock, parse_lucene),
            *graded.routers(),
            devices_router(site.devices, site.access),
            graph_router(graph_desk(site), site.access),
            models_router(model_desk(site), site.access),
            rules_router(rules, site.access),
            suppressions_router(suppressions, site.access),
            intelligence_router(lambda: indicator_desk(site), site.access),
            *casework.routers(site.access, site.clock),
            playbooks_router(playbooks, site.access),
            access=site.access,
            version=__version__,
            measures=self._measures,
            home=HOME,
        )
        names, risks = Names(self._people, self._systems), EntityRisks(alerts, importance_of(site))
        rooms = Rooms(
            alerts=AlertRoom(alerts, site.access, names, site.clock, risks),
            events=store,
            posture=PostureRoom(posture, alerts, site.clock),
            health=HealthRoom(site, store),
            people=site.identity,
            audit=audit,
            register=RegisterRoom(site.register, site.zones),
            systems=SystemsRoom(site),
            data=data,
            weighting=weighting,
            fleet=FleetRoom(site, store),
            devices=site.devices,
            connecting=ConnectingRoom(site),
            pki=PkiRoom(self._trust),
            work=casework.rooms(graded.todos(), RunTodos(playbooks, site.access)),
            graded=graded.rooms(),
            insight=InsightRoom(site, alerts, risks),
            intelligence=IntelligenceRoom(site),
            rules=rules,
            suppressions=suppressions,
            authorizer=site.access,
            pulse=Pulse(site.records, site.clock),
            clock=site.clock,
        )
        pages, dash = build_dash(rooms)
        authenticator = WebAuthenticator(
            site.records, site.tokens, secure=self._secure, settings=settings, clock=site.clock
        )
        authenticator.listen(self._feed)
        options = ShellOptions(
            secure=self._secure, names=site.settings.web.names, pages_policy=csp(dash), body_limits=BODY_LIMITS,
            proxy_secret=proxy_secret(site.home) if site.settings.web.proxy else "",
        )  # fmt: skip
        return build_shell(api, pages, authenticator, options, self._measures)

    def _systems(self) -> dict[str, str]:
        return {system.id: system.name for system in self._site.register.systems()}

    def _people(self) -> dict[str, str]:
        return {person.id: person.display or person.name for person in self._site.identity.people()}


def build(site: Site) -> WebService:
    """The service of ``site``."""
    return WebService(site)
