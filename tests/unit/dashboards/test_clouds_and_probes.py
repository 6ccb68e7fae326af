"""Pages of clouds and probes: what is wrong stands first, what ended is told as ended, what is gone is left out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboards.pages import clouds, probes
from dashboards.rooms import Rooms
from dashboards.views.clouds import findings_of, items_of
from dashboards.visit import visit
from infra.clock import SystemClock
from tests.browser.fake_events import event_store
from tests.browser.fake_rooms import fake_rooms
from tests.unit.dashboards.test_agents_page import words


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Rooms:
    return fake_rooms("full", events=event_store(tmp_path_factory.mktemp("events"), SystemClock(), hours=1))


async def test_machines_of_a_cloud_with_tenant_host_and_address(full: Rooms) -> None:
    said = words(await clouds.items.draw(visit(full, "/ui/clouds", "")))
    for wanted in ("云主机 12", "web-7", "supervision", "node-1", "10.20.0.7"):
        assert wanted in said
    assert "trace-db" in words(await clouds.items.draw(visit(full, "/ui/clouds", "?kind=volume")))


async def test_what_is_wrong_in_a_cloud_and_what_is_nearly_full(full: Rooms) -> None:
    said = words(await clouds.findings.draw(visit(full, "/ui/clouds", "")))
    for wanted in ("快照外拷", "跨租户通路", "副本缺失", "trace-db-copy", "province"):
        assert wanted in said
    full_first = words(await clouds.capacity.draw(visit(full, "/ui/clouds", "")))
    assert full_first.index("supervision/cores") < full_first.index("portal/cores")


async def test_targets_show_answers_certificates_and_changes(full: Rooms) -> None:
    said = words(await probes.listing.draw(visit(full, "/ui/probes", "")))
    assert said.index("域名解析") < said.index("门户首页")
    for wanted in ("无应答", "12 天", "srv-01", "1 个无应答"):
        assert wanted in said
    assert "网页被改" in words(await probes.history.draw(visit(full, "/ui/probes", "")))
    one = words(await probes.history.draw(visit(full, "/ui/probes", "?sel=域名解析")))
    assert "网页被改" not in one
    assert "time-out" in one


@pytest.mark.parametrize("page", [clouds.items, clouds.findings, clouds.capacity, probes.listing, probes.history])
async def test_with_nothing_connected_each_part_says_what_would_be_here(page: object) -> None:
    said = words(await page.draw(visit(fake_rooms("empty"), "/ui/clouds", "")))  # type: ignore[attr-defined]
    assert any(word in said for word in ("尚", "没有"))


def test_a_finding_that_ended_is_over_and_an_item_that_went_is_gone() -> None:
    now = SystemClock().now()
    told = {"cloud.instance.name": "web-1", "cloud.account.name": "c", "event.id": "1"}
    later = {**told, "@timestamp": now, "event.action": "replica-missing-over"}
    earlier = {**told, "@timestamp": now - timedelta(minutes=5), "event.action": "replica-missing"}
    [finding] = findings_of([later, earlier])
    assert finding.over
    item = {"yaodun.inventory.key": "c/vm-1", "cloud.instance.id": "vm-1", "@timestamp": now}
    removed, present = ({**item, "yaodun.inventory.change": change} for change in ("removed", "present"))
    assert items_of([removed, present]) == []
    [kept] = items_of([present, removed], "VM-1")
    assert (kept.cloud, kept.name) == ("c", "vm-1")
