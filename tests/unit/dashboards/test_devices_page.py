"""The page of devices: what is wrong stands first, the form says what the register keeps, and a device is cut off."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from dashboards.commands import run
from dashboards.pages import devices
from dashboards.pages.device_forms import read_device
from dashboards.rooms import Rooms
from dashboards.rooms.devices import Device, Limit
from dashboards.views.devices import Reading, calibration_level, outside, range_words
from dashboards.visit import visit
from infra.clock import SystemClock
from infra.errors import AppError
from tests.browser.fake_devices import COLD
from tests.browser.fake_events import event_store
from tests.browser.fake_rooms import fake_rooms
from tests.unit.dashboards.test_agents_page import words


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Rooms:
    folder: Path = tmp_path_factory.mktemp("events")
    return fake_rooms("full", events=event_store(folder, SystemClock(), hours=1))


async def test_devices_show_readings_ranges_and_who_was_never_heard(full: Rooms) -> None:
    said = words(await devices.listing.draw(visit(full, "/ui/devices", "")))
    for wanted in ("冷库 2 号温湿度", "°C", "(2–8)", "超出范围", "从未上报", "已切断", "stranger-9", "未登记", "李工"):
        assert wanted in said


async def test_a_device_shows_its_lines_and_its_rules(full: Rooms) -> None:
    said = words(await devices.chosen.draw(visit(full, "/ui/devices", "?sel=cs-0002")))
    assert "开" in said
    assert "超出不得过 30 分" in said
    assert "读数带校验码" in said


async def test_network_devices_that_went_silent_say_so(full: Rooms) -> None:
    said = words(await devices.network.draw(visit(full, "/ui/devices", "")))
    assert "core-sw-1" in said
    assert "无应答" in said


async def test_nothing_connected_says_how_to_begin() -> None:
    said = words(await devices.listing.draw(visit(fake_rooms("empty"), "/ui/devices", "")))
    assert "接入网关" in said


async def test_a_device_is_cut_off_and_let_back_in(rooms: Rooms) -> None:
    look = visit(rooms, "/ui/devices", "")
    await run(look, "devices.revoke", {"device": "cs-0001"})
    assert {each.id: each.revoked for each in rooms.devices.devices()}["cs-0001"]
    await run(look, "devices.admit", {"device": "cs-0001"})
    assert not {each.id: each.revoked for each in rooms.devices.devices()}["cs-0001"]


async def test_a_key_is_base64_or_refused(rooms: Rooms) -> None:
    look = visit(rooms, "/ui/devices", "")
    key = base64.b64encode(b"k" * 32).decode()
    await run(look, "devices.key", {"device": "cs-0001", "key": key})
    assert rooms.devices.keys == {"cs-0001": b"k" * 32}  # type: ignore[attr-defined]
    _, notice = await run(look, "devices.key", {"device": "cs-0001", "key": "no!"})
    assert "base64" in words(notice)


def test_the_form_changes_what_it_asks_for_and_nothing_else() -> None:
    kept = Device(id="cs-1", limits=COLD, gateways=("g-1",), keyed=True)
    form = {"id": "cs-1", "name": "A", "interval_s": "30", "low": "-20", "high": "60", "store_low": "2",
            "store_high": "6", "store_minutes": "15", "door_minutes": "3", "calibrated": "2026-03-01"}  # fmt: skip
    made = read_device(form, kept)
    storage = made.limits["temperature"].storage
    assert storage is not None
    assert (storage.low, storage.high, storage.minutes, storage.mkt_high) == (2, 6, 15, 8)
    assert (made.limits["door"].open_minutes, made.limits["humidity"]) == (3, COLD["humidity"])
    assert (made.gateways, made.keyed, str(made.calibrated)) == (("g-1",), True, "2026-03-01")


@pytest.mark.parametrize("bad", [{"interval_s": "often"}, {"id": ""}, {"calibrated": "yesterday"}, {"low": "x"}])
def test_a_form_that_is_wrong_names_the_field(bad: dict[str, str]) -> None:
    with pytest.raises(AppError) as refusal:
        read_device({"id": "cs-1", "interval_s": "5", **bad}, None)
    assert next(iter(bad)) in str(refusal.value.detail["place"])


def test_limits_and_calibration_are_judged_by_what_the_register_says() -> None:
    now = SystemClock().now()
    warm = Reading("temperature", 8.4, "Cel", now)
    assert outside(warm, COLD["temperature"])
    assert not outside(warm, Limit(low=-40, high=85))
    assert (range_words(Limit(high=9)), range_words(None)) == ("≤ 9", "")
    today = now.date()
    assert calibration_level(Device(id="a"), today) == "unknown"
    assert calibration_level(Device(id="a", calibration_due=today), today) == "medium"
