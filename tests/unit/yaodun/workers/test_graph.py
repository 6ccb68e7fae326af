"""The worker of the graph: fed by register and events alone, it finds the way to the jewel, and keeps it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from analytics.graph.api import graph_router
from analytics.graph.desk import GraphDesk
from infra.clock import ManualClock
from infra.errors import AppError
from infra.events.stream import Event, Stream
from infra.home import Home
from infra.records.migrate import migrate
from infra.register.nouns import Address, AddressKind, Asset
from infra.spool.position import SpoolPosition
from infra.store.seams import Batch, SourceCount
from infra.web.seams import Actor, current_actor
from yaodun.settings import Settings
from yaodun.site import Site
from yaodun.workers import graph

NOW = datetime(2026, 11, 18, 6, tzinfo=UTC)
ADMIN = Actor(kind="service", id="test", name="test", roles=())


def address(kind: AddressKind, value: str) -> Address:
    return Address(kind, value, NOW - timedelta(days=9))


@pytest.fixture
def site(tmp_path: Path) -> Any:
    home = Home(tmp_path)
    home.prepare()
    made = Site(home, Settings(), ManualClock(NOW))
    migrate(made.records.engine)
    made.register.prepare()
    for name, ip, system, importance in (("web-1", "10.0.0.1", "portal", 0.5), ("db-1", "10.0.0.2", "trace", 0.9)):
        places = (address(AddressKind.IP, ip), address(AddressKind.NAME, name))
        asset = Asset(id=f"a-{name}", name=name, system=system, importance=importance, addresses=places)
        made.register.save_asset(ADMIN, asset)
    yield made
    made.records.close()


def write(site: Site, *rows: tuple[Stream, Event]) -> None:
    store = site.open_store(read_only=False)
    events: dict[Stream, list[Event]] = {}
    for number, (stream, event) in enumerate(rows):
        named = {"@timestamp": NOW - timedelta(hours=2), "event.id": f"2026111804-t-{number}", "yaodun.source": "agent"}
        events.setdefault(stream, []).append({**named, **event})
    counts = {"agent": SourceCount(stored=len(rows), received=len(rows))}
    store.append(Batch(spool="s", position=SpoolPosition(0, len(rows)), events=events, counts=counts))
    store.close()


def flow(source: str, target: str, port: int) -> tuple[Stream, Event]:
    return Stream.FLOWS, {"source.ip": source, "destination.ip": target, "destination.port": port}


def login(user: str, host: str, source: str, outcome: str = "success") -> tuple[Stream, Event]:
    told = {"user.name": user, "host.name": host, "source.ip": source, "event.outcome": outcome}
    return Stream.LOGS, {"event.category": ["authentication"], **told}


def desk_of(site: Site) -> GraphDesk:
    return GraphDesk(graph.graph_folder(site.home.state))


def intrusion(site: Site) -> None:
    write(
        site,
        *(flow("198.51.100.7", "10.0.0.1", 443) for _ in range(3)),
        *(flow("10.0.0.1", "10.0.0.2", 5432) for _ in range(4)),
        flow("10.0.0.2", "10.0.0.1", 50_123),
        flow("127.0.0.1", "127.0.0.1", 80),
        login("li", "db-1", "10.0.0.9"),
        login("mallory", "db-1", "198.51.100.7", "failure"),
        (Stream.INVENTORY, {"yaodun.inventory.kind": "listener", "host.name": "db-1", "server.ip": "0.0.0.0",
                            "destination.port": 40_000, "process.name": "agentd"}),
        (Stream.INVENTORY, {"yaodun.inventory.kind": "listener", "host.name": "db-1", "server.ip": "127.0.0.1",
                            "destination.port": 6379, "process.name": "redis"}),
    )  # fmt: skip


def test_flows_logins_and_register_become_one_graph_with_the_way_to_the_jewel(site: Site) -> None:
    intrusion(site)
    assert graph.refresh(site)["odd"] == 0
    desk = desk_of(site)
    told = desk.digest()
    assert told is not None
    ways = {one.jewel: one.ways[0].nodes for one in told.exposed}
    assert ways["asset:a-db-1"] == (
        "outside", "service:asset:a-web-1:443", "asset:a-web-1", "service:asset:a-db-1:5432", "asset:a-db-1",
    )  # fmt: skip
    assert ways["system:trace"][-1] == "system:trace"
    names = {node.id for node in desk.find("")} | {node.id for node in desk.near("asset:a-db-1", 1, 100).nodes}
    assert {"account:li", "service:asset:a-db-1:40000"} <= names
    assert not names & {"account:mallory", "service:asset:a-db-1:6379", "service:asset:a-web-1:50123"}


def test_who_is_harmed_and_what_must_have_failed(site: Site) -> None:
    intrusion(site)
    graph.refresh(site)
    desk = desk_of(site)
    harm = desk.harm(["asset:a-db-1"])
    assert harm["system:trace"] == pytest.approx(0.9)
    assert harm["asset:a-web-1"] > 0.3
    assert harm["system:portal"] > 0.1
    assert desk.causes(["system:trace", "service:asset:a-db-1:5432"])[0].node == "asset:a-db-1"
    with pytest.raises(AppError):
        desk.harm(["asset:none"])


def test_a_login_that_comes_nearer_to_the_jewel_is_told_once(site: Site) -> None:
    intrusion(site)
    graph.refresh(site)
    write_more(site, login("eve", "db-1", "10.0.0.77"))
    assert graph.refresh(site)["odd"] == 1
    told = desk_of(site).digest()
    assert told is not None
    assert [(one.source, one.target) for one in told.odd] == [("account:eve", "asset:a-db-1")]
    assert graph.refresh(site)["odd"] == 0


def write_more(site: Site, *rows: tuple[Stream, Event]) -> None:
    assert isinstance(site.clock, ManualClock)
    site.clock.advance(3600)
    store = site.open_store(read_only=False)
    events: dict[Stream, list[Event]] = {}
    for number, (stream, event) in enumerate(rows):
        named = {"@timestamp": site.clock.now() - timedelta(minutes=5), "event.id": f"2026111806-u-{number}"}
        events.setdefault(stream, []).append({**named, "yaodun.source": "agent", **event})
    counts = {"agent": SourceCount(stored=len(rows), received=len(rows))}
    store.append(Batch(spool="s", position=SpoolPosition(1, len(rows)), events=events, counts=counts))
    store.close()


STOLEN = "SHA256:pVt6Rk2D4l6kS0mPq8Q1pJ2rj0dJq0b9m8yF5c1d2e3"
KEYED = "credential:key:" + STOLEN


def key_login(user: str, host: str, source: str, key: str) -> tuple[Stream, Event]:
    stream, event = login(user, host, source)
    return stream, {**event, "yaodun.credential.id": f"RSA {key}"}


def key_item(host: str, use: str, key: str) -> tuple[Stream, Event]:
    return Stream.INVENTORY, {"yaodun.inventory.kind": "key", "yaodun.inventory.key": f"{use}:root:{key}",
                              "host.name": host, "user.name": "root"}  # fmt: skip


def test_a_key_kept_on_an_exposed_machine_is_the_way_to_what_it_opens(site: Site) -> None:
    write(
        site,
        *(flow("198.51.100.7", "10.0.0.1", 443) for _ in range(3)),
        key_item("web-1", "kept", STOLEN),
        key_item("db-1", "authorized", STOLEN),
    )
    graph.refresh(site)
    told = desk_of(site).digest()
    assert told is not None
    ways = {one.jewel: one.ways[0] for one in told.exposed}
    assert ways["asset:a-db-1"].nodes[2:] == ("asset:a-web-1", KEYED, "asset:a-db-1")
    fixes = {(one.source, one.target) for one in told.repairs}
    assert ("asset:a-web-1", KEYED) in fixes
    assert told.nodes["credential"] == 1


def test_a_key_used_from_where_it_never_was_is_told(site: Site) -> None:
    write(site, *(key_login("root", "db-1", "10.0.0.9", STOLEN) for _ in range(5)), flow("10.0.0.50", "10.0.0.1", 443))
    graph.refresh(site)
    assert (desk_of(site).node(KEYED).kind, desk_of(site).node(KEYED).label) == ("credential", "pVt6Rk2D4l6kS0mP…")
    write_more(site, key_login("root", "db-1", "10.0.0.50", STOLEN))
    graph.refresh(site)
    told = desk_of(site).digest()
    assert told is not None
    assert ("address:10.0.0.50", KEYED) in {(one.source, one.target) for one in told.odd}


def test_service_accounts_certificates_and_tokens_come_by_themselves(site: Site) -> None:
    robot = "system:serviceaccount:trace:loader"
    tls = {"source.ip": "10.0.0.9", "destination.ip": "10.0.0.1", "destination.port": 443,
           "tls.server.hash.sha256": "ab" * 32}  # fmt: skip
    service = {"event.category": ["authentication"], "user.name": "svc-backup", "host.name": "db-1",
               "winlog.logon.type": "5", "event.outcome": "success"}  # fmt: skip
    write(
        site, login(robot, "web-1", "10.0.0.2"), (Stream.FLOWS, tls), (Stream.LOGS, service),
        (Stream.LOGS, {**service, "user.name": "SYSTEM"}),
    )  # fmt: skip
    site.tokens.create_api(ADMIN, "nightly report", ["analyst"], 30)
    ended = site.tokens.create_api(ADMIN, "old", ["analyst"], 30)
    site.tokens.revoke(ADMIN, ended.token.id)
    graph.refresh(site)
    nodes = {node.id: node for node in desk_of(site).find("credential:", 50)}
    assert {
        f"credential:service:{robot}",
        "credential:service:svc-backup",
        f"credential:certificate:{'ab' * 32}",
    } < set(nodes)
    assert "credential:service:SYSTEM" not in nodes
    assert [node.label for node in nodes.values() if node.id.startswith("credential:token:")] == ["nightly report"]
    near = desk_of(site).near("credential:service:svc-backup", 1, 20)
    assert {(edge.source, edge.target) for edge in near.edges} >= {
        ("asset:a-db-1", "credential:service:svc-backup"), ("credential:service:svc-backup", "account:svc-backup")
    }  # fmt: skip


def test_a_clock_that_went_back_and_a_spoilt_file_do_no_harm(site: Site) -> None:
    intrusion(site)
    first = graph.refresh(site)
    assert isinstance(site.clock, ManualClock)
    site.clock.advance(-7200)
    assert graph.refresh(site)["nodes"] == first["nodes"]
    site.clock.advance(7200)
    (graph.graph_folder(site.home.state) / graph.SEEN).write_bytes(b"\xc1spoilt")
    assert graph.refresh(site)["nodes"] == first["nodes"]


async def test_the_api_answers_and_refuses(site: Site) -> None:
    app = FastAPI()
    app.include_router(graph_router(lambda: desk_of(site), site.access))
    current_actor.set(ADMIN)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        with pytest.raises(AppError, match="graph："):
            await client.get("/api/v1/graph")
        intrusion(site)
        graph.refresh(site)
        assert (await client.get("/api/v1/graph")).json()["nodes"]["business"] == 14
        found = (await client.get("/api/v1/graph/node", params={"id": "asset:a-db-1"})).json()
        assert found["exposure"] > 0
        assert found["harms"]["system:trace"] == pytest.approx(0.9)
        near = (await client.get("/api/v1/graph/near", params={"id": "asset:a-db-1", "limit": 2})).json()
        assert (len(near["nodes"]), near["cut"]) == (2, True)
        impact = (await client.get("/api/v1/graph/impact", params={"failed": "asset:a-db-1"})).json()
        assert "system:trace" in impact["harm"]
        paths = (await client.get("/api/v1/graph/paths", params={"to": "asset:a-db-1"})).json()
        assert paths["items"][0]["nodes"][0] == "outside"
        assert (await client.get("/api/v1/graph/cut")).json()["value"] > 0
        assert (await client.get("/api/v1/graph/near", params={"id": "x", "limit": 9999})).status_code == 422
        current_actor.set(Actor(kind="person", id="o", name="o", roles=("owner",)))
        with pytest.raises(AppError):
            await client.get("/api/v1/graph")
