"""Insight with generated data: a full site, an empty one, a broken one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from analytics.graph.desk import Near, NodeView
from analytics.graph.digest import Digest, Exposed, OddEdge, Repair, Share, Way
from analytics.graph.seams import Kind, Node
from analytics.models.card import Card
from analytics.models.desk import ModelView
from analytics.models.lessons import Lesson
from analytics.models.state import ModelState
from analytics.models.trial import Moved
from dashboards.rooms.insight import Anomaly, Entity, Number, Part, Reasoned, Risky, Stage
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.exchange import Edge
from infra.web.seams import Actor

WAY = ("outside", "service:asset:web-1:443", "asset:web-1", "service:asset:db-1:5432", "asset:db-1")
HOURS = tuple(None if i % 23 == 7 else 20 + 8 * math.sin(i / 4) for i in range(71))


@dataclass
class FakeInsight:
    """``mode``: full, first, empty, broken."""

    clock: Clock
    mode: str = "full"
    moved: dict[str, ModelState] = field(default_factory=dict)
    unlearnt: set[str] = field(default_factory=set)

    def _full(self) -> bool:
        if self.mode == "broken":
            raise AppError(ErrorKind.UNAVAILABLE, "dashboards.error.timeout", seconds="10")
        return self.mode == "full"

    def anomalies(self, most: int = 100) -> Sequence[Anomaly]:
        return [self._anomaly(number) for number in range(12)] if self._full() else []

    def _anomaly(self, number: int) -> Anomaly:
        words = (
            ("Unusually many: failed_logins", "user", "mallory", "failed_logins", "83", "0.4", "medium"),
            ("Unusually many: different destination.port", "address", "10.0.1.7", "different destination.port", "399",
             "3", "high"),
            ("Unusual process", "host", "nmpa-trace-collector-02", "process", "nginx > sh", "systemd > cron", "low"),
            ("A source has fallen silent", "source", "syslog:10.20.30.40", "events", "", "", "medium"),
        )[number % 4]  # fmt: skip
        title, kind, entity, feature, value, usual, level = words
        drawn = number % 4 != 3
        rule = ("analytics.volume", "analytics.volume", "analytics.rare_pair", "analytics.silent")[number % 4]
        return Anomaly(
            alert=f"A-{number:05d}", at=self.clock.now() - timedelta(hours=number), level=level, title=title,
            kind=kind, rule=rule, entity=entity, feature=feature, p="2.4e-09", count=1 + number % 3,
            reasons=(Reasoned(feature, value, usual, 99.8 if drawn else None), Reasoned("events", "120", "31", 97.0)),
            series=(*HOURS, 83.0) if drawn else (), band=(12.0, 28.0) if drawn else (None, None),
        )  # fmt: skip

    def _part(self, number: int, share: float) -> Part:
        facet, subject, value, usual = (
            ("volume", "failed_logins", "83", "0.4"), ("rare_pair", "host", "db-1", "web-1"),
            ("first_seen", "source", "198.51.100.7, 203.0.113.9", "10.0.1.3"), ("hours", "hour", "03:00", "10:00"),
        )[number % 4]  # fmt: skip
        at = self.clock.now() - timedelta(hours=3 * number)
        return Part(facet=facet, subject=subject, value=value, usual=usual, p=10.0 ** -(9 - number), at=at, share=share)

    def risks(self, most: int = 50) -> Sequence[Risky]:
        if not self._full():
            return []
        names = (("user", "mallory"), ("address", "10.0.1.7"), ("host", "nmpa-trace-collector-02"), ("user", "li"))
        return [
            Risky(kind=kind, entity=name, score=0.82 / (1 + number), parts=(self._part(number, 0.4),))
            for number, (kind, name) in enumerate(names)
        ]

    def entity(self, kind: str, entity: str) -> Entity:
        if not self._full():
            raise AppError(ErrorKind.NOT_FOUND, "dashboards.entities.unknown", place=f"{kind}/{entity}")
        numbers = ("events", "failed_logins", "pairs host", "pairs source")
        return Entity(
            kind=kind, entity=entity, score=0.82, history=tuple(max(0.0, math.sin(i / 30)) * 0.8 for i in range(168)),
            parts=tuple(self._part(number, share) for number, share in enumerate((0.5, 0.2, 0.12))),
            older=(self._part(3, 0.0),), anomalies=(self._anomaly(0),), node="account:mallory",
            stages=tuple(Stage(tactic, "A-00003", "r", "SSH password guessing", self.clock.now())
                         for tactic in ("credential-access", "lateral-movement", "exfiltration")),
            numbers=tuple(Number(name=name, value=83.0, low=12.0, high=28.0, percentile=99.9, series=(*HOURS, 83.0))
                          for name in numbers),
        )  # fmt: skip

    def digest(self) -> Digest | None:
        if not self._full():
            return None
        now = self.clock.now()
        ways = (Way(WAY, 0.06),)
        jewels = ("asset:db-1", "system:trace", "asset:nmpa-elicence-signing-database-primary")
        return Digest(
            taken=now, nodes={"account": 41, "asset": 62, "business": 14, "service": 88, "outside": 1},
            edges={"depends": 70, "reaches:443": 210}, total=0.11, unreached=9,
            exposed=tuple(Exposed(jewel, 0.9, 0.06 / (1 + 9 * i), ways) for i, jewel in enumerate(jewels)),
            chokes=(Share("asset:web-1", 0.9), Share("service:asset:web-1:443", 0.88)),
            repairs=(Repair("asset:web-1", "service:asset:db-1:5432", 0.09, jewels[:2]),),
            radii=(Share("account:backup", 2.4), Share("asset:jump-1", 1.9)),
            odd=(OddEdge("account:mallory", "asset:db-1", 0.0, 3.1, 7.0, now),),
        )  # fmt: skip

    def _nodes(self) -> list[Node]:
        kinds = (Kind.OUTSIDE, Kind.SERVICE, Kind.ASSET, Kind.SERVICE, Kind.DATA)
        way = [Node(id_, kind, 0.5, id_ == "asset:db-1", "") for id_, kind in zip(WAY, kinds, strict=True)]
        accounts = [Node(f"account:user{i}", Kind.ACCOUNT, 0.0, False, f"user{i}") for i in range(9)]
        return [*way[::-1], Node("system:trace", Kind.BUSINESS, 0.8, True, "追溯协同服务与监管系统"), *accounts]

    def near(self, node: str, hops: int, most: int) -> Near:
        self._full()
        nodes = self._nodes()[:most]
        edges = [Edge(a, b, "reaches:443", 0.2) for a, b in pairwise(WAY)]
        edges += [Edge(f"account:user{i}", "asset:db-1", "logs-in", 0.6) for i in range(9)]
        edges.append(Edge("asset:db-1", "system:trace", "carries", 0.9))
        return Near(tuple(nodes), tuple(edges), True)

    def node(self, node: str) -> NodeView:
        self._full()
        return NodeView(
            id=node, kind=Kind.DATA, label="db-1", value=0.9, jewel=True, exposure=0.06, way=WAY, blast=1.7,
            reached={"business": 1, "asset": 3}, harms={"system:trace": 0.9, "asset:web-1": 0.4},
        )  # fmt: skip

    def find(self, words: str, most: int = 20) -> Sequence[Node]:
        return [node for node in self._nodes() if words in node.id] if self._full() else []

    def models(self) -> Sequence[ModelView]:
        if not self._full():
            return []
        states = (ModelState.CANDIDATE, ModelState.ACTIVE, ModelState.RETIRED)
        users = [self._model("entity.user", 3 - i, state, i) for i, state in enumerate(states)]
        return [*users, self._model("entity.host", 1, ModelState.SHADOW, 3)]

    def _model(self, name: str, number: int, state: ModelState, place: int) -> ModelView:
        now = self.clock.now()
        card = Card(
            id=f"M-{place}", name=name, kind="entity-vectors", features=("events", "failed_logins", "pairs host"),
            feature_hash="f" * 64, fingerprint="0123456789abcdef" * 4, rows=4821, start=now - timedelta(days=3),
            end=now, query="activities of each user by hour (user.name)", seed=0,
            versions={"python": "3.11.7", "numpy": "2.4.6"},
            metrics={"held_rows": 964.0}, calibration={"below_0.01": 0.0094, "below_0.001": 0.001}, parent="",
        )  # fmt: skip
        drifted = state is ModelState.ACTIVE
        return ModelView(
            id=f"M-{place}", name=name, number=number, state=self.moved.get(f"M-{place}", state), created=now,
            changed=now, approver="" if place in (0, 3) else "值班员甲", card=card, sealed=place != 3,
            hours=0 if place == 3 else 26, rows=0 if place == 3 else 780, told=3, gap=0.3 if drifted else 0.02,
            steady=1e-9 if drifted else 0.4, moved=(Moved("events", 0.4, 1e-8),) if drifted else (),
            tested=None if place == 3 else now, drifted=drifted,
        )  # fmt: skip

    def move(self, actor: Actor, model: str, state: str) -> None:
        self.moved[model] = ModelState(state)

    def lessons(self) -> Sequence[Lesson]:
        now = self.clock.now()
        rows = (("analytics.volume", "mallory", "failed_logins", 0, 2), ("analytics.model", "10.0.1.7", "events", 1, 1))
        kept = [row for row in rows if row[0] not in self.unlearnt]
        return [Lesson(*row, now, now + timedelta(days=88), ("值班员甲",)) for row in kept] if self._full() else []

    def unlearn(self, actor: Actor, rule: str, entity: str, feature: str) -> None:
        self.unlearnt.add(rule)

    def rollback(self, actor: Actor, name: str) -> None:
        self.moved["M-2"] = ModelState.ACTIVE
