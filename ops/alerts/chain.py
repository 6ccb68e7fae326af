"""How far an attack on one entity has come: its alerts in the order of the tactics of ATT&CK.

The longest run of alerts whose tactics advance, by the time each was first seen; three steps are more than chance.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol

import msgspec

from infra.events import Signal, Why
from infra.exchange import Dimension, Level
from infra.ids import stable_id
from ops.alerts.query import AlertQuery
from ops.alerts.record import Disposition, State
from ops.alerts.service import Alert, Alerts

RULE, DETECTOR = "platform.kill-chain", "killchain"
WINDOW = timedelta(days=7)
MOST, KNOWN = 1_000, 100_000
STEPS, CRITICAL_STEPS = 3, 4
"""From three tactics on an alert is raised, from four it is critical."""


class Step(msgspec.Struct, frozen=True):
    """One tactic, and the technique of the alert that reached it."""

    tactic: str
    technique: str
    alert: str
    rule: str
    title: str
    time: datetime


@cache
def tactics() -> tuple[str, ...]:
    """All tactics, in the order of an attack."""
    return tuple(_table())


def parent_of(technique: str) -> str:
    """The technique of a sub-technique."""
    return technique.partition(".")[0]


@cache
def tactics_of(technique: str) -> tuple[int, ...]:
    """The places of a technique's tactics; a sub-technique has those of its technique."""
    parent = parent_of(technique)
    return tuple(place for place, techniques in enumerate(_table().values()) if parent in techniques)


def steps_of(alerts: Iterable[Alert], now: datetime) -> tuple[Step, ...]:
    """The longest advance among the alerts of one entity. Each step is of another rule and of another technique, so
    that a technique of several tactics, met again, is no advance; alerts that proved harmless do not count."""
    best: dict[int, tuple[Step, ...]] = {}
    for alert in sorted(filter(lambda one: _counts(one, now), alerts), key=lambda one: (one.first_seen, one.id)):
        reached: dict[int, tuple[Step, ...]] = {}
        for technique in alert.techniques:
            for place in tactics_of(technique):
                rule, time = alert.rule, alert.first_seen
                step = Step(tactics()[place], parent_of(technique), alert.id, rule["id"], rule["name"], time)
                runs = [run for earlier, run in best.items() if earlier < place and _is_new(step, run)]
                before = max(runs, key=len, default=())
                if len(before) + 1 > len(reached.get(place, best.get(place, ()))):
                    reached[place] = (*before, step)
        best.update(reached)
    return max(best.values(), key=len, default=())


def _is_new(step: Step, run: Sequence[Step]) -> bool:
    return all(step.rule != one.rule and step.technique != one.technique for one in run)


def chain_signal(alerts: Sequence[Alert], now: datetime) -> Signal | None:
    """The signal of an attack that advances over the alerts of one entity; None where it does not. The same advance
    gives the same signal."""
    steps = steps_of(alerts, now)
    if len(steps) < STEPS:
        return None
    by_id = {alert.id: alert for alert in alerts}
    used = [by_id[step.alert] for step in steps]
    entity = used[0].entity
    return Signal(
        id=stable_id(RULE, entity["type"], entity["value"], *(f"{step.tactic}:{step.alert}" for step in steps)),
        time=max(alert.last_seen for alert in used), rule_id=RULE, rule_name="Attack in several stages",
        detector=DETECTOR, level=Level.CRITICAL if len(steps) >= CRITICAL_STEPS else Level.HIGH,
        event_ids=tuple(alert.event_ids[0] for alert in used if alert.event_ids),
        entity_type=entity["type"], entity_value=entity["value"],
        why=tuple(Why(step.tactic, step.title, step.alert) for step in steps), author="Yaodun",
        techniques=tuple(dict.fromkeys(technique for alert in used for technique in alert.techniques)),
        system=used[-1].system, asset=used[-1].asset, dimension=Dimension(used[-1].dimension),
    )  # fmt: skip


class Identity(Protocol):
    """Tells that an address, a host and an asset are one machine."""

    def whose(self, kind: str, value: str, at: datetime) -> str:
        """The asset an entity was at a time; '' where none is known."""
        ...

    def names_of(self, asset: str) -> frozenset[str]:
        """Everything an asset is or was called."""
        ...


class ChainWatch:
    """Looks at the entities of alerts that are new to it; the same alert again changes no advance. What ``identity``
    knows to be one machine is one entity."""

    def __init__(self, alerts: Alerts, identity: Identity | None = None) -> None:
        self._alerts, self._identity = alerts, identity
        self._known: set[str] = set()

    def signals(self, changed: Iterable[Alert], now: datetime) -> list[Signal]:
        """The signals of attacks that advanced with these alerts."""
        new = [alert for alert in changed if alert.techniques and alert.id not in self._known]
        if len(self._known) > KNOWN:
            self._known.clear()
        self._known.update(alert.id for alert in new)
        told = dict[str, Signal]()
        for (kind, value), names in self._entities(new).items():
            if signal := chain_signal(self._recent(kind, value, names, now), now):
                told[signal.id] = signal
        return list(told.values())

    def _entities(self, alerts: Iterable[Alert]) -> dict[tuple[str, str], set[str]]:
        """The entities of alerts, each machine once, with the names it has in them."""
        found: dict[tuple[str, str], set[str]] = {}
        for alert in alerts:
            if alert.entity["value"]:
                key = ("asset", asset) if (asset := self._asset(alert)) else key_of(alert)
                found.setdefault(key, set()).add(alert.entity["value"])
        return found

    def _asset(self, alert: Alert) -> str:
        return self._identity.whose(*key_of(alert), alert.first_seen) if self._identity else ""

    def _recent(self, kind: str, value: str, names: set[str], now: datetime) -> list[Alert]:
        """The alerts of an entity; of a machine under every name, which alerts may write in capitals."""
        if self._identity is None or kind != "asset":
            return recent_of(self._alerts, kind, value, now)
        known = self._identity.names_of(value)
        called = tuple(sorted({value, *names, *known, *(name.upper() for name in known)}))
        query = AlertQuery(since=now - WINDOW, only={"entity": called}, order="newest", limit=MOST)
        return [alert for alert in self._alerts.search(query).alerts if self._asset(alert) == value]


def key_of(alert: Alert) -> tuple[str, str]:
    """Type and value of an alert's entity."""
    return alert.entity["type"], alert.entity["value"]


def recent_of(alerts: Alerts, kind: str, value: str, now: datetime) -> list[Alert]:
    """The alerts of an entity an attack may consist of, newest first."""
    query = AlertQuery(since=now - WINDOW, only={"entity": (value,)}, order="newest", limit=MOST)
    return [alert for alert in alerts.search(query).alerts if alert.entity["type"] == kind]


def _counts(alert: Alert, now: datetime) -> bool:
    harmless = alert.state is State.CLOSED and alert.disposition in (Disposition.BENIGN, Disposition.FALSE_POSITIVE)
    return not harmless and alert.rule["id"] != RULE and alert.last_seen > now - WINDOW


@cache
def _table() -> dict[str, frozenset[str]]:
    tree = tomllib.loads(Path(__file__).with_name("tactics.toml").read_text(encoding="utf-8"))
    return {name: frozenset(techniques) for name, techniques in tree.items()}
