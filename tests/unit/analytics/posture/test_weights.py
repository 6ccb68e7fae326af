"""Weights: one proposes, another approves, the seal must hold, and the score follows, replayed to the byte."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from analytics.posture import PostureService
from analytics.posture.catalogue import Reading
from analytics.posture.service import compute
from analytics.posture.weights import WeightRow, Weights, WeightState, settled, shipped
from infra.clock import ManualClock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.exchange import Dimension
from infra.ledger.rows import OutboxRow
from infra.records import Records, open_records
from infra.records.migrate import migrate
from infra.web.seams import Actor
from tests.agents import OPERATOR, Anyone
from trust.signer.seals import WEIGHTS, Seals, digests, holds

OTHER = Actor(id="o-2", name="second")
DISK, PORTS = "infrastructure.host_disk", "infrastructure.exposed_ports"


class SignersSeals:
    """The signer's own seals, without its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def sign(self, data: bytes) -> bytes:
        sha256, sm3 = digests(data)
        sealed = Seals(self._folder, WEIGHTS).seal(sha256=sha256.hex(), sm3=sm3.hex())
        return base64.b64decode(sealed["signature"])

    def verify(self, data: bytes, signature: bytes) -> bool:
        return holds(self._folder, WEIGHTS, WEIGHTS.message(*digests(data)), signature)


class Gauge:
    """A full disk, no port open; nothing else measured."""

    def readings(self, now: datetime) -> Mapping[str, Reading]:
        return {DISK: Reading(0.97, "/ui/hosts"), PORTS: Reading(0.0, "/ui/hosts")}


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = open_records(tmp_path / "records.db")
    migrate(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def weights(records: Records, tmp_path: Path) -> Weights:
    return Weights(records, Anyone(), SystemClock(), SignersSeals(tmp_path / "seals"))


def test_shares_of_a_dimension_add_up_whatever_was_typed() -> None:
    made = settled({DISK: 40, PORTS: 60})
    for dimension in Dimension:
        total = sum(value for name, value in made.items() if name.startswith(f"{dimension.value}."))
        assert total == pytest.approx(1, abs=1e-3)
    assert made[PORTS] / made[DISK] == pytest.approx(1.5, rel=1e-2)
    assert made.keys() == shipped().keys()


@pytest.mark.parametrize(
    "wanted", [{"no.such": 1.0}, {DISK: -1.0}, {DISK: float("nan")}, dict.fromkeys(shipped(), 0.0)], ids=str
)
def test_what_can_be_no_weight_is_refused(wanted: dict[str, float]) -> None:
    with pytest.raises(AppError) as refused:
        settled(wanted)
    assert refused.value.kind is ErrorKind.INVALID


def test_nobody_approves_alone_and_every_step_is_in_the_ledger(weights: Weights, records: Records) -> None:
    number = weights.propose(OPERATOR, {DISK: 2.0}, "disks matter")
    assert weights.current() == (0, shipped())
    with pytest.raises(AppError) as same:
        weights.approve(OPERATOR, number)
    assert same.value.kind is ErrorKind.FORBIDDEN
    weights.approve(OTHER, number)
    assert weights.current()[0] == number
    [version] = weights.versions()
    assert version.sealed is True
    assert (version.proposer, version.decider) == (OPERATOR.name, OTHER.name)
    with pytest.raises(AppError):
        weights.approve(OTHER, number)
    told = records.read(
        lambda session: [json.loads(body)["action"] for body in session.scalars(select(OutboxRow.body))]
    )
    assert told == ["analytics.weights.propose", "analytics.weights.approve"]


def test_the_next_version_replaces_and_a_refused_one_never_counts(weights: Weights) -> None:
    first = weights.propose(OPERATOR, {DISK: 2.0}, "one")
    weights.approve(OTHER, first)
    second = weights.propose(OTHER, {PORTS: 3.0}, "two")
    weights.refuse(OTHER, second)
    third = weights.propose(OTHER, {PORTS: 4.0}, "three")
    weights.approve(OPERATOR, third)
    assert [(one.number, one.state) for one in weights.versions()] == [
        (third, WeightState.ACTIVE), (second, WeightState.REFUSED), (first, WeightState.RETIRED)
    ]  # fmt: skip


def test_a_proposal_of_some_weights_keeps_those_in_force_of_the_others(weights: Weights) -> None:
    weights.approve(OTHER, weights.propose(OPERATOR, {DISK: 2.0}, "disks"))
    before = weights.current()[1]
    weights.approve(OTHER, weights.propose(OPERATOR, {PORTS: before[PORTS] * 2}, "ports"))
    after = weights.current()[1]
    names = [name for name in after if name.startswith("infrastructure.") and name != PORTS]
    assert {round(after[name] / before[name], 1) for name in names if before[name] > 0.01} == {
        round(after[DISK] / before[DISK], 1)
    }


def test_a_version_altered_behind_our_back_does_not_count(weights: Weights, records: Records) -> None:
    number = weights.propose(OPERATOR, {DISK: 2.0}, "one")
    weights.approve(OTHER, number)

    def alter(session) -> None:  # type: ignore[no-untyped-def]
        row = session.get(WeightRow, number)
        row.body = row.body.replace(b"one", b"two")

    records.write(alter)
    assert weights.current() == (0, shipped())
    assert weights.versions()[0].sealed is False


def test_the_score_follows_the_weights_and_is_replayed_to_the_byte(weights: Weights, records: Records) -> None:
    clock = ManualClock(SystemClock().now())
    service = PostureService(records, clock, [Gauge()], weights=weights)
    before = service.refresh().dimensions[Dimension.INFRASTRUCTURE]
    number = weights.propose(OPERATOR, {DISK: 10.0}, "disks above all")
    weights.approve(OTHER, number)
    clock.advance(60)
    after = service.refresh().dimensions[Dimension.INFRASTRUCTURE]
    lost = [{loss.name: loss.points for loss in found.losses}[DISK] for found in (before, after)]
    assert lost[1] > lost[0]
    found = service.inputs()
    latest = service.latest()
    assert found is not None
    assert found[1].weights_number == number
    assert msgspec.json.encode(compute(found[1], found[0])) == msgspec.json.encode(latest)
    assert next(one.weight for one in service.indicators() if one.id == DISK) == weights.current()[1][DISK]
