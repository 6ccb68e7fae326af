"""A fleet of generated agents, groups, zones and paths for the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from collectors.fleet.configuration import Configuration
from dashboards.rooms.fleet import AgentLine, Group, Invitation, Zone, ZonePath
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.register.zones import ZoneKind
from infra.web.seams import Actor

SOURCES = (
    {"id": "web-01/metrics", "state": "running", "records": 18_204},
    {"id": "web-01/journal", "state": "not_available", "records": 0},
)


class FakeFleet:
    """``mode``: full, first, empty, broken."""

    def __init__(self, clock: Clock, mode: str) -> None:
        self.clock, self.mode = clock, mode
        self.told: list[Mapping[str, str]] = []
        self.ended: list[str] = []

    @property
    def door(self) -> str:
        return "10.0.4.2:8602" if self.mode == "full" else ""

    def agents(self) -> Sequence[AgentLine]:
        self._refuse()
        if self.mode != "full":
            return ()
        now = self.clock.now()
        states = ("connected", "connected", "away", "revoked", "connected")
        return [
            AgentLine(
                id=f"a{number}",
                name=f"web-{number:02}",
                group="default" if number % 2 else "edge",
                host=f"web-{number:02}.corp",
                state="revoked" if f"a{number}" in self.ended else state,
                version="0.1.0",
                last_seen=now - timedelta(seconds=4 if state == "connected" else 7_200),
                lag_bytes=number * 3_000_000 if state == "away" else 0,
                skew_ms=-92_000 if number == 5 else 12,
                expires=now + timedelta(days=80),
                sources=SOURCES,
                handed=18_204,
                differs=None if state == "revoked" else 0,
            )
            for number, state in enumerate(states, 1)
        ]

    def groups(self) -> Sequence[Group]:
        self._refuse()
        told = Configuration(log_files=("/var/log/nginx/*.log",), off=("integrity",), bandwidth_kib_s=512)
        return [Group(id="default"), Group(id="edge", configuration=told, version=3)]

    def invite(self, actor: Actor, group: str, name: str) -> Invitation:
        return Invitation(
            "yaodun run agent --server 10.0.4.2:8602 --enrol yde_once", self.clock.now() + timedelta(days=1)
        )

    def revoke(self, actor: Actor, agent: str) -> None:
        self.ended.append(agent)

    def move(self, actor: Actor, agent: str, group: str) -> None:
        return None

    def configure(self, actor: Actor, group: str, values: Mapping[str, str]) -> None:
        self.told.append({"group": group, **values})

    def zones(self) -> Sequence[Zone]:
        self._refuse()
        if self.mode != "full":
            return ()
        return [
            Zone(id="inner", name_zh="内网", name_en="Inner", networks=("10.0.0.0/8",), reaches=("dmz:tcp/443",)),
            Zone(
                id="dmz",
                name_zh="隔离区",
                name_en="DMZ",
                kind=ZoneKind.DMZ,
                networks=("192.168.9.0/24",),
                reaches=("outer",),
            ),
            Zone(id="outer", name_zh="外网", name_en="Outer", kind=ZoneKind.EXTRANET, networks=("172.16.0.0/12",)),
        ]

    def paths(self) -> Sequence[ZonePath]:
        self._refuse()
        if self.mode != "full":
            return ()
        now = self.clock.now()
        seen = (
            ("inner", "dmz", "tcp/443", 18_204),
            ("inner", "outer", "tcp/445", 3),
            ("inner", "dmz", "tcp/22", 7),
            ("dmz", "outside", "udp/53", 90),
        )
        return [
            ZonePath(
                source=source,
                target=target,
                service=service,
                count=count,
                first=now - timedelta(days=3),
                last=now,
                event="e1",
            )
            for source, target, service, count in seen
        ]

    def _refuse(self) -> None:
        if self.mode == "broken":
            raise AppError(ErrorKind.UNAVAILABLE, "infra.records.locked", place="records.db")
