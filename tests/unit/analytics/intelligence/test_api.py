"""Feeds and indicators over HTTP: rights first, then what people and scripts do with them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from analytics.intelligence import Shelf
from analytics.intelligence.api import EDIT, READ, intelligence_router
from analytics.intelligence.desk import MOST_UPLOAD, IndicatorDesk
from analytics.intelligence.folder import take_folder
from infra.clock import ManualClock
from infra.errors import AppError
from infra.records import Records
from infra.web.api import build_api
from infra.web.measures import Measures
from tests.fresh import fresh_records
from tests.unit.analytics.rules.test_api import Door, ask, nobody
from tests.unit.analytics.rules.test_desk import ANNA

NOW = datetime(2026, 11, 20, tzinfo=UTC)
CSV = b"value,confidence,name\n203.0.113.9,90,C2\nevil.example,70,site\nnot an indicator,1,x\n"
STIX = {
    "type": "bundle",
    "objects": [
        {"type": "indicator", "name": "C2", "pattern_type": "stix", "confidence": 90,
         "valid_from": "2026-11-01T00:00:00Z", "pattern": "[ipv4-addr:value = '198.51.100.77']"},
    ],
}  # fmt: skip

FEED, FOUND = "/intelligence/sources/bad.csv", "/intelligence/indicators"
ROUTES = (
    ("GET", "/intelligence/sources", READ, ""),
    ("PUT", FEED, EDIT, "feed:bad.csv"),
    ("DELETE", FEED, EDIT, "feed:bad.csv"),
    ("GET", FOUND, READ, ""),
    ("GET", "/intelligence/indicator?value=203.0.113.9", READ, ""),
)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return fresh_records(tmp_path)


@pytest.fixture
def desk(tmp_path: Path, records: Records) -> IndicatorDesk:
    return IndicatorDesk(tmp_path / "indicators.db", tmp_path / "feeds", records, ManualClock(NOW))


def take_in(folder: Path) -> None:
    """What the worker does when the folder changed."""
    shelf = Shelf(folder / "indicators.db", write=True)
    take_folder(shelf, folder / "feeds", NOW, 90)
    shelf.close()


def api_of(desk: Any, *granted: str) -> tuple[FastAPI, Door]:
    door = Door(*granted)
    router = intelligence_router(desk, door)
    return build_api(router, access=door, version="0", measures=Measures(), home="/ui/"), door


@pytest.mark.parametrize(("method", "path", "action", "thing"), ROUTES)
def test_every_route_demands_its_right_before_the_desk_is_asked(
    method: str, path: str, action: str, thing: str
) -> None:
    api, door = api_of(nobody, *{READ, EDIT} - {action})
    assert ask(api, method, path, content=CSV).status_code == 403
    assert door.asked == [(ANNA.id, action, thing)]


def test_a_feed_is_put_in_listed_looked_up_and_taken_out(desk: IndicatorDesk, tmp_path: Path) -> None:
    api, _ = api_of(lambda: desk, READ, EDIT)
    put = ask(api, "PUT", FEED, content=CSV).json()
    assert (put["entries"], put["refused"]) == (2, 1)
    assert "bad.csv:4" in put["problem"]
    bundle = ask(api, "PUT", "/intelligence/sources/b.stix", content=json.dumps(STIX).encode()).json()
    assert bundle["entries"] == 1
    take_in(tmp_path)
    named = {one["source"]: one["counting"] for one in ask(api, "GET", "/intelligence/sources").json()["items"]}
    assert named == {"bad.csv": 2, "b.stix": 1}
    listed = ask(api, "GET", FOUND + "?q=EVIL").json()["items"]
    assert [(one["value"], one["confidence"]) for one in listed] == [("evil.example", 70)]
    known = ask(api, "GET", "/intelligence/indicator?value=203.0.113.9").json()
    assert (known["kind"], known["known"], known["indicators"][0]["source"]) == ("address", True, "bad.csv")
    assert ask(api, "GET", "/intelligence/indicator?value=192.0.2.1").json()["known"] is False
    assert ask(api, "DELETE", FEED).status_code == 204
    take_in(tmp_path)
    assert ask(api, "GET", "/intelligence/indicator?value=203.0.113.9").json()["known"] is False
    assert ask(api, "DELETE", FEED).status_code == 404


@pytest.mark.parametrize("name", ["..", "a.exe", ".hidden.csv", "a b.csv", "x" * 101 + ".csv", "плохо.csv"])
def test_a_feed_of_another_name_is_refused_and_nothing_written(desk: IndicatorDesk, tmp_path: Path, name: str) -> None:
    with pytest.raises(AppError):
        desk.put(ANNA, name, CSV)
    assert not (tmp_path / "feeds").exists()


@pytest.mark.parametrize("data", [b"", b"nothing of use\n", b"\xff\xfe", b"x" * (MOST_UPLOAD + 1)])
def test_what_holds_nothing_usable_is_refused(desk: IndicatorDesk, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(AppError):
        desk.put(ANNA, "bad.csv", data)
    assert not (tmp_path / "feeds").exists()


def test_before_anything_was_read_nothing_is_known(desk: IndicatorDesk) -> None:
    assert desk.sources() == []
    assert desk.find() == []
    assert not desk.look_up("evil.example").known
    with pytest.raises(AppError, match="value"):
        desk.look_up("no indicator at all")
