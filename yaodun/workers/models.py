"""``python -m yaodun.workers.models``: judge the last hours by the active models, try the others, teach new ones."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import orjson

from analytics.models.answers import Answer, Answers
from analytics.models.card import ModelState
from analytics.models.feedback import Label
from analytics.models.lessons import Lessons
from analytics.models.registry import ModelRegistry
from analytics.models.teaching import FEWEST_ROWS, TELLING, Lesson, Taught, teach
from analytics.models.trial import Trials
from analytics.scheduled.entities import KINDS, Kind
from analytics.scheduled.vectors import Vectors, features_of
from analytics.scheduled.wording import DETECTOR, signal
from infra.blobs import FolderBlobs
from infra.errors import AppError
from infra.events.signal import Signal, Why
from infra.exchange import Level
from infra.ledger import record
from ops.alerts import Alert, AlertQuery, Alerts
from yaodun.service import die_with_parent, log_to
from yaodun.site import Site, open_site
from yaodun.terminal import common_options, home_of
from yaodun.trust.model_seal import SignerSeal

log = logging.getLogger(__name__)
ACTOR = "platform"
HISTORY = timedelta(days=3)
FEWEST_HOURS = 12
AGED = timedelta(days=7)
"""A model is taught anew after so long, or once the world has moved."""
LABELS = {
    "true_positive": Label.TRUE, "false_positive": Label.FALSE, "benign": Label.KNOWN,
}  # fmt: skip
MOST_TOLD = 100


def main() -> int:
    """Once."""
    parser = argparse.ArgumentParser(prog="yaodun.workers.models")
    common_options(parser)
    home = home_of(parser.parse_args())
    die_with_parent()
    os.nice(10)
    log_to(home, "models")
    site = open_site(home)
    try:
        sys.stdout.write(orjson.dumps(turn(site)).decode() + "\n")
    finally:
        site.records.close()
    return 0


def registry_of(site: Site) -> ModelRegistry:
    """The models of the site, sealed by its signer."""
    return ModelRegistry(site.records, FolderBlobs(site.home.blobs), SignerSeal(site.home), site.clock)


def turn(site: Site) -> dict[str, int]:
    """Counts: answers taken, signals told, versions taught. A kind that fails is logged; the others go on."""
    folder, now = site.home.state / "models", site.clock.now()
    alerts = Alerts(site.records, site.clock, record)
    answers = Answers(site.records)
    counts = {"answers": answers.take(_answered(alerts, now)), "told": 0, "taught": 0}
    answers.forget(_opened_again(alerts, now))
    work = Turn(registry_of(site), Trials.load(folder), Vectors.load(folder), answers.lessons(now), now)
    troubled = _troubled(alerts)
    store = site.open_store(read_only=True)
    try:
        for kind in KINDS:
            hours = work.vectors.read(store, kind, now, HISTORY)
            try:
                found = work.judge(kind, hours)
                counts["taught"] += work.renew(kind, troubled)
            except (AppError, ValueError):
                log.exception("models.failed", extra={"kind": kind.name})
                continue
            alerts.absorb(found)
            counts["told"] += len(found)
    finally:
        store.close()
        work.vectors.save(folder)
        work.trials.save(folder)
    return counts


class Turn:
    """One run over all kinds."""

    def __init__(
        self,
        registry: ModelRegistry,
        trials: Trials,
        vectors: Vectors,
        lessons: Lessons,
        now: datetime,
    ) -> None:
        self.registry, self.trials, self.vectors, self.lessons, self.now = registry, trials, vectors, lessons, now

    def judge(self, kind: Kind, hours: list[int]) -> list[Signal]:
        """Every living version judges the new hours; only the active one is heard. Then the drift tests."""
        since = int((self.now - timedelta(days=1)).timestamp())
        found: list[Signal] = []
        new = [row for row in self.vectors.rows(kind.name, hours[0]) if row[0] in set(hours)] if hours else []
        for row in self.registry.versions(model_name(kind)):
            if row.state == ModelState.RETIRED:
                continue
            taught = self._load(row.id)
            if taught is None or taught.card.features != features_of(kind):
                continue
            trial = self.trials.of(row.id)
            if new:
                chances = taught.chances(np.array([values for _, _, values in new]))
                trial.judged(chances, len(hours))
                if row.state == ModelState.ACTIVE:
                    found = self._tell(kind, taught, new, chances)
            if hours or trial.tested is None:
                trial.test(taught, self.vectors.matrix(kind.name, since), self.now)
            if row.state == ModelState.ACTIVE and trial.drifted:
                found.append(self._drift(kind, [one.feature for one in trial.moved], trial.steady))
            if row.state == ModelState.SHADOW and trial.sound:
                self.registry.move(row.id, ModelState.CANDIDATE, ACTOR, "")
        return found

    def renew(self, kind: Kind, troubled: set[str]) -> int:
        """Teach a shadow where there is no fresh version, or the active one has drifted; 1 where it was done."""
        rows = list(self.vectors.rows(kind.name))
        names = self.registry.versions(model_name(kind))
        active = next((row for row in names if row.state == ModelState.ACTIVE), None)
        fresh = bool(names) and names[0].created > self.now - (
            timedelta(days=1) if active and self.trials.of(active.id).drifted else AGED
        )
        if fresh or len(rows) < FEWEST_ROWS or len({hour for hour, _, _ in rows}) < FEWEST_HOURS:
            return 0
        clean = [row for row in rows if row[1] not in troubled] if active else rows
        data = np.array([values for _, _, values in clean])
        if active and (taught := self._load(active.id)) and taught.card.features == features_of(kind):
            data = data[taught.chances(data) >= 0.001]
        if len(data) < FEWEST_ROWS:
            return 0
        first, last = (datetime.fromtimestamp(rows[place][0], UTC) for place in (0, -1))
        query = f"activities of each {kind.name} by hour ({kind.field})"
        parent = active.id if active else ""
        lesson = Lesson(model_name(kind), features_of(kind), data, first, last, query, parent=parent)
        self.registry.add(*teach(lesson), ACTOR)
        return 1

    def _load(self, model: str) -> Taught | None:
        """None, and a line in the log, for a version whose seal does not hold: it never judges."""
        try:
            return Taught.restore(*self.registry.load(model))
        except AppError:
            log.exception("models.not_loaded", extra={"model": model})
            return None

    def _tell(
        self, kind: Kind, taught: Taught, rows: list[tuple[int, str, list[float]]], chances: np.ndarray
    ) -> list[Signal]:
        recent = self.now.timestamp() - 3 * 3600 - 3600
        odd = [
            place
            for place in np.argsort(chances, kind="stable")[:MOST_TOLD].tolist()
            if chances[place] < TELLING and rows[place][0] >= recent
        ]
        reasons = taught.reasons(np.array([rows[place][2] for place in odd])) if odd else ()
        found: list[Signal] = []
        for place, why in zip(odd, reasons, strict=True):
            hour, entity, _ = rows[place]
            subject = why[0].feature if why else kind.name
            p = self.lessons.ease(f"{DETECTOR}.model", entity, subject, float(chances[place]))
            if p < TELLING:
                told = [
                    Why(one.feature, f"{one.value:.6g}", f"{one.usual:.6g} ({one.percentile:.3g} %)") for one in why
                ]
                at = datetime.fromtimestamp(hour + 3600, UTC)
                found.append(signal("model", subject, (kind.name, entity), at, p, told))
        return found

    def _drift(self, kind: Kind, moved: list[str], steady: float) -> Signal:
        day = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        why = [Why(name, "moved", "") for name in moved[:5]] or [Why("probabilities", f"{steady:.2g}", "")]
        return signal("drift", model_name(kind), ("model", model_name(kind)), day, steady, why, Level.LOW)


def model_name(kind: Kind) -> str:
    """The name under which the versions of a kind of entity are kept."""
    return f"entity.{kind.name}"


def _answered(alerts: Alerts, now: datetime) -> Iterable[Answer]:
    """Dispositions of analytic findings of the last month."""
    query = AlertQuery(
        only={"origin": (DETECTOR,), "state": ("closed",)}, since=now - timedelta(days=30), order="newest", limit=1000
    )
    for alert in alerts.search(query).alerts:
        label = LABELS.get(alert.disposition)
        if label is not None and alert.closed is not None:
            yield Answer(
                alert=alert.id, rule_id=alert.rule["id"], entity=alert.entity["value"], label=label,
                actor=alert.assignee or _closer(alerts, alert.id), at=alert.closed, feature=_feature(alert),
            )  # fmt: skip


def _opened_again(alerts: Alerts, now: datetime) -> list[str]:
    """Analytic findings of the last month that are open."""
    only = {"origin": (DETECTOR,), "state": ("new", "acknowledged")}
    query = AlertQuery(only=only, since=now - timedelta(days=30), order="newest", limit=1000)
    return [alert.id for alert in alerts.search(query).alerts]


def _closer(alerts: Alerts, alert: str) -> str:
    """Who closed it, where nobody had taken it before."""
    return next((one.actor for one in reversed(alerts.history(alert)) if one.action == "close"), "")


def _feature(alert: Alert) -> str:
    """What the finding was about."""
    return str(alert.why[0]["field"]) if alert.why else ""


def _troubled(alerts: Alerts) -> set[str]:
    """Entities with an open alert of weight: a model must not learn from them."""
    levels = (str(Level.HIGH), str(Level.CRITICAL))
    query = AlertQuery(only={"level": levels, "state": ("new", "acknowledged")}, limit=1000)
    return {alert.entity["value"] for alert in alerts.search(query).alerts}


if __name__ == "__main__":
    sys.exit(main())
