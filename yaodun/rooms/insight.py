"""Findings, risks, graph and models as the pages read them; heavy libraries are loaded with the first question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dashboards.rooms import insight as shown
from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor
from ops.alerts import Alert, AlertQuery, Alerts
from ops.alerts.risk import EntityRisks
from yaodun.rooms.graph import graph_desk
from yaodun.rooms.models import model_desk
from yaodun.site import Site

if TYPE_CHECKING:
    from analytics.behaviour.kept import KeptContributions
    from analytics.behaviour.risk import Risk
    from analytics.graph.desk import Near, NodeView
    from analytics.graph.digest import Digest
    from analytics.graph.seams import Node
    from analytics.models.desk import ModelView
    from analytics.models.lessons import Lesson
    from analytics.scheduled.vectors import Vectors
    from yaodun.rooms.profile import Profiles

DETECTOR = "analytics"
HOURS_DRAWN = 72


class InsightRoom:
    """Implements ``dashboards.rooms.insight.Insight``."""

    def __init__(self, site: Site, alerts: Alerts, risks: EntityRisks) -> None:
        self._site, self._alerts, self._risks = site, alerts, risks
        self._graph, self._models = graph_desk(site), model_desk(site)

    def anomalies(self, most: int = 100) -> Sequence[shown.Anomaly]:
        """The newest findings that no rule made."""
        return self._found(AlertQuery(only={"origin": (DETECTOR,)}, order="newest", limit=most))

    def risks(self, most: int = 50) -> Sequence[shown.Risky]:
        """The riskiest entities now."""
        now = self._site.clock.now()
        found = self._contributions().risks(now, most, self._risks.everywhere(now))
        return [
            shown.Risky(kind=kind, entity=one.entity, score=one.score, parts=_parts(one)[:3]) for kind, one in found
        ]

    def entity(self, kind: str, entity: str) -> shown.Entity:
        """One entity; ``AppError(NOT_FOUND)`` where nothing at all is known of it."""
        from analytics.behaviour.risk import risk

        now, contributions, profiles = self._site.clock.now(), self._contributions(), self._profiles()
        told = self._risks.told(kind, entity, now)
        mine = [*contributions.of(kind, entity), *told.contributions]
        numbers = profiles.numbers(kind, entity, HOURS_DRAWN)
        anomalies = self._found(AlertQuery(only={"origin": (DETECTOR,), "entity": (entity,)}, order="newest", limit=50))
        if not (mine or numbers or anomalies):
            raise AppError(ErrorKind.NOT_FOUND, "dashboards.entities.unknown", place=f"{kind}/{entity}"[:200])
        one = risk(entity, mine, now)
        parts = _parts(one)
        counted = {(part.facet, part.subject, part.at) for part in parts}
        older = [shown.Part(facet=str(each.facet), subject=each.subject, value=each.value, usual=each.usual, p=each.p,
                            at=each.time, share=0.0) for each in reversed(mine)]  # fmt: skip
        return shown.Entity(
            kind=kind,
            entity=entity,
            score=one.score,
            history=tuple(contributions.history(kind, entity, now, more=told.contributions)),
            parts=parts,
            older=tuple(part for part in older if (part.facet, part.subject, part.at) not in counted)[:100],
            numbers=numbers,
            anomalies=tuple(anomalies),
            node=self._node(kind, entity),
            stages=tuple(shown.Stage(step.tactic, step.alert, step.rule, step.title, step.time) for step in told.steps),
        )

    def digest(self) -> Digest | None:
        """The graph of the whole site."""
        return self._graph().digest()

    def node(self, node: str) -> NodeView:
        """One node."""
        return self._graph().node(node)

    def near(self, node: str, hops: int, most: int) -> Near:
        """What surrounds a node."""
        return self._graph().near(node, hops, most)

    def find(self, words: str, most: int = 20) -> Sequence[Node]:
        """Nodes by part of their name."""
        return self._graph().find(words, most)

    def models(self) -> Sequence[ModelView]:
        """All versions of all models."""
        return self._models().models()

    def move(self, actor: Actor, model: str, state: str) -> None:
        """A person's step."""
        from analytics.models.state import ModelState

        self._models().move(model, ModelState(state), actor)

    def rollback(self, actor: Actor, name: str) -> None:
        """Back to the version before."""
        self._models().rollback(name, actor)

    def lessons(self) -> Sequence[Lesson]:
        """What answers to findings have taught."""
        return self._models().lessons()

    def unlearn(self, actor: Actor, rule: str, entity: str, feature: str) -> None:
        """Those answers count no longer."""
        self._models().unlearn(actor, rule, entity, feature)

    def _node(self, kind: str, entity: str) -> str:
        """The node of an entity; '' where the graph does not know it."""
        from yaodun.workers.graph import graph_places

        places = graph_places(self._site)
        if kind == "user":
            wanted = f"account:{entity}"
        else:
            wanted = places.host(entity) if kind == "host" else places.address(entity)
        try:
            return self._graph().near(wanted, 1, 2).nodes[0].id
        except AppError:
            return ""

    def _found(self, query: AlertQuery) -> list[shown.Anomaly]:
        alerts = self._alerts.search(query).alerts
        profiles = self._profiles() if alerts else None
        return [_anomaly(alert, profiles) for alert in alerts] if profiles else []

    def _contributions(self) -> KeptContributions:
        from analytics.behaviour.kept import KeptContributions

        return KeptContributions.load(self._site.home.state / "behaviour")

    def _profiles(self) -> Profiles:
        from analytics.scheduled.vectors import Vectors
        from yaodun.rooms.profile import Profiles

        vectors: Vectors = Vectors.load(self._site.home.state / "models")
        return Profiles(vectors)


def _parts(one: Risk) -> tuple[shown.Part, ...]:
    return tuple(
        shown.Part(facet=str(part.contribution.facet), subject=part.contribution.subject,
                   value=part.contribution.value, usual=part.contribution.usual, p=part.contribution.p,
                   at=part.contribution.time, share=part.share)
        for part in one.parts
    )  # fmt: skip


def _anomaly(alert: Alert, profiles: Profiles) -> shown.Anomaly:
    kind, entity = alert.entity["type"], alert.entity["value"]
    whys = [why for why in alert.why if why["field"] != "p"]
    feature = whys[0]["field"] if whys else ""
    reasons = tuple(
        shown.Reasoned(why["field"], why["value"], why["pattern"],
                       profiles.percentile(kind, why["field"], why["value"]))
        for why in whys
    )  # fmt: skip
    drawn = profiles.number(kind, entity, feature, HOURS_DRAWN) or profiles.number(kind, entity, "events", HOURS_DRAWN)
    return shown.Anomaly(
        alert=alert.id,
        at=alert.last_seen,
        level=str(alert.level),
        title=alert.rule["name"],
        rule=alert.rule["id"],
        kind=kind,
        entity=entity,
        feature=drawn.name if drawn else feature,
        reasons=reasons,
        p=next((why["value"] for why in alert.why if why["field"] == "p"), ""),
        count=alert.count,
        series=drawn.series if drawn else (),
        band=(drawn.low, drawn.high) if drawn else (None, None),
    )
