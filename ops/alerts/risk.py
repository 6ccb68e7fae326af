"""The risk of an entity from its alerts: each one a contribution to the risk that behaviour analytics keeps.

Weighed by level, by the asset it is about, and by what it turned out to be; fading and combining is the work of
``analytics.behaviour.risk``, so that alerts and odd behaviour of one entity make one number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from analytics.behaviour.activity import Contribution, Facet
from analytics.behaviour.risk import HALF_LIFE, Risk, chance, risk
from ops.alerts.chain import RULE, Step, recent_of, steps_of
from ops.alerts.pressure import SEVERITY
from ops.alerts.query import AlertQuery
from ops.alerts.record import Disposition
from ops.alerts.service import Alert, Alerts

AGE = 7 * HALF_LIFE
"""After seven half-lives less than a hundredth is left; so long are alerts of one entity looked back for, too."""
MOST = 1_000
ORDINARY = 0.5
"""Importance of an asset nobody judged: its alerts weigh as their level says."""
VERDICTS = {Disposition.FALSE_POSITIVE: 0.0, Disposition.BENIGN: 0.0, Disposition.UNDETERMINED: 0.5}
BEHAVIOUR = "analytics"
"""Findings of behaviour analytics are contributions of their own already."""

Importance = Callable[[str, str], float]
"""How much an asset of a system matters, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the alerts of an entity contribute to its risk, oldest first, and how far an attack on it has come."""

    entity: str
    at: datetime
    contributions: list[Contribution]
    steps: tuple[Step, ...]

    @property
    def risk(self) -> Risk:
        """The risk from alerts alone."""
        return risk(self.entity, self.contributions, self.at)


class EntityRisks:
    """Risks of entities over the alerts of the site."""

    def __init__(self, alerts: Alerts, importance: Importance = lambda asset, system: ORDINARY) -> None:
        self._alerts, self._importance = alerts, importance

    def told(self, kind: str, entity: str, now: datetime) -> Told:
        """What the alerts of an entity say of it, by one look at them."""
        recent = recent_of(self._alerts, kind, entity, now)
        weighed = [alert for alert in recent if alert.rule["detector"] != BEHAVIOUR]
        return Told(entity, now, contributions_of(weighed, self._importance), steps_of(recent, now))

    def everywhere(self, now: datetime) -> dict[tuple[str, str], list[Contribution]]:
        """Contributions of the newest alerts by (kind, entity)."""
        found: dict[tuple[str, str], list[Contribution]] = {}
        query = AlertQuery(since=now - AGE, without={"origin": (BEHAVIOUR,)}, order="newest", limit=MOST)
        for alert in self._alerts.search(query).alerts:
            made = contributions_of([alert], self._importance)
            found.setdefault((alert.entity["type"], alert.entity["value"]), []).extend(made)
        return found


def contributions_of(alerts: Iterable[Alert], importance: Importance) -> list[Contribution]:
    """One contribution per alert that weighs anything, oldest first; of one rule only the strongest counts later. An
    attack in stages is no contribution beside the alerts it consists of."""
    found = [
        Contribution(
            alert.entity["value"], Facet.ALERT, chance(weight), alert.last_seen, alert.rule["name"], str(alert.level),
            alert.id,
        )
        for alert in alerts
        if alert.rule["id"] != RULE and (weight := weight_of(alert, importance)) > 0
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.time)


def weight_of(alert: Alert, importance: Importance) -> float:
    """How strongly an alert speaks for harm, 0 to 0.99: its level, times 0.5 to 1.5 by the asset, times its verdict."""
    asset = 0.5 + importance(alert.asset, alert.system)
    verdict = VERDICTS.get(Disposition(alert.disposition), 1.0) if alert.disposition else 1.0
    return min(0.99, SEVERITY[alert.level] * asset * verdict)
