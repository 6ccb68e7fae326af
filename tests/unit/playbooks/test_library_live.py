"""Every shipped playbook that acts is run against real things in a network namespace: what it did is really there,
stays within its dry run, and a rollback brings back the state it found, to the same hash."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.records import Records
from playbooks.actions.registry import Surroundings, actuators_of
from playbooks.engine.desk import Desk
from playbooks.engine.engine import Engine
from playbooks.engine.orders import Order
from playbooks.engine.reading import AttemptView, Reading
from playbooks.engine.rehearsal import rehearse
from playbooks.engine.rows import AttemptRow
from playbooks.library.shelf import shelf
from tests.fresh import fresh_records
from tests.unit.playbooks.building import LI, WANG, ZHAO
from tests.unit.playbooks.live_world import Ground, World, ground, world
from tests.unit.playbooks.test_library import inputs_of

NAMES = [each.name for each in shelf() if each.acts or os.environ.get("YAODUN_PROVE") == "full"]
Pairs = set[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of one live run and its rollback. ``before``, ``after`` and ``back`` are hashes of the world, before
    the run, behind it, and behind its rollback; ``missing`` are effects that cannot be seen where they should be."""

    allowed: Pairs
    done: Pairs
    missing: list[str]
    attempts: list[AttemptView]
    ended: str
    reason: str
    rolled: str
    before: str
    after: str
    back: str

    @property
    def kinds(self) -> set[str]:
        """What kinds of effects it had."""
        return {kind for kind, _ in self.done}

    @property
    def proved(self) -> bool:
        """It changed the world, as far as can be seen all as it said, and its rollback made the world as before."""
        return self.ended == "done" and not self.missing and self.after != self.before == self.back


@dataclass
class Runs:
    """Live runs, each playbook's once, by whichever test asks first."""

    ground: Ground
    folder: Path
    known: dict[str, Ran] = field(default_factory=dict)

    def of(self, name: str) -> Ran:
        """The run of a playbook."""
        if name not in self.known:
            (place := self.folder / name).mkdir()
            with in_memory() as records, world(self.ground, place) as made:
                self.known[name] = live(name, records, made)
        return self.known[name]


@contextmanager
def in_memory() -> Iterator[Records]:
    """Records where there is a file system in memory: what is asked here is not a question of the disk."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="playbooks-", dir=memory) as folder:
        records = fresh_records(Path(folder))
        yield records
        records.close()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    with ground(tmp_path_factory.mktemp("ground")) as made:
        yield Runs(made, tmp_path_factory.mktemp("runs"))


def live(name: str, records: Records, place: World) -> Ran:
    """Rehearse, run and roll back a playbook in a world."""
    each = next(each for each in shelf() if each.name == name)
    given, before = inputs_of(name, place.values), place.state()
    actuators = actuators_of(Surroundings(place.folder / "keep", host=place.ground.host))
    allowed = {(row["kind"], row["target"]) for row in rehearse(each.tree, given, actuators, lambda *_: None)}
    assert place.state() == before, "a dry run touches nothing"
    desk, reading, engine = Desk(records), Reading(records), Engine(records, actuators)
    run = desk.start(LI, desk.keep(each.tree, "test"), given, simulate=False)
    carry_on(run, desk, reading, engine)
    view, attempts = reading.run(run), reading.attempts(run)
    done = {row for attempt in attempts for row in effects_of(records, actuators, attempt.key)}
    kinds = {kind for kind, _ in done}
    missing = [kind for kind in sorted(kinds) if not place.happened(kind)]
    if "snapshot-configuration" in kinds:
        place.touch()
    after = place.state()
    desk.roll_back(WANG, run)
    engine.run_until_idle(20)
    engine.close()
    return Ran(
        allowed, done, missing, attempts, view.state, view.reason, reading.run(run).state, before, after, place.state()
    )  # fmt: skip


def test_eighteen_and_more_are_proved(runs: Runs) -> None:
    proved = [name for name in NAMES if runs.of(name).proved]
    assert len(proved) >= 18, sorted(set(NAMES) - set(proved))


@pytest.mark.parametrize("name", NAMES)
def test_each_acts_within_its_dry_run_and_is_taken_back(name: str, runs: Runs) -> None:
    ran = runs.of(name)
    assert ran.ended == "done", ran.reason
    for attempt in ran.attempts:
        assert attempt.state == "done" or attempt.kind in ("elastic", "sigma")
    assert ran.kinds <= {kind for kind, _ in ran.allowed}
    assert {pair for pair in ran.done if pair[0] != "notify"} <= ran.allowed
    assert ran.missing == []
    assert ran.rolled == ("failed" if "stop-process" in ran.kinds else "rolled-back")
    assert ran.back == ran.before


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


def effects_of(records: Records, actuators: Mapping[str, Any], key: str) -> Pairs:
    body = records.read(lambda session: session.get(AttemptRow, key).order)  # type: ignore[union-attr]
    order = msgspec.json.decode(body, type=Order)
    return {(each.kind, each.target) for each in actuators[order.kind].effects(order)}
