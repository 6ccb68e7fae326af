"""Every shipped playbook that acts is run against real things in a network namespace: what it did is really there,
stays within its dry run, and a rollback brings back the state it found, to the same hash."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.records import Records
from playbooks.actions.registry import Surroundings, actuators_of
from playbooks.engine.desk import Desk
from playbooks.engine.engine import Engine
from playbooks.engine.orders import Order
from playbooks.engine.reading import Reading
from playbooks.engine.rehearsal import rehearse
from playbooks.engine.rows import AttemptRow
from playbooks.library.shelf import shelf
from tests.unit.playbooks.building import LI, WANG, ZHAO
from tests.unit.playbooks.live_world import Ground, World, ground, world
from tests.unit.playbooks.test_library import inputs_of

NAMES = [each.name for each in shelf() if each.acts or os.environ.get("YAODUN_PROVE") == "full"]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("ground")) as made:
        yield made


@pytest.fixture
def place(here: Ground, tmp_path: Path) -> Iterator[World]:
    with world(here, tmp_path) as made:
        yield made


def test_eighteen_and_more_are_proved() -> None:
    assert len(NAMES) >= 18


@pytest.mark.parametrize("name", NAMES)
def test_each_acts_within_its_dry_run_and_is_taken_back(name: str, records: Records, place: World) -> None:
    each = next(each for each in shelf() if each.name == name)
    given, before = inputs_of(name, place.values), place.state()
    actuators = actuators_of(Surroundings(place.folder / "keep", host=place.ground.host))
    allowed = {(row["kind"], row["target"]) for row in rehearse(each.tree, given, actuators, lambda *_: None)}
    assert place.state() == before
    desk, reading, engine = Desk(records), Reading(records), Engine(records, actuators)
    run = desk.start(LI, desk.keep(each.tree, "test"), given, simulate=False)
    carry_on(run, desk, reading, engine)
    view = reading.run(run)
    assert view.state == "done", view.reason
    for attempt in reading.attempts(run):
        assert attempt.state == "done" or attempt.kind in ("elastic", "sigma")
    done = {row for attempt in reading.attempts(run) for row in effects_of(records, actuators, attempt.key)}
    assert {kind for kind, _ in done} <= {kind for kind, _ in allowed}
    assert {pair for pair in done if pair[0] != "notify"} <= allowed
    kinds = {kind for kind, _ in done}
    assert [kind for kind in sorted(kinds) if not place.happened(kind)] == []
    if "snapshot-configuration" in kinds:
        place.touch()
    desk.roll_back(WANG, run)
    engine.run_until_idle(20)
    engine.close()
    assert reading.run(run).state == ("failed" if "stop-process" in kinds else "rolled-back")
    assert place.state() == before


def carry_on(run: str, desk: Desk, reading: Reading, engine: Engine) -> None:
    """Let it run; people approve and answer what it asks them."""
    for _ in range(20):
        engine.run_until_idle(20)
        waits = reading.waits(run=run)
        if not waits:
            return
        for wait in waits:
            if wait.kind == "approval":
                for actor in (WANG, ZHAO)[: wait.needed]:
                    desk.approve(actor, wait.id, wait.binding, agree=True)
            else:
                desk.answer(WANG, wait.id, wait.choices[0], dict.fromkeys(wait.outputs, "yes"))


def effects_of(records: Records, actuators: Mapping[str, Any], key: str) -> set[tuple[str, str]]:
    body = records.read(lambda session: session.get(AttemptRow, key).order)  # type: ignore[union-attr]
    order = msgspec.json.decode(body, type=Order)
    return {(each.kind, each.target) for each in actuators[order.kind].effects(order)}
