"""Models of a running site: taught, sealed by the real signer, tried, approved by a person, heard, rolled back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from analytics.models.answers import Answers
from analytics.models.card import ModelState
from analytics.models.desk import ModelDesk, ModelView
from analytics.models.lessons import Lesson
from analytics.models.rows import ModelRow
from infra.clock import ManualClock
from infra.errors import AppError
from infra.events.signal import Signal, Why
from infra.exchange import Level
from infra.home import Home
from infra.ledger import record
from infra.records.migrate import migrate
from infra.web.seams import Actor
from ops.alerts import AlertQuery, Alerts
from ops.alerts.record import Disposition
from ops.alerts.risk import EntityRisks
from tests.unit.analytics.scheduled import office
from trust.signer.client import ask_signer
from trust.signer.core import SignerCore
from trust.signer.server import SignerServer
from yaodun.rooms.insight import InsightRoom
from yaodun.settings import Settings
from yaodun.site import Site
from yaodun.trust.model_seal import SignerSeal
from yaodun.trust.places import pki_of, socket_of
from yaodun.workers import models

START = datetime(2026, 11, 16, tzinfo=UTC)
WANG = Actor(kind="person", id="wang", name="wang", roles=("operator",))


class Signing:
    """The real signer of a home, in a thread."""

    def __init__(self, site: Site) -> None:
        self.core = SignerCore(pki_of(site.home), site.clock, None)
        self._path, self._loop = socket_of(site.home), asyncio.new_event_loop()
        self._stop, self._ready = asyncio.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(20)

    def _run(self) -> None:
        async def main() -> None:
            task = asyncio.create_task(SignerServer(self.core, self._path).run(self._stop))
            while not self._path.exists():
                await asyncio.sleep(0.01)
            self._ready.set()
            await task

        self._loop.run_until_complete(main())
        self._loop.close()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self.core.close()


@dataclass
class World:
    """A site whose hours pass."""

    site: Site
    clock: ManualClock
    hours: office.Site

    def hour(self, intruder: bool = False) -> dict[str, int]:
        """An hour passes and the worker runs."""
        self.pass_hour(intruder)
        return models.turn(self.site)

    def pass_hour(self, intruder: bool = False) -> None:
        store = self.site.open_store(read_only=False)
        self.hours.store = store
        self.hours.hour(intruder)
        store.close()
        self.clock.advance((self.hours.now - self.clock.now()).total_seconds() + 60)

    @property
    def desk(self) -> ModelDesk:
        answers = Answers(self.site.records)
        return ModelDesk(models.registry_of(self.site), self.site.home.state / "models", answers, self.clock)

    def newest(self, name: str) -> ModelView:
        return next(view for view in self.desk.models() if view.name == name)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = Home(tmp_path_factory.mktemp("m"))
    home.prepare()
    clock = ManualClock(START)
    site = Site(home, Settings(), clock)
    migrate(site.records.engine)
    signing = Signing(site)
    store = site.open_store(read_only=False)
    made = World(site, clock, office.Site(store, START))
    store.close()
    try:
        for _ in range(20):
            made.pass_hour()
        models.turn(site)
        yield made
    finally:
        signing.close()
        site.records.close()


def shadow(world: World) -> ModelView:
    """The first version of users."""
    return next(view for view in world.desk.models() if view.name == "entity.user" and view.number == 1)


@pytest.mark.slow
def test_a_life_from_lesson_to_rollback(world: World) -> None:
    first = shadow(world)
    assert first.sealed
    assert first.state is ModelState.SHADOW
    assert first.card.rows > 300
    assert len(first.card.fingerprint) == 64
    assert set(first.card.calibration) == {"below_0.1", "below_0.01", "below_0.001"}
    with pytest.raises(AppError):
        world.desk.move(first.id, ModelState.ACTIVE, WANG)
    for _ in range(23):
        world.pass_hour()
    assert world.hour()["told"] == 0
    assert shadow(world).state is ModelState.CANDIDATE
    world.desk.move(first.id, ModelState.ACTIVE, WANG)
    assert (shadow(world).state, shadow(world).approver) == (ModelState.ACTIVE, "wang")
    assert world.hour(intruder=True)["told"] >= 1
    alerts = Alerts(world.site.records, world.clock, record)
    found = alerts.search(AlertQuery(only={"rule": ("analytics.model",)}))
    mine = {alert.entity["value"]: alert.why[0]["field"] for alert in found.alerts}
    assert mine["user3"] == "failed_logins"
    assert shadow(world).tested == world.clock.now()
    shown = {one.entity: one for one in InsightRoom(world.site, alerts, EntityRisks(alerts)).anomalies()}["user3"]
    assert shown.feature == "failed_logins"
    assert shown.band[1] is not None
    assert (shown.series[-1] or 0.0) >= 80 > shown.band[1]
    assert (shown.reasons[0].percentile or 0.0) > 99
    assert not shadow(world).drifted, (shadow(world).moved, shadow(world).gap, shadow(world).steady)


def test_what_is_not_sealed_by_the_signer_is_never_loaded(world: World) -> None:
    registry, seal = models.registry_of(world.site), SignerSeal(world.site.home)
    view = world.newest("entity.user")
    row = next(row for row in registry.versions("entity.user") if row.id == view.id)
    registry.load(view.id)
    for wrong in (b"", bytes(64), row.signature[:-1] + bytes([row.signature[-1] ^ 1])):
        _resign(world, view.id, wrong)
        with pytest.raises(AppError):
            registry.load(view.id)
        assert not world.newest("entity.user").sealed
    _resign(world, view.id, row.signature)
    assert world.newest("entity.user").sealed
    with pytest.raises(ValueError, match="digests"):
        seal.sign(b"anything at all")
    with pytest.raises(AppError):
        ask_signer(socket_of(world.site.home), "model", card="00" * 31, body="00" * 32)


def _resign(world: World, model: str, signature: bytes) -> None:
    statement = update(ModelRow).where(ModelRow.id == model).values(signature=signature)
    world.site.records.write(lambda session: session.execute(statement) and None)


def test_what_analysts_answered_eases_the_same_finding_until_it_is_undone(world: World) -> None:
    alerts = Alerts(world.site.records, world.clock, record)
    for number in range(6):
        told = Signal(
            id=f"f{number}", time=world.clock.now() + timedelta(hours=number), rule_id="analytics.model",
            rule_name="m", detector="analytics", level=Level.LOW, event_ids=(), entity_type="user",
            entity_value="noisy", why=(Why("events", "9", "1"),),
        )  # fmt: skip
        (alert,) = alerts.absorb([told])
        alerts.close(WANG, [alert.id], Disposition.FALSE_POSITIVE, "a backup")
    taken = models.turn(world.site)["answers"]
    assert taken >= 1
    assert models.turn(world.site)["answers"] == 0
    (lesson,) = world.desk.lessons()
    assert (lesson.rule, lesson.entity, lesson.feature) == ("analytics.model", "noisy", "events")
    assert (lesson.harmless, lesson.factor, lesson.by) == (6, 10_000.0, ("wang",))
    assert Answers(world.site.records).lessons(world.clock.now()).ease(*_finding(lesson), 1e-9) > 5e-9
    world.desk.unlearn(WANG, *_finding(lesson))
    assert models.turn(world.site)["answers"] == 0
    assert world.desk.lessons() == []
    assert Answers(world.site.records).lessons(world.clock.now()).ease(*_finding(lesson), 1e-9) == 1e-9
    with pytest.raises(AppError):
        world.desk.unlearn(WANG, *_finding(lesson))


def _finding(lesson: Lesson) -> tuple[str, str, str]:
    return lesson.rule, lesson.entity, lesson.feature
