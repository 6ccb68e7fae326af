"""Stories of devices, judged: each fault is told once, a healthy device never."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.sensing.device import Device, Limit, Storage
from collectors.sensing.judge import SensingJudge
from collectors.sensing.kinetic import Kinetic
from collectors.sensing.silent_devices import SilentDevices
from infra.events import Signal
from infra.events.stream import Event

START = datetime(2026, 11, 1, tzinfo=UTC)
COLD = Limit(low=-40, high=85, storage=Storage(low=2, high=8, minutes=30, mkt_high=9), stuck_minutes=120)
STORE = Device(id="cs-1", place="store-A", limits={"temperature": COLD, "door": Limit(open_minutes=5)})


class World:
    """Readings of devices, a minute apart, judged as they come."""

    def __init__(self, *devices: Device, path: Path | None = None) -> None:
        self.book = {device.id: device for device in devices}
        self.judge = SensingJudge(lambda: self.book, path)
        self.number = 0

    def read(
        self, minute: float, value: float, device: str = "cs-1", kind: str = "temperature", **more: Any
    ) -> list[str]:
        return [signal.rule_id for signal in self.signals(minute, value, device, kind, **more)]

    def signals(self, minute: float, value: float, device: str, kind: str, **more: Any) -> list[Signal]:
        self.number += 1
        at = START + timedelta(minutes=minute)
        event: Event = {
            "@timestamp": at, "event.ingested": at, "event.id": f"e{self.number}", "event.module": "sensing",
            "event.kind": "metric", "event.original": "x", "yaodun.sensor.id": device, "yaodun.sensor.kind": kind,
            "yaodun.sensor.value": value, "yaodun.sensor.quality": "good", "yaodun.sensor.via": "broker",
        }  # fmt: skip
        event.update({f"yaodun.sensor.{name}": value for name, value in more.items()})
        return self.judge.match([event])

    def story(self, values: Iterable[float], **more: Any) -> dict[int, list[str]]:
        told = {minute: self.read(minute, value, **more) for minute, value in enumerate(values)}
        return {minute: rules for minute, rules in told.items() if rules}


def healthy(minutes: int) -> list[float]:
    return [5 + 1.5 * math.sin(minute / 20) + 0.01 * (minute % 7) for minute in range(minutes)]


def test_a_healthy_store_is_never_told() -> None:
    assert World(STORE).story(healthy(1_500)) == {}


def test_an_excursion_is_told_after_the_allowed_time_and_once_an_hour() -> None:
    told = World(STORE).story([*healthy(60), *[9 + 0.01 * n for n in range(100)], *healthy(30)])
    excursions = [minute for minute, rules in told.items() if "sensing-excursion" in rules]
    assert excursions == [91, 120]


def test_a_short_excursion_is_allowed() -> None:
    told = World(STORE).story([*healthy(60), *[8.5 + 0.01 * n for n in range(25)], *healthy(30)])
    assert told == {}


def test_the_mean_kinetic_temperature_is_weighted_towards_heat() -> None:
    kinetic = Kinetic()
    for minute in range(0, 1_440, 10):
        kinetic.add(minute * 60_000, 5.0 if minute < 720 else 25.0, 24)
    mean = kinetic.celsius()
    rates = [math.exp(-83.144 / (0.0083144 * (273.15 + celsius))) for celsius in (5.0, 25.0)]
    assert mean == pytest.approx(83.144 / 0.0083144 / -math.log(sum(rates) / 2) - 273.15)
    assert 15 < (mean or 0) < 25
    told = World(STORE).story([12.0 + (n % 5) * 0.1 for n in range(90)])
    assert any("sensing-mean-kinetic" in rules for rules in told.values())


def test_a_door_that_stays_open() -> None:
    world = World(STORE)
    assert world.story([0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0], kind="door") == {13: ["sensing-door-open"]}


def test_stuck_and_out_of_range() -> None:
    told = World(STORE).story([*healthy(10), *[5.5] * 300])
    assert list(told.values()) == [["sensing-stuck"]] * 3
    assert World(STORE).read(0, 120.0) == ["sensing-out-of-range"]


def test_a_replayed_payload_counts_nothing() -> None:
    world = World(STORE)
    for sequence in range(80):
        assert world.read(sequence, 5 + sequence / 100, sequence=sequence) == []
    assert world.read(7, 99.0, sequence=7) == ["sensing-replayed"]
    assert world.read(81, 99.0, sequence=60) == ["sensing-replayed"]
    assert world.read(82, 5.1, sequence=82) == []
    assert world.read(81.5, 5.1, sequence=81) == [], "late, not replayed"


def test_a_device_that_is_switched_on_again_is_no_replay() -> None:
    world = World(STORE)
    for start in (0, 100):
        for sequence in range(80):
            assert world.read(start + sequence, 5 + sequence / 100, sequence=sequence) == []


def test_an_old_reading_of_a_device_without_a_clock_is_found_when_its_numbers_go_on() -> None:
    world = World(STORE)
    for sequence in range(80):
        world.read(sequence, 5 + sequence / 100, sequence=sequence)
    assert world.read(80, 5.07, sequence=7) == []
    assert world.read(81, 5.1, sequence=80) == ["sensing-replayed"]


@pytest.mark.parametrize("quality", ["forged", "unsigned", "identity_conflict"])
def test_a_forged_reading_is_told_and_counts_nothing(quality: str) -> None:
    world = World(STORE)
    assert world.read(0, 500.0, quality=quality) == ["sensing-forged"]
    assert world.judge.heard() == {}


def test_two_places_at_once_but_not_a_journey() -> None:
    world = World(STORE)
    assert [world.read(minute, 5 + minute / 10, via="gw-1" if minute < 5 else "gw-2") for minute in range(10)] == [
        []
    ] * 10
    told = [world.read(minute, 5 + minute / 10, via="gw-1" if minute % 2 else "gw-2") for minute in range(10, 20)]
    assert ["sensing-two-places"] in told
    only = Device(id="cs-9", gateways=("gw-1",), limits={"temperature": COLD})
    assert World(only).read(0, 5.0, device="cs-9", via="gw-7") == ["sensing-two-places"]


def test_one_of_three_neighbours_drifts() -> None:
    devices = [Device(id=f"cs-{n}", place="store-A", limits={"temperature": Limit(drift=1.0)}) for n in range(4)]
    world = World(*devices)
    told = []
    for minute in range(2_000):
        base = 5 + math.sin(minute / 50)
        for number in range(4):
            value = base + number * 0.1 + (minute / 500 if number == 3 else 0) + 0.001 * (minute % 3)
            told += [(f"cs-{number}", rule) for rule in world.read(minute, value, device=f"cs-{number}")]
    assert set(told) == {("cs-3", "sensing-drifting")}


def test_a_stranger_is_told_once() -> None:
    world = World()
    assert world.story([5.0, 5.1, 5.2], device="nobody") == {0: ["sensing-unregistered"]}


def test_what_is_remembered_outlives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sensing.bin"
    before = World(STORE, path=path)
    before.story([9.5 + n / 100 for n in range(20)], sequence=None)
    before.read(20, 9.9, sequence=7)
    before.judge.save()
    after = World(STORE, path=path)
    assert after.read(21, 9.9, sequence=7) == ["sensing-replayed"]
    assert "sensing-excursion" in after.read(40, 9.9, sequence=8)


def test_a_signal_says_why_and_names_system_and_reading() -> None:
    device = Device(id="cs-1", place="store-A", system="cold-chain", limits={"temperature": Limit(low=-10, high=10)})
    [signal] = World(device).signals(0, 33.5, "cs-1", "temperature")
    assert (signal.entity_type, signal.entity_value, signal.system) == ("device", "cs-1", "cold-chain")
    assert signal.event_ids == ("e1",)
    first = signal.why[0]
    assert (first.field, first.value, first.pattern) == ("sensor.temperature", "33.5", "-10..10")


def test_silence_is_told_and_so_is_the_return() -> None:
    now, heard = [10**18], {"cs-1": 10**12}
    book = {"cs-1": Device(id="cs-1", interval_s=60), "cs-2": Device(id="cs-2")}
    watch = SilentDevices(lambda: book, lambda: heard, lambda: now[0])
    assert watch.look() == []
    now[0] += 181 * 10**9
    [event] = watch.look()
    assert (event["event.action"], event["yaodun.sensor.id"]) == ("sensor-silent", "cs-1")
    assert watch.look() == []
    heard["cs-1"] = now[0] // 10**6
    assert [each["event.action"] for each in watch.look()] == ["sensor-heard"]
    silent = {
        **event, "@timestamp": START, "event.start": START - timedelta(minutes=3), "event.id": "s1",
        "event.ingested": START,
    }  # fmt: skip
    [signal] = SensingJudge(lambda: book).match([silent])
    assert (signal.rule_id, signal.entity_value) == ("sensing-silent", "cs-1")
